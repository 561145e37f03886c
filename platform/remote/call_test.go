package remote_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/remote"
	"shop/platform/request"
)

func TestDo(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, http.HandlerFunc) *far{"TCP": newFar, "UnixSocket": newFarAtSocket} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var uri, method, body string
			f := start(t, func(w http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				uri, method, body = r.RequestURI, r.Method, string(text)
				w.Header().Set("ETag", `"7"`)
				answerJSON(w, product{ID: "1", Name: "Chair"})
			})
			var result product
			header, err := newClient(t, remote.Options{}, f.address).Do(t.Context(), remote.Call{
				Does: write, Method: http.MethodPost, Path: "/product/a%2Fb", Query: url.Values{"q": {"a b"}},
				Header: http.Header{"If-Match": {`"6"`}}, Body: product{Name: "Stool"}, Result: &result,
			})
			require.NoError(t, err)
			require.Equal(t, `"7"`, header.Get("ETag"))
			require.Equal(t, product{ID: "1", Name: "Chair"}, result)
			require.Equal(t, "POST /product/a%2Fb?q=a+b", method+" "+uri)
			require.JSONEq(t, `{"id":"","name":"Stool","description":"","price":0,"labels":null}`, body)
			require.Equal(t, `"6"`, f.headers()[0].Get("If-Match"))
		})
	}
}

// What the far side needs to know travels, and nothing else.
func TestDo_Headers(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	client := newClient(t, remote.Options{
		Mint:       func(_ context.Context, audience string) (string, error) { return "for." + audience + ".signed", nil },
		Propagator: propagation.TraceContext{},
	}, f.address)
	ctx := trace.ContextWithSpanContext(request.WithID(t.Context(), "request-1"), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
	}))
	_, err := client.Do(ctx, idempotentCall)
	require.NoError(t, err)

	got := f.headers()[0]
	require.NotEmpty(t, got.Get("Idempotency-Key"))
	require.NotEmpty(t, got.Get("Shop-Deadline-Ms"))
	for _, varies := range []string{"Idempotency-Key", "Shop-Deadline-Ms", "Content-Length"} {
		got.Del(varies)
	}
	require.Empty(t, cmp.Diff(http.Header{
		"Authorization": {"Bearer for.catalog.signed"},
		"Content-Type":  {"application/json"},
		"Traceparent":   {"00-01000000000000000000000000000000-0200000000000000-01"},
		"X-Request-Id":  {"request-1"},
	}, got))
}

// The far side gets less time than the caller has, and the client's own limit
// where the caller has none.
func TestDo_DeadlinesShrink(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	client := newClient(t, remote.Options{Timeout: time.Minute}, f.address)
	given := func(ctx context.Context) time.Duration {
		_, err := client.Do(ctx, readCall)
		require.NoError(t, err)
		requests := f.headers()
		milliseconds, err := strconv.Atoi(requests[len(requests)-1].Get(request.DeadlineHeader))
		require.NoError(t, err)
		return time.Duration(milliseconds) * time.Millisecond
	}
	callers, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	deadline, _ := callers.Deadline()
	hop := given(callers)
	require.Less(t, hop, time.Until(deadline))
	require.Greater(t, hop, 20*time.Second)

	own := given(t.Context())
	require.Less(t, own, time.Minute)
	require.Greater(t, own, 40*time.Second)
}

// Who gave up, whose time was over, and which module is away are told apart.
func TestDo_NoAnswer(t *testing.T) {
	t.Parallel()
	f := newFar(t, hang)
	t.Run("Limit", func(t *testing.T) {
		t.Parallel()
		requireUnavailable(t, do(t, newClient(t, remote.Options{Timeout: 50 * time.Millisecond}, f.address), writeCall), true)
	})
	t.Run("Deadline", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := newClient(t, remote.Options{}, f.address).Do(ctx, writeCall)
		require.Equal(t, fault.Timeout, fault.KindOf(err), "%v", err)
		require.Equal(t, "catalog_timeout", fault.From(err).Code)
		var failure *contract.Failure
		require.ErrorAs(t, err, &failure)
		require.True(t, failure.Sent)
	})
	t.Run("FarSideRunsOutOfTime", func(t *testing.T) {
		t.Parallel()
		f := newFar(t, answerProblem(http.StatusGatewayTimeout, "timeout"))
		requireUnavailable(t, do(t, newClient(t, remote.Options{}, f.address), writeCall), true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := newClient(t, remote.Options{}, f.address).Do(ctx, writeCall)
		require.Equal(t, "catalog_timeout", fault.From(err).Code)
	})
	t.Run("Cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		f := newFar(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		_, err := newClient(t, remote.Options{}, f.address).Do(ctx, readCall)
		require.ErrorIs(t, err, context.Canceled)
		require.EqualValues(t, 1, f.arrivals.Load())
	})
}

