package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/httpapi"
	"shop/platform/ratelimit"
)

// from sends a request as it arrives from an address.
func from(t *testing.T, h http.Handler, address, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = address
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func limited(t *testing.T, name httpapi.LimitName, requests int, h hooks) *httpapi.API {
	t.Helper()
	o := options()
	o.Limits = map[httpapi.LimitName]ratelimit.Limit{name: {Requests: requests, Window: time.Hour}}
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	return newAPI(t, o, h)
}

const (
	right = `{"name":"right"}`
	wrong = `{"name":"wrong"}`
)

func TestLimit(t *testing.T) {
	t.Parallel()
	h := limited(t, httpapi.LimitRegistration, 2, hooks{}).Public()
	for left := 1; left >= 0; left-- {
		w := from(t, h, "1.1.1.1:1", http.MethodPost, "/user/", right)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, `"registration";q=2;w=3600`, w.Header().Get("RateLimit-Policy"))
		require.Regexp(t, fmt.Sprintf(`^"registration";r=%d;t=(1800|3600)$`, left), w.Header().Get("RateLimit"))
	}
	w := from(t, h, "1.1.1.1:2", http.MethodPost, "/user", right)
	problem(t, w, http.StatusTooManyRequests, "rate_limited")
	require.Equal(t, "1800", w.Header().Get("Retry-After"))
	require.Equal(t, `"registration";r=0;t=3600`, w.Header().Get("RateLimit"))
	require.Equal(t, http.StatusOK, from(t, h, "1.1.1.2:1", http.MethodPost, "/user", right).Code, "another address")
	require.Equal(t, http.StatusCreated, from(t, h, "1.1.1.1:1", http.MethodPost, "/things", right).Code, "another operation")
}

func TestLimit_AllRequests(t *testing.T) {
	t.Parallel()
	api := limited(t, httpapi.LimitRequests, 3, hooks{})
	h := api.Public()
	// What is refused counts like anything else, guessed tokens above all.
	require.Equal(t, http.StatusUnauthorized, from(t, h, "1.1.1.1:1", http.MethodGet, "/run", "", "Authorization", "Bearer guess").Code)
	require.Equal(t, http.StatusNotFound, from(t, h, "1.1.1.1:1", http.MethodGet, "/nothing", "").Code)
	require.Equal(t, http.StatusOK, from(t, h, "1.1.1.1:1", http.MethodGet, "/run", "").Code)
	for _, path := range []string{"/run", "/nothing", "/raw"} {
		problem(t, from(t, h, "1.1.1.1:1", http.MethodGet, path, ""), http.StatusTooManyRequests, "rate_limited")
	}
	require.Equal(t, http.StatusOK, from(t, api.Internal(), "1.1.1.1:1", http.MethodGet, "/run", "", "Authorization", "Bearer admin").Code)
}

func TestLimit_SignInFailures(t *testing.T) {
	t.Parallel()
	h := limited(t, httpapi.LimitSignInFailures, 2, hooks{}).Public()
	signIn := func(body string) int { return from(t, h, "1.1.1.1:1", http.MethodPost, "/session", body).Code }
	for range 10 {
		require.Equal(t, http.StatusOK, signIn(right))
		require.Equal(t, http.StatusUnprocessableEntity, signIn(`{}`))
		require.Equal(t, http.StatusBadRequest, signIn(`{`))
	}
	require.Equal(t, http.StatusUnauthorized, signIn(wrong))
	require.Equal(t, http.StatusOK, signIn(right))
	require.Equal(t, http.StatusUnauthorized, signIn(wrong))
	require.Equal(t, http.StatusTooManyRequests, signIn(right))
	// A session that has ended is no attempt.
	stale := from(t, h, "1.1.1.2:1", http.MethodPost, "/session", right, "Authorization", "Bearer stale")
	require.Equal(t, http.StatusUnauthorized, stale.Code)
	require.Equal(t, http.StatusOK, from(t, h, "1.1.1.2:1", http.MethodPost, "/session", right).Code)
}

