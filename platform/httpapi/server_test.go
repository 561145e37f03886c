package httpapi_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"shop/platform/httpapi"
)

func TestHead(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newAPI(t, options(), hooks{}).Public())
	t.Cleanup(server.Close)
	for path, status := range map[string]int{"/things/a": 200, "/things": 200, "/large/": 200, "/nothing": 404, "/raw?anything=x": 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+path, nil)
		require.NoError(t, err)
		w, err := server.Client().Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		require.Equal(t, status, w.StatusCode, path)
		require.Empty(t, body, path)
		require.NotEmpty(t, w.Header.Get("Content-Type"), path)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const shop, other = "https://shop.example", "https://other.example"
	o := options()
	o.CORSOrigins = []string{shop}
	h := newAPI(t, o, hooks{}).Public()
	preflight := func(origin, method string) http.Header {
		w := call(t, h, http.MethodOptions, "/things/a", "", "Origin", origin, "Access-Control-Request-Method", method,
			"Access-Control-Request-Headers", "authorization,content-type,idempotency-key,if-match")
		require.Equal(t, http.StatusNoContent, w.Code)
		return w.Header()
	}
	header := preflight(shop, http.MethodPut)
	require.Equal(t, shop, header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, http.MethodPut, header.Get("Access-Control-Allow-Methods"))
	require.Equal(t, "authorization,content-type,idempotency-key,if-match", header.Get("Access-Control-Allow-Headers"))
	require.NotContains(t, header, "Access-Control-Allow-Credentials")
	require.Equal(t, "600", header.Get("Access-Control-Max-Age"))
	require.Empty(t, preflight(other, http.MethodPut).Get("Access-Control-Allow-Origin"))
	require.Empty(t, preflight(shop, http.MethodTrace).Get("Access-Control-Allow-Origin"))

	header = call(t, h, http.MethodGet, "/things/a", "", "Origin", shop).Header()
	require.Equal(t, shop, header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, header.Values("Vary"), "Origin")
	for _, exposed := range []string{"ETag", "Link", "Location", "Retry-After", "X-Request-Id"} {
		require.Contains(t, strings.ToLower(header.Get("Access-Control-Expose-Headers")), strings.ToLower(exposed))
	}
	// Failures too, or a script could not read them.
	require.Equal(t, shop, call(t, h, http.MethodGet, "/nothing", "", "Origin", shop).Header().Get("Access-Control-Allow-Origin"))
	require.Empty(t, call(t, h, http.MethodGet, "/things/a", "", "Origin", other).Header().Get("Access-Control-Allow-Origin"))
	without := newAPI(t, options(), hooks{}).Public()
	require.Empty(t, call(t, without, http.MethodGet, "/things/a", "", "Origin", shop).Header().Get("Access-Control-Allow-Origin"))
}

func TestGzip(t *testing.T) {
	t.Parallel()
	api := newAPI(t, options(), hooks{})
	w := call(t, api.Public(), http.MethodGet, "/large", "", "Accept-Encoding", "br, zstd, gzip")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Header().Values("Vary"), "Accept-Encoding")
	require.Equal(t, `"9-gzip"`, w.Header().Get("ETag"), "other bytes, another tag")
	reader, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	plain, err := io.ReadAll(reader)
	require.NoError(t, err)
	var body thing
	require.NoError(t, json.Unmarshal(plain, &body))
	require.Len(t, body.Name, 2400)

	for name, w := range map[string]*httptest.ResponseRecorder{
		"small":     call(t, api.Public(), http.MethodGet, "/things/a", "", "Accept-Encoding", "gzip"),
		"not asked": call(t, api.Public(), http.MethodGet, "/large", ""),
		"refused":   call(t, api.Public(), http.MethodGet, "/large", "", "Accept-Encoding", "gzip;q=0"),
		"internal":  call(t, api.Internal(), http.MethodGet, "/large", "", "Accept-Encoding", "gzip", "Authorization", "Bearer admin"),
	} {
		require.Equal(t, http.StatusOK, w.Code, name)
		require.Empty(t, w.Header().Get("Content-Encoding"), name)
		require.NotContains(t, w.Header().Get("ETag"), "gzip", name)
	}
}

// What is encoded already is passed on as it is.
func TestGzip_EncodedAlready(t *testing.T) {
	t.Parallel()
	api := newAPI(t, options(), hooks{})
	api.Raw("/encoded", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, strings.Repeat("x", 4000))
	}))
	w := call(t, api.Public(), http.MethodGet, "/encoded", "", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	require.Equal(t, 4000, w.Body.Len())
}

func TestSlashes(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for path, status := range map[string]int{
		"/things": 200, "/things/": 200, "/things/a": 200, "/things/a/": 200, "/things//": 404, "//things": 404,
		"/things/?limit=1": 200, "/raw/": 200, "/things/a%2F/": 200, "/": 404,
	} {
		w := call(t, h, http.MethodGet, path, "")
		require.Equal(t, status, w.Code, path)
		require.Empty(t, w.Header().Get("Location"), path)
	}
	w := call(t, h, http.MethodGet, "/things/a%2F", "")
	require.Contains(t, w.Body.String(), `"name":"a/"`, "a slash that is part of a parameter stays")
}

