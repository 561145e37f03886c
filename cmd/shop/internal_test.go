package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/httpapi"
	"shop/platform/module"
	"shop/platform/telemetry"
)

// sessions knows one session of each role.
type sessions struct{ users.Service }

func (sessions) Authenticate(_ context.Context, in users.AuthenticateInput) (users.Session, error) {
	switch in.Token {
	case "administrator":
		return users.Session{Role: users.RoleAdministrator}, nil
	case "customer":
		return users.Session{Role: users.RoleCustomer}, nil
	default:
		return users.Session{}, users.ErrSessionEnded
	}
}

func TestInternalListener(t *testing.T) {
	t.Parallel()
	api, err := httpapi.New(httpapi.Options{Name: "shop", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	db, err := database.Open(t.Context(), database.Options{Module: "unknown", DataDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	stopping := &probes{}
	stopping.stopping.Store(true)

	for name, test := range map[string]struct {
		probes            *probes
		path, token, want string
		status            int
	}{
		"Live":               {path: "/livez", status: http.StatusOK, want: `{"status":"ok"}`},
		"Ready":              {path: "/readyz", status: http.StatusOK, want: `{"status":"ok"}`},
		"NotReady":           {path: "/readyz", probes: &probes{modules: []module.Module{{Name: "unknown", DB: db}}}, status: http.StatusServiceUnavailable, want: `"problems":["unknown: `},
		"NotReadyInStop":     {path: "/readyz", probes: stopping, status: http.StatusServiceUnavailable, want: `"problems":["stopping"]`},
		"LiveInStop":         {path: "/livez", probes: stopping, status: http.StatusOK, want: `{"status":"ok"}`},
		"Metrics":            {path: "/metrics", status: http.StatusOK, want: "shop_build_info"},
		"ProfilesAnonymous":  {path: "/debug/pprof/", status: http.StatusUnauthorized, want: "administrator"},
		"ProfilesCustomer":   {path: "/debug/pprof/heap", token: "customer", status: http.StatusUnauthorized, want: "administrator"},
		"ProfilesPrivileged": {path: "/debug/pprof/", token: "administrator", status: http.StatusOK, want: "goroutine"},
		"Anonymous":          {path: "/nowhere", status: http.StatusUnauthorized, want: `"code":`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.probes == nil {
				test.probes = &probes{}
			}
			app := &App{API: api, Users: sessions{}, Metrics: telemetry.NewRegistry(build())}
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, nil)
			if test.token != "" {
				request.Header.Set("Authorization", "Bearer "+test.token)
			}
			recorder := httptest.NewRecorder()
			internalHandler(app, test.probes).ServeHTTP(recorder, request)
			require.Equal(t, test.status, recorder.Code)
			require.Contains(t, recorder.Body.String(), test.want)
		})
	}
}
