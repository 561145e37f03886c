package remote_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/remote"
)

// What the module refuses is the same error here as there.
func TestProblem(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]fault.Kind{
		400: fault.Malformed, 401: fault.Unauthenticated, 402: fault.Declined, 403: fault.Forbidden, 404: fault.NotFound,
		409: fault.Conflict, 412: fault.Precondition, 413: fault.TooLarge, 415: fault.Unsupported, 422: fault.Invalid,
		429: fault.Limited, 500: fault.Internal, 503: fault.Unavailable, 504: fault.Timeout,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			f := newFar(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/problem+json")
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, `{"status":1,"title":"T","code":"some_code","detail":"why","request_id":"r","new":1,
					"errors":[{"field":"body.name","message":"is taken"},{"field":"body.price","message":"is odd"}]}`)
			})
			err := do(t, newClient(t, remote.Options{}, f.address), writeCall)
			require.ErrorIs(t, err, fault.New(0, "some_code", ""))
			want := fault.New(kind, "some_code", "why").WithField("body.name", "is taken").WithField("body.price", "is odd").
				WithRetryAfter(7 * time.Second)
			require.Empty(t, cmp.Diff(want, fault.From(err), cmpopts.IgnoreUnexported(fault.Error{})))
			var failure *contract.Failure
			if status < 503 {
				require.NotErrorAs(t, err, &failure, "a refusal is no failure")
				return
			}
			require.ErrorAs(t, err, &failure)
			require.True(t, failure.Sent)
			require.EqualValues(t, 1, f.arrivals.Load(), "a plain write came again")
		})
	}
}

// What no module answers says that the module cannot be reached.
func TestProblem_NotAModules(t *testing.T) {
	t.Parallel()
	text := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"ServiceToken":    {answerProblem(401, "invalid_service_token"), "does not accept the service token"},
		"Misdirected":     {answerProblem(421, "misdirected"), "misdirected"},
		"NoRoute":         {answerProblem(404, "no_such_route"), "no_such_route"},
		"NoMethod":        {answerProblem(405, "method_not_allowed"), "method_not_allowed"},
		"BadGateway":      {text(502, "text/html", "<h1>Bad Gateway</h1>"), "status 502"},
		"ProxysOwn":       {text(503, "text/plain", "no healthy upstream"), "status 503"},
		"Redirect":        {text(302, "text/html", ""), "status 302"},
		"NotFoundPage":    {text(404, "text/html", "<h1>Not Found</h1>"), "status 404"},
		"ProblemNoCode":   {text(404, "application/problem+json", `{"status":404}`), "status 404"},
		"ProblemNoJSON":   {text(404, "application/problem+json", `{"code":`), "status 404"},
		"StrangeStatus":   {answerProblem(418, "teapot"), "status 418"},
		"NoJSON":          {text(200, "text/html", "<h1>Welcome</h1>"), "decode the answer"},
		"OtherJSON":       {text(200, "application/json", `{"id":"1","name":"half","price":"much"}`), "decode the answer"},
		"Nothing":         {text(200, "application/json", ""), "decode the answer"},
		"TooLong":         {text(200, "application/json", `"`+strings.Repeat("x", 2<<10)+`"`), "more than the 1024"},
		"TooLongUnsized":  {flooding, "more than the 1024 bytes"},
		"EndsInTheMiddle": {cutOff, "read the answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t, test.answer)
			call := writeCall
			result := product{}
			call.Result = &result
			err := do(t, newClient(t, remote.Options{MaxResponseBytes: 1 << 10}, f.address), call)
			requireUnavailable(t, err, true)
			require.ErrorContains(t, err, test.says)
			require.ErrorContains(t, err, f.address)
			require.Equal(t, product{}, result, "half of an answer was left")
			require.EqualValues(t, 1, f.arrivals.Load(), "a plain write came again")
		})
	}
}

// flooding answers without an end.
func flooding(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, strings.Repeat("x", 512))
		_ = http.NewResponseController(w).Flush()
	}
}

// cutOff promises more than it answers.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, `{"id":"1",`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Neighbours one release apart understand each other.
func TestResult_UnknownFields(t *testing.T) {
	t.Parallel()
	f := newFar(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"id": "1", "colour": "green"})
	})
	call := readCall
	result := product{}
	call.Result = &result
	require.NoError(t, do(t, newClient(t, remote.Options{}, f.address), call))
	require.Equal(t, product{ID: "1"}, result)
}
