package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/identity"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err        error
		status     int
		code       string
		retryAfter string
		logs       bool
	}{
		"Fault":         {fmt.Errorf("in the module: %w", errTaken), 409, "taken", "", false},
		"Unknown":       {errors.New("pq: secret detail"), 500, "internal", "", true},
		"Database":      {fmt.Errorf("read: %w", database.ErrUnavailable), 503, "database_unavailable", "1", true},
		"Unavailable":   {fault.New(fault.Unavailable, "gone", "it is gone"), 503, "gone", "1", true},
		"RetryAfter":    {fault.New(fault.Unavailable, "gone", "it is gone").WithRetryAfter(1500 * time.Millisecond), 503, "gone", "2", true},
		"Declined":      {fault.New(fault.Declined, "declined", "no").WithRetryAfter(time.Minute), 402, "declined", "60", false},
		"Misdirected":   {fault.New(fault.Misdirected, "not_here", "no"), 421, "not_here", "", false},
		"UnknownKind":   {fault.New(fault.Kind(200), "odd", "odd"), 500, "odd", "", true},
		"InTransaction": {fault.From(errors.New("defect")).WithCause(errors.New("secret detail")), 500, "internal", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, log := logged()
			w := call(t, newAPI(t, o, hooks{run: func(context.Context) error { return c.err }}).Public(), http.MethodGet, "/run", "")
			problem(t, w, c.status, c.code)
			require.Equal(t, c.retryAfter, w.Header().Get("Retry-After"))
			require.NotContains(t, w.Body.String(), "secret detail")
			require.Equal(t, c.logs, strings.Contains(log.String(), `"level":"ERROR"`), log)
			if c.logs {
				require.Contains(t, log.String(), `"error":`)
			}
		})
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	o, log := logged()
	h := newAPI(t, o, hooks{run: func(context.Context) error { panic("secret detail") }}).Public()
	w := call(t, h, http.MethodGet, "/run", "")
	p := problem(t, w, http.StatusInternalServerError, "internal")
	require.NotContains(t, w.Body.String(), "secret")
	require.Contains(t, log.String(), p.RequestID)
	require.Contains(t, log.String(), "secret detail")
	require.Contains(t, log.String(), "failure_test.go", "the stack")
	require.Equal(t, http.StatusOK, call(t, h, http.MethodGet, "/things/a", "").Code)
}

func TestPanic_WhileAuthenticating(t *testing.T) {
	t.Parallel()
	o := options()
	o.AuthenticateSession = func(context.Context, string) (identity.Actor, error) { panic("no") }
	w := call(t, newAPI(t, o, hooks{}).Public(), http.MethodGet, "/run", "", "Authorization", "Bearer x")
	problem(t, w, http.StatusInternalServerError, "internal")
}

// An answer that breaks off must not look like a whole one.
func TestPanic_AfterTheAnswerBegan(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]any{"Defect": "defect", "Abort": http.ErrAbortHandler} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, log := logged()
			h := newAPI(t, o, hooks{run: func(context.Context) error { panic(failure) }}).Public()
			require.PanicsWithValue(t, http.ErrAbortHandler, func() { call(t, h, http.MethodGet, "/raw?anything=half", "") })
			require.Contains(t, log.String(), `"route":"/raw"`)
			require.Equal(t, name == "Defect", strings.Contains(log.String(), "panic: defect"))
		})
	}
}

func TestAnswerThatHasNoJSON(t *testing.T) {
	t.Parallel()
	o, log := logged()
	problem(t, call(t, newAPI(t, o, hooks{}).Public(), http.MethodGet, "/unspeakable", ""), http.StatusInternalServerError, "internal")
	require.Contains(t, log.String(), "unsupported type")
}

func TestClientGone(t *testing.T) {
	t.Parallel()
	o, log := logged()
	ctx, cancel := context.WithCancel(t.Context())
	h := newAPI(t, o, hooks{run: func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return fmt.Errorf("read: %w", ctx.Err())
	}}).Public()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/run", nil))
	problem(t, w, 499, "client_closed_request")
	require.Contains(t, log.String(), `"level":"INFO"`)
	require.NotContains(t, log.String(), "error")
}
