package placement_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/httpapi"
	"shop/platform/identity"
	"shop/platform/placement"
	"shop/platform/remote"
)

// handlers serves a rig's operations on both listeners.
func handlers(t *testing.T, r *rig) (public, internal http.Handler) {
	t.Helper()
	api, err := httpapi.New(httpapi.Options{
		Name: "Shop", Logger: slog.New(slog.DiscardHandler),
		AuthenticateService: func(token, module string) (identity.Actor, error) {
			if token != "a.token.for-"+module {
				return identity.Actor{}, errors.New("not for " + module)
			}
			return identity.Actor{Service: "shop"}, nil
		},
	})
	require.NoError(t, err)
	placement.Register(api, r.Controller)
	return api.Public(), api.Internal()
}

// ask sends a request with the shop's own token and returns status and body.
func ask(t *testing.T, h http.Handler, method, path, token, body string) (int, string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

func TestREST(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	public, internal := handlers(t, r)
	const token = "a.token.for-shop"

	status, body := ask(t, internal, http.MethodPatch, "/internal/modules/catalog", token,
		`{"remote": 25, "shadow": 5, "fallback": "reads", "abort_on": "errors>1%, mismatch>0"}`)
	require.Equal(t, http.StatusOK, status, body)
	var state map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &state))
	require.Subset(t, state, map[string]any{
		"module": "catalog", "hosted": true, "remote": 25.0, "shadow": 5.0, "fallback": "reads",
		"stored_in": "memory", "guards": "errors>1%,mismatch>0", "contract": 2.0, "build": "v1",
		"database": map[string]any{"id": ours, "epoch": 1.0},
	})

	status, body = ask(t, internal, http.MethodPatch, "/internal/modules/catalog", token, `{"ramp": [1, 5, 100], "every": "1m"}`)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"ramp":{"steps":[1,5,100],"step":1,"every":"1m0s","next_at":"20`)

	status, body = ask(t, internal, http.MethodGet, "/internal/modules", token, "")
	require.Equal(t, http.StatusOK, status, body)
	var list placement.ModuleStates
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	require.Equal(t, []placement.ModuleState{r.state(t)}, list.Items)
	status, body = ask(t, internal, http.MethodGet, "/internal/modules/catalog", token, "")
	require.Equal(t, http.StatusOK, status, body)

	status, _ = ask(t, public, http.MethodGet, "/internal/modules", token, "")
	require.Contains(t, []int{http.StatusNotFound, http.StatusUnauthorized}, status, "not on the public listener")
	status, _ = ask(t, internal, http.MethodGet, "/internal/modules", "", "")
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = ask(t, internal, http.MethodGet, "/internal/modules", "a.token.for-catalog", "")
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestREST_Refused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		module, body string
		status       int
		want         string
	}{
		"NotKnown":   {"elephants", `{"remote": 1}`, http.StatusNotFound, `"code":"module_not_known"`},
		"Database":   {"catalog", `{"remote": 25}`, http.StatusConflict, `"code":"different_database"`},
		"TooHigh":    {"catalog", `{"remote": 101}`, http.StatusUnprocessableEntity, `"field":"body.remote"`},
		"Fallback":   {"catalog", `{"fallback": "writes"}`, http.StatusUnprocessableEntity, `"field":"body.fallback"`},
		"Guards":     {"catalog", `{"remote": 1, "abort_on": "errors>1"}`, http.StatusUnprocessableEntity, `"field":"body.abort_on","message":"errors takes a share`},
		"Every":      {"catalog", `{"ramp": [1], "every": "soon"}`, http.StatusUnprocessableEntity, `"field":"body.every"`},
		"Ramp":       {"catalog", `{"ramp": [5, 1]}`, http.StatusUnprocessableEntity, `"field":"body.ramp"`},
		"Nothing":    {"catalog", `{}`, http.StatusUnprocessableEntity, `name at least one of`},
		"Unreadable": {"catalog", `{"remote": `, http.StatusBadRequest, `"code":`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, internal := handlers(t, newRig(t, options{says: []remote.Greeting{answering("http://a", theirs)}}))
			status, body := ask(t, internal, http.MethodPatch, "/internal/modules/"+test.module, "a.token.for-shop", test.body)
			require.Equal(t, test.status, status, body)
			require.Contains(t, body, test.want)
		})
	}
}