// More calls than may be under way are refused at once.
func TestDo_Bulkhead(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	f := newFar(t, func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		answerJSON(w, product{})
	})
	client := newClient(t, remote.Options{MaxConcurrent: 2}, f.address)
	results := make(chan error, 2)
	for range 2 {
		go func() { results <- do(t, client, readCall) }()
		<-arrived
	}
	requireUnavailable(t, do(t, client, readCall), false)
	require.EqualValues(t, 2, client.Status()[0].Underway)
	close(release)
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	f.answers(nil)
	require.NoError(t, do(t, client, readCall))
	require.Zero(t, client.Status()[0].Underway)
}

func TestDo_TokenCannotBeMade(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	broken := false
	client := newClient(t, remote.Options{Mint: func(context.Context, string) (string, error) {
		if broken {
			return "", io.ErrUnexpectedEOF
		}
		return token, nil
	}}, f.address)
	require.NoError(t, do(t, client, readCall))
	broken = true
	err := do(t, client, readCall)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, fault.Internal, fault.KindOf(err))
	require.EqualValues(t, 1, f.arrivals.Load())
}

func TestNew(t *testing.T) {
	t.Parallel()
	mint := func(context.Context, string) (string, error) { return token, nil }
	for name, test := range map[string]struct {
		options remote.Options
		says    string
	}{
		"NoModule":   {remote.Options{Mint: mint}, "a module and a mint"},
		"NoMint":     {remote.Options{Module: "catalog"}, "a module and a mint"},
		"NoContract": {remote.Options{Module: "catalog", Mint: mint}, "versions of the contract"},
		"NoTarget":   {remote.Options{Module: "catalog", Mint: mint, Contract: 1, OldestContract: 1}, "catalog has no address"},
		"NotOne":     {address(mint, "catalog:8081"), `"catalog:8081" is no address`},
		"NoHost":     {address(mint, "http://"), "is no address"},
		"WithPath":   {address(mint, "http://catalog:8081/api"), "is no address"},
		"Scheme":     {address(mint, "ftp://catalog:8081"), "use http://host:port"},
		"NoSocket":   {address(mint, "unix://"), "is no address"},
		"Relative":   {address(mint, "unix://run/shop.sock"), "is no address"},
		"TooMany":    {addresses(mint, 65), "catalog has too many addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := remote.New(test.options)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// An address that is there twice counts once, also when it is spelled differently.
func TestNew_Duplicates(t *testing.T) {
	t.Parallel()
	mint := func(context.Context, string) (string, error) { return token, nil }
	options := addresses(mint, 64)
	first := options.Targets[0]
	for _, more := range [][]string{{first, first + "/"}, options.Targets} {
		repeated := options
		repeated.Targets = append(slices.Clone(options.Targets), more...)
		client, err := remote.New(repeated)
		require.NoError(t, err)
		status := client.Status()
		require.Len(t, status, 64)
		for i, s := range status {
			require.Equal(t, options.Targets[i], s.Address)
		}
	}
	options.Targets = []string{"http://catalog", "http://catalog:80", "https://catalog:80", "unix:///catalog", "unix:///catalog"}
	client, err := remote.New(options)
	require.NoError(t, err)
	require.Len(t, client.Status(), 3)
}

// addresses are options with that many targets.
func addresses(mint func(context.Context, string) (string, error), count int) remote.Options {
	o := address(mint, "http://catalog:8081")
	for i := 1; i < count; i++ {
		o.Targets = append(o.Targets, fmt.Sprintf("http://catalog:%d", 8081+i))
	}
	return o
}

func address(mint func(context.Context, string) (string, error), target string) remote.Options {
	return remote.Options{Module: "catalog", Mint: mint, Contract: 1, OldestContract: 1, Targets: []string{target}}
}
