package load_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/cmd/shopbench/internal/load"
)

// server answers in all the ways that the measured ones may and counts its
// connections.
func server(t *testing.T) (addr string, connections *atomic.Int64) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+"|"+r.Header.Get("Idempotency-Key")+"|")
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("GET /chunked", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, strings.Repeat("x", 5000))
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("GET /empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /closing", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "bye")
	})
	connections = new(atomic.Int64)
	s := httptest.NewUnstartedServer(mux)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), connections
}

func TestConn(t *testing.T) {
	t.Parallel()
	addr, connections := server(t)
	conn := load.NewConn(addr)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })

	for range 2 {
		resp, err := conn.Do(t.Context(), load.Request{
			Method: "POST", Path: "/echo", Token: "secret", IdempotencyKey: "once", Body: []byte(`{"a":1}`),
		})
		require.NoError(t, err)
		require.Equal(t, 201, resp.Status)
		require.Equal(t, `Bearer secret|once|{"a":1}`, string(resp.Body))
	}

	resp, err := conn.Do(t.Context(), load.Request{Method: "GET", Path: "/chunked"})
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x", 15000), string(resp.Body))

	resp, err = conn.Do(t.Context(), load.Request{Method: "GET", Path: "/empty"})
	require.NoError(t, err)
	require.Empty(t, resp.Body)

	_, err = conn.Do(t.Context(), load.Request{Method: "GET", Path: "/missing"})
	var status *load.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, 404, status.Status)
	require.EqualValues(t, 1, connections.Load(), "all over one connection")

	for range 2 {
		resp, err = conn.Do(t.Context(), load.Request{Method: "GET", Path: "/closing"})
		require.NoError(t, err)
		require.Equal(t, "bye", string(resp.Body))
	}
	require.EqualValues(t, 2, connections.Load(), "dials again when the server closed")
}

func TestWindowRun(t *testing.T) {
	t.Parallel()
	addr, connections := server(t)
	steps := make([]load.Step, 4)
	for i := range steps {
		conn := load.NewConn(addr)
		t.Cleanup(func() { require.NoError(t, conn.Close()) })
		path := "/empty"
		if i == 0 {
			path = "/missing"
		}
		steps[i] = func(ctx context.Context) error {
			_, err := conn.Do(ctx, load.Request{Method: "GET", Path: path})
			return err
		}
	}
	sample := load.Window{WarmUp: 10 * time.Millisecond, Duration: 100 * time.Millisecond}.Run(t.Context(), steps)
	require.NotEmpty(t, sample.Latencies)
	require.Positive(t, sample.Errors)
	require.ErrorContains(t, sample.FirstError, "GET /missing answered 404")
	require.EqualValues(t, len(steps), connections.Load())
}