func TestSpans(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	o := options()
	o.Tracing = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	o.Propagator = propagation.TraceContext{}
	h := newAPI(t, o, hooks{run: func(context.Context) error { return errors.New("defect") }}).Public()
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	call(t, h, http.MethodGet, "/things/private?token=secret", "", "Traceparent", "00-"+parent+"-00f067aa0ba902b7-01")
	call(t, h, http.MethodGet, "/run", "")
	call(t, h, "NONSENSE", "/no/such/path", "")
	ended := spans.Ended()
	require.Len(t, ended, 3)
	require.Equal(t, "GET /things/{id}", ended[0].Name())
	require.Equal(t, parent, ended[0].SpanContext().TraceID().String())
	require.Equal(t, "GET /run", ended[1].Name())
	require.Equal(t, "Error", ended[1].Status().Code.String())
	require.Equal(t, "none", ended[2].Name())
	for _, a := range ended[0].Attributes() {
		require.NotContains(t, a.Value.String(), "secret", a.Key)
	}
}

// Of a body that is far too large the client still gets to read the answer.
func TestServer_LargeBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpapi.NewServer(newAPI(t, options(), hooks{}).Public(), slog.New(slog.DiscardHandler))
	server.Start()
	t.Cleanup(server.Close)
	for name, body := range map[string]io.Reader{
		"announced": strings.NewReader(padded(10 << 20)), "chunked": io.MultiReader(strings.NewReader(padded(10 << 20))),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/things/", body)
		require.NoError(t, err)
		w, err := server.Client().Do(r)
		require.NoError(t, err, name)
		require.NoError(t, w.Body.Close())
		require.Equal(t, http.StatusRequestEntityTooLarge, w.StatusCode, name)
	}
}

// pipe is a listener for connections in memory, so that time can be made up.
type pipe struct{ connections chan net.Conn }

func (p pipe) Accept() (net.Conn, error) {
	connection, open := <-p.connections
	if !open {
		return nil, net.ErrClosed
	}
	return connection, nil
}
func (p pipe) Close() error { close(p.connections); return nil }
func (pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// exchange sends the text of a request to a server of api and returns the
// answer, if any, and how long it took. It runs in a synctest bubble.
func exchange(t *testing.T, api *httpapi.API, request string) (*http.Response, time.Duration) {
	t.Helper()
	p := pipe{make(chan net.Conn)}
	server := httpapi.NewServer(api.Public(), slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(p) }()
	client, far := net.Pipe()
	p.connections <- far
	start := time.Now()
	go func() { _, _ = io.WriteString(client, request) }()
	w, err := http.ReadResponse(bufio.NewReader(client), nil)
	took := time.Since(start)
	if err != nil {
		w = nil
	} else {
		_, _ = io.Copy(io.Discard, w.Body)
		require.NoError(t, w.Body.Close())
	}
	require.NoError(t, client.Close())
	require.NoError(t, server.Shutdown(t.Context()))
	return w, took
}

func TestServer_Time(t *testing.T) {
	t.Parallel()
	waits := func(d time.Duration) hooks {
		return hooks{run: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		}}
	}
	const get = "GET /run HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
	for name, c := range map[string]struct {
		hooks   hooks
		request string
		status  int // 0: none
		took    time.Duration
	}{
		"HeaderNeverEnds":  {hooks{}, "GET /run HTTP/1.1\r\nHost: ", 0, 5 * time.Second},
		"BodyNeverEnds":    {hooks{}, "POST /things HTTP/1.1\r\nHost: shop\r\nContent-Length: 20\r\n\r\n{", 408, 15 * time.Second},
		"ChunksNeverEnd":   {hooks{}, "POST /things HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", 408, 15 * time.Second},
		"LongOperation":    {waits(29 * time.Second), get, 200, 29 * time.Second},
		"EndlessOperation": {waits(time.Hour), get, 504, 30 * time.Second},
		"LongWithBody": {
			waits(29 * time.Second), "POST /session HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 16\r\n\r\n" + `{"name":"right"}`,
			200, 29 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, took := exchange(t, newAPI(t, options(), c.hooks), c.request)
				if c.status == 0 {
					require.True(t, w == nil || w.StatusCode == http.StatusRequestTimeout)
				} else {
					require.NotNil(t, w)
					require.Equal(t, c.status, w.StatusCode)
				}
				require.Equal(t, c.took, took)
			})
		})
	}
}

// Stopping waits for what is under way.
func TestServer_Stops(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	api := newAPI(t, options(), hooks{run: func(context.Context) error {
		close(began)
		<-goOn
		return nil
	}})
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpapi.NewServer(api.Public(), slog.New(slog.DiscardHandler))
	server.Start()
	t.Cleanup(server.Close)
	answered := make(chan int, 1)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/run", nil)
	require.NoError(t, err)
	go func() {
		w, err := server.Client().Do(r)
		if err != nil {
			answered <- 0
			return
		}
		answered <- w.StatusCode
		_ = w.Body.Close()
	}()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- server.Config.Shutdown(t.Context()) }()
	select {
	case err := <-stopped:
		require.Fail(t, "did not wait", "%v", err)
	default:
	}
	close(goOn)
	require.Equal(t, http.StatusOK, <-answered)
	require.NoError(t, <-stopped)
}
