package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"shop/platform/httpapi"
	"shop/platform/request"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	var seen string
	h := newAPI(t, options(), hooks{run: func(ctx context.Context) error { seen = request.ID(ctx); return nil }}).Public()
	for name, c := range map[string]struct {
		sent string
		kept bool
	}{
		"Kept":      {"0123abcd-EF.gh_9", true},
		"Short":     {"1234567", false},
		"Long":      {strings.Repeat("a", 65), false},
		"Log":       {"12345678\"} forged", false},
		"Umlaut":    {"12345678ü", false},
		"Missing":   {"", false},
		"Longest":   {strings.Repeat("a", 64), true},
		"Separated": {"12345678,87654321", false},
	} {
		w := call(t, h, http.MethodGet, "/run", "", request.Header, c.sent)
		got := w.Header().Get(request.Header)
		require.Equal(t, got, seen, name)
		if c.kept {
			require.Equal(t, c.sent, got, name)
		} else {
			require.Regexp(t, "^[0-9a-f]{24}$", got, name)
		}
	}
	first, second := call(t, h, http.MethodGet, "/run", ""), call(t, h, http.MethodGet, "/run", "")
	require.NotEqual(t, first.Header().Get(request.Header), second.Header().Get(request.Header))
}

func TestAccess(t *testing.T) {
	t.Parallel()
	api := newAPI(t, options(), hooks{})
	const body = `{"name":"a"}`
	for name, c := range map[string]struct {
		internal                  bool
		method, path, body, token string
		status                    int
		code                      string
	}{
		"Public/Anonymous":               {false, "GET", "/things/a", "", "", 200, ""},
		"Public/Customer":                {false, "GET", "/things/a", "", "customer", 200, ""},
		"Public/BadToken":                {false, "GET", "/things/a", "", "nonsense", 401, "invalid_token"},
		"Public/NoDatabase":              {false, "GET", "/things/a", "", "no-database", 503, "database_unavailable"},
		"Public/ServiceToken":            {false, "GET", "/things/a", "", "service.for.itself", 401, "invalid_token"},
		"SignedIn/Anonymous":             {false, "PUT", "/things/a", body, "", 401, "unauthenticated"},
		"SignedIn/Customer":              {false, "PUT", "/things/a", body, "customer", 200, ""},
		"Administrator/Anonymous":        {false, "DELETE", "/things/a", "", "", 401, "unauthenticated"},
		"Administrator/Customer":         {false, "DELETE", "/things/a", "", "customer", 403, "forbidden"},
		"Administrator/Administrator":    {false, "DELETE", "/things/a", "", "admin", 204, ""},
		"Internal/OnPublic":              {false, "POST", "/internal/shop/secret", body, "admin", 404, "no_such_route"},
		"Internal/OnPublicOtherMethod":   {false, "PATCH", "/internal/shop/secret", body, "admin", 404, "no_such_route"},
		"Internal/OnPublicSharedPath":    {false, "GET", "/log", "", "admin", 404, "no_such_route"},
		"Internal/OnPublicSharedPathPut": {false, "PUT", "/log", "", "admin", 405, "method_not_allowed"},
		"Listener/Anonymous":             {true, "GET", "/things/a", "", "", 401, "unauthenticated"},
		"Listener/Customer":              {true, "GET", "/things/a", "", "customer", 403, "forbidden"},
		"Listener/Administrator":         {true, "GET", "/log", "", "admin", 200, ""},
		"Listener/Service":               {true, "GET", "/log", "", "service.for.itself", 200, ""},
		"Listener/ForCustomer":           {true, "PUT", "/things/a", body, "service.for.customer", 200, ""},
		"Listener/ForNobody":             {true, "GET", "/things/a", "", "service.for.nobody", 200, ""},
		"Listener/ForNobodySignedIn":     {true, "PUT", "/things/a", body, "service.for.nobody", 401, "unauthenticated"},
		"Listener/ForCustomerAdmin":      {true, "DELETE", "/things/a", "", "service.for.customer", 403, "forbidden"},
		"Listener/ServiceAdmin":          {true, "DELETE", "/things/a", "", "service.for.itself", 204, ""},
		"Listener/Forged":                {true, "GET", "/things/a", "", "a.b.c", 401, "invalid_service_token"},
		"Listener/NoRoute":               {true, "GET", "/nothing", "", "service.for.itself", 404, "no_such_route"},
		"Listener/NoMethod":              {true, "PUT", "/log", "", "admin", 405, "method_not_allowed"},
		"Listener/NoRouteAnonymous":      {true, "GET", "/nothing", "", "", 401, "unauthenticated"},
		"Listener/NoRouteCustomer":       {true, "GET", "/nothing", "", "customer", 403, "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := api.Public()
			if c.internal {
				h = api.Internal()
			}
			var header []string
			if c.token != "" {
				header = []string{"Authorization", "Bearer " + c.token}
			}
			w := call(t, h, c.method, c.path, c.body, header...)
			if c.code == "" {
				require.Equal(t, c.status, w.Code, w.Body)
				return
			}
			problem(t, w, c.status, c.code)
			if c.status == http.StatusUnauthorized {
				challenge := `Bearer realm="shop"`
				if c.code != "unauthenticated" {
					challenge += `, error="invalid_token"`
				}
				require.Equal(t, challenge, w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for value, status := range map[string]int{
		"Bearer customer":  200,
		"bearer customer":  200,
		"BEARER  customer": 200,
		"Bearer":           401,
		"Bearer ":          401,
		"Basic YTpi":       401,
		"customer":         401,
	} {
		require.Equal(t, status, call(t, h, http.MethodGet, "/run", "", "Authorization", value).Code, value)
	}
}

func TestMissingRoutes(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for _, path := range []string{"/nothing", "/things/a/b", "//things", "/things//", "/%2e%2e/etc", "/things/a//"} {
		w := call(t, h, http.MethodGet, path, "")
		problem(t, w, http.StatusNotFound, "no_such_route")
		require.Empty(t, w.Header().Get("Allow"))
	}
	w := call(t, h, http.MethodPost, "/things/a", "\xff")
	problem(t, w, http.StatusMethodNotAllowed, "method_not_allowed")
	allow := strings.Split(w.Header().Get("Allow"), ", ")
	require.ElementsMatch(t, []string{"GET", "HEAD", "PUT", "DELETE"}, allow)
	problem(t, call(t, h, http.MethodOptions, "/things", ""), http.StatusMethodNotAllowed, "method_not_allowed")
	problem(t, call(t, h, http.MethodPost, "/nothing", "{"), http.StatusNotFound, "no_such_route")
}

func TestCallersDeadline(t *testing.T) {
	t.Parallel()
	var left time.Duration
	api := newAPI(t, options(), hooks{run: func(ctx context.Context) error {
		deadline, ok := ctx.Deadline()
		if !ok {
			return errors.New("no deadline")
		}
		left = time.Until(deadline)
		return nil
	}})
	const most = 30 * time.Second
	for name, c := range map[string]struct {
		internal       bool
		token, sent    string
		atLeast, below time.Duration
	}{
		"Shortens":          {true, "service.for.itself", "9000", 1, 9 * time.Second},
		"ForCustomer":       {true, "service.for.customer", "9000", 1, 9 * time.Second},
		"NeverLengthens":    {true, "service.for.itself", "99999999", 9 * time.Second, most},
		"Enormous":          {true, "service.for.itself", "99999999999999999999", 9 * time.Second, most},
		"Nonsense":          {true, "service.for.itself", "-1s", 9 * time.Second, most},
		"None":              {true, "service.for.itself", "", 9 * time.Second, most},
		"AdministratorsOwn": {true, "admin", "9000", 9 * time.Second, most},
		"PublicListener":    {false, "customer", "9000", 9 * time.Second, most},
	} {
		h := api.Public()
		if c.internal {
			h = api.Internal()
		}
		w := call(t, h, http.MethodGet, "/run", "", "Authorization", "Bearer "+c.token, request.DeadlineHeader, c.sent)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.GreaterOrEqual(t, left, c.atLeast, name)
		require.LessOrEqual(t, left, c.below, name)
	}
}

func TestCallersDeadline_Passes(t *testing.T) {
	t.Parallel()
	api := newAPI(t, options(), hooks{run: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	for _, sent := range []string{"1", "0"} {
		w := call(t, api.Internal(), http.MethodGet, "/run", "", "Authorization", "Bearer service.for.itself", request.DeadlineHeader, sent)
		problem(t, w, http.StatusGatewayTimeout, "timeout")
	}
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	o, log := logged()
	h := newAPI(t, o, hooks{}).Public()
	call(t, h, http.MethodPut, "/things/private?token=hidden", `{"name":"private","secret":"hidden-password"}`,
		"Authorization", "Bearer customer", "Cookie", "hidden")
	var line map[string]any
	require.NoError(t, json.Unmarshal(log.Bytes(), &line), log)
	require.Equal(t, "request", line["msg"])
	require.Equal(t, "PUT", line["method"])
	require.Equal(t, "/things/{id}", line["route"])
	require.Equal(t, customer.String(), line["actor"])
	require.InDelta(t, http.StatusUnprocessableEntity, line["status"], 0)
	require.Positive(t, line["duration"])
	require.Positive(t, line["bytes"])
	require.NotEmpty(t, line["request_id"])
	for _, secret := range []string{"hidden", "private", "Bearer"} {
		require.NotContains(t, log.String(), secret)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	o := options()
	registry := prometheus.NewRegistry()
	o.Metrics = registry
	h := newAPI(t, o, hooks{}).Public()
	for i := range 100 {
		call(t, h, http.MethodGet, fmt.Sprintf("/unknown/%d", i), "")
		call(t, h, fmt.Sprintf("M%d", i), fmt.Sprintf("/things/%d", i), "")
		call(t, h, http.MethodGet, fmt.Sprintf("/things/%d", i), "")
	}
	// none with 404 and 405, and one route: whatever clients make up.
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 1)
	require.Equal(t, "shop_http_request_duration_seconds", families[0].GetName())
	require.Len(t, families[0].GetMetric(), 3)
	_, err = httpapi.New(o)
	require.ErrorContains(t, err, "register the metrics")
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for path, cache := range map[string]string{"/things/a": "no-cache", "/nothing": "no-store", "/raw": "max-age=60"} {
		header := call(t, h, http.MethodGet, path, "").Header()
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
		require.Equal(t, "default-src 'none'; frame-ancestors 'none'", header.Get("Content-Security-Policy"))
		require.Equal(t, "max-age=31536000", header.Get("Strict-Transport-Security"))
		require.Equal(t, cache, header.Get("Cache-Control"), path)
	}
	w := call(t, h, http.MethodPut, "/things/a", `{"name":"a"}`, "Authorization", "Bearer customer")
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	internal := newAPI(t, options(), hooks{}).Internal()
	w = call(t, internal, http.MethodGet, "/things/a", "", "Authorization", "Bearer admin")
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	w = call(t, internal, http.MethodGet, "/things/a", "", "Authorization", "Bearer service.for.itself")
	require.Empty(t, w.Header().Get("X-Content-Type-Options"), "a service is no browser")
	require.Empty(t, w.Header().Get("X-Request-Id"), "a service knows it")
}

// Requests that come by themselves fill the log only of who wants to debug.
func TestLogLine_Routine(t *testing.T) {
	t.Parallel()
	o, log := logged()
	api, err := httpapi.New(o)
	require.NoError(t, err)
	httpapi.Handle(api, httpapi.Operation{
		ID: "greet", Method: http.MethodGet, Path: "/hello", Module: "shop", Routine: true,
	}, func(context.Context, *struct{}) (*textOutput, error) { return text("hello"), nil })
	require.Equal(t, http.StatusOK, call(t, api.Public(), http.MethodGet, "/hello", "").Code)
	require.Empty(t, log.String())
	require.Equal(t, http.StatusUnprocessableEntity, call(t, api.Public(), http.MethodGet, "/hello?a=1", "").Code)
	require.Empty(t, log.String(), "the caller's mistakes are no failures of ours")
}