// Attempts count before they have failed, or a flood of them would all pass.
func TestLimit_SignInsAtOnce(t *testing.T) {
	t.Parallel()
	const attempts, allowed = 20, 3
	var arrived sync.WaitGroup
	arrived.Add(allowed)
	goOn := make(chan struct{})
	h := limited(t, httpapi.LimitSignInFailures, allowed, hooks{run: func(context.Context) error {
		arrived.Done() // panics when one too many comes through
		<-goOn
		return nil
	}}).Public()
	statuses := make(chan int, attempts)
	for range attempts {
		go func() { statuses <- from(t, h, "1.1.1.1:1", http.MethodPost, "/session", wrong).Code }()
	}
	for range attempts - allowed {
		require.Equal(t, http.StatusTooManyRequests, <-statuses)
	}
	arrived.Wait()
	close(goOn)
	for range allowed {
		require.Equal(t, http.StatusUnauthorized, <-statuses)
	}
}

func TestLimit_Addresses(t *testing.T) {
	t.Parallel()
	type sender struct{ address, forwarded string }
	for name, c := range map[string]struct {
		first, second sender
		same          bool
	}{
		"OtherPort":        {sender{"1.1.1.1:1", ""}, sender{"1.1.1.1:2", ""}, true},
		"OtherAddress":     {sender{"1.1.1.1:1", ""}, sender{"1.1.1.2:1", ""}, false},
		"UntrustedProxy":   {sender{"1.1.1.1:1", "2.2.2.2"}, sender{"1.1.1.1:1", "3.3.3.3"}, true},
		"TrustedProxy":     {sender{"10.1.1.1:1", "2.2.2.2"}, sender{"10.1.1.2:1", "2.2.2.2"}, true},
		"TrustedForOthers": {sender{"10.1.1.1:1", "2.2.2.2"}, sender{"10.1.1.1:1", "3.3.3.3"}, false},
		"MadeUpBefore":     {sender{"10.1.1.1:1", "9.9.9.9, 2.2.2.2"}, sender{"10.1.1.1:1", "8.8.8.8, 2.2.2.2"}, true},
		"ProxyChain":       {sender{"10.1.1.1:1", "2.2.2.2, 10.2.2.2"}, sender{"10.1.1.1:1", "2.2.2.2"}, true},
		"IPv6Network":      {sender{"[2001:db8:1:2::1]:1", ""}, sender{"[2001:db8:1:2:ffff::9]:1", ""}, true},
		"IPv6OtherNetwork": {sender{"[2001:db8:1:2::1]:1", ""}, sender{"[2001:db8:1:3::1]:1", ""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := limited(t, httpapi.LimitRequests, 1, hooks{}).Public()
			send := func(s sender) int {
				var header []string
				if s.forwarded != "" {
					header = []string{"X-Forwarded-For", s.forwarded}
				}
				// Never believed: nobody promised that a proxy replaces it.
				header = append(header, "X-Real-Ip", s.address+s.forwarded)
				return from(t, h, s.address, http.MethodGet, "/run", "", header...).Code
			}
			require.Equal(t, http.StatusOK, send(c.first))
			want := http.StatusOK
			if c.same {
				want = http.StatusTooManyRequests
			}
			require.Equal(t, want, send(c.second))
		})
	}
}

// Each line of the header counts: some proxies add one of their own.
func TestLimit_ForwardedInSeveralLines(t *testing.T) {
	t.Parallel()
	h := limited(t, httpapi.LimitRequests, 1, hooks{}).Public()
	for i, madeUp := range []string{"8.8.8.8", "9.9.9.9"} {
		w := from(t, h, "10.1.1.1:1", http.MethodGet, "/run", "", "X-Forwarded-For", madeUp, "X-Forwarded-For", "2.2.2.2")
		require.Equal(t, []int{http.StatusOK, http.StatusTooManyRequests}[i], w.Code)
	}
}

func TestNew_BadLimit(t *testing.T) {
	t.Parallel()
	_, err := httpapi.New(httpapi.Options{Limits: map[httpapi.LimitName]ratelimit.Limit{httpapi.LimitRequests: {Window: time.Hour}}})
	require.ErrorContains(t, err, "limit requests: ")
}
