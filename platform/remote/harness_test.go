package remote_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/remote"
)

// token stands for a service token, with about its length.
const token = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJlZGdlIiwic3ViIjoiMDE5OGMwZGUtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiYXVkIjpbImNhdGFsb2ciXSwiZXhwIjoxNzAwMDAwMDAwLCJpYXQiOjE3MDAwMDAwMDB9.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2ln"

// The methods of the module that the tests call.
var (
	read       = contract.Method{Module: "catalog", Name: "Product", Class: contract.Read}
	write      = contract.Method{Module: "catalog", Name: "UpdateProduct", Class: contract.Write}
	idempotent = contract.Method{Module: "catalog", Name: "CreateProduct", Class: contract.IdempotentWrite}
)

// Calls of these methods.
var (
	readCall       = remote.Call{Does: read, Method: http.MethodGet, Path: "/product/1"}
	writeCall      = remote.Call{Does: write, Method: http.MethodPut, Path: "/product/1", Body: product{Name: "Chair"}}
	idempotentCall = remote.Call{Does: idempotent, Method: http.MethodPost, Path: "/product/", Body: product{Name: "Chair"}, TakesKey: true}
)

// hello is what a process that hosts a module says of itself.
func hello(module string) remote.Hello {
	h := remote.Hello{Module: module, Contract: 1, OldestContract: 1, Build: "test"}
	h.Database.ID, h.Database.Epoch = "0123456789abcdef0123456789abcdef", 1
	return h
}

// far is a process that hosts the module, as far as a client can tell.
type far struct {
	server *httptest.Server
	// address is what a client is told; the process can come back there.
	address string
	// hello and answer are what it answers greetings and calls with.
	hello, answer atomic.Pointer[http.HandlerFunc]
	greetings     atomic.Int64
	// arrivals counts calls; requests are their headers.
	arrivals atomic.Int64
	mu       sync.Mutex
	requests []http.Header
}

// newFar starts a process that answers calls with answer; nil: with a product.
func newFar(t testing.TB, answer http.HandlerFunc) *far {
	t.Helper()
	f := &far{}
	f.says(hello("catalog"))
	f.answers(answer)
	f.server = httptest.NewServer(f)
	f.address = f.server.URL
	t.Cleanup(func() { f.server.Close() })
	return f
}

// newFarAtSocket starts one that answers at a unix socket.
func newFarAtSocket(t testing.TB, answer http.HandlerFunc) *far {
	t.Helper()
	// The path of a socket may have about 100 characters, which t.TempDir() of a
	// test with a long name exceeds.
	dir, err := os.MkdirTemp("", "shop") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	f := &far{address: "unix://" + filepath.Join(dir, "s")}
	f.says(hello("catalog"))
	f.answers(answer)
	f.start(t)
	t.Cleanup(func() { f.server.Close() })
	return f
}

// start makes the process answer at its socket.
func (f *far) start(t testing.TB) {
	t.Helper()
	f.server = httptest.NewUnstartedServer(f)
	require.NoError(t, f.server.Listener.Close())
	var listen net.ListenConfig
	socket, err := listen.Listen(t.Context(), "unix", strings.TrimPrefix(f.address, "unix://"))
	require.NoError(t, err)
	f.server.Listener = socket
	f.server.Start()
}

// kill ends the process with its connections.
func (f *far) kill() {
	f.server.CloseClientConnections()
	f.server.Close()
}

func (f *far) says(h remote.Hello) {
	var handler http.HandlerFunc = func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, h) }
	f.hello.Store(&handler)
}

func (f *far) answers(answer http.HandlerFunc) {
	if answer == nil {
		answer = func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, product{ID: "1", Name: "Chair", Price: 1999})
		}
	}
	f.answer.Store(&answer)
}

// ServeHTTP implements http.Handler.
func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/internal/catalog/hello" {
		f.greetings.Add(1)
		(*f.hello.Load())(w, r)
		return
	}
	f.mu.Lock()
	f.requests = append(f.requests, r.Header.Clone())
	f.mu.Unlock()
	f.arrivals.Add(1)
	(*f.answer.Load())(w, r)
}

// headers are those of all calls that have arrived.
func (f *far) headers() []http.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// newClient makes a client of the catalog at the addresses.
func newClient(t testing.TB, o remote.Options, addresses ...string) *remote.Client {
	t.Helper()
	o.Module, o.Targets = "catalog", addresses
	if o.Contract == 0 {
		o.Contract, o.OldestContract = 1, 1
	}
	if o.Mint == nil {
		o.Mint = func(context.Context, string) (string, error) { return token, nil }
	}
	client, err := remote.New(o)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func do(t testing.TB, c *remote.Client, call remote.Call) error {
	t.Helper()
	_, err := c.Do(t.Context(), call)
	return err
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// answerProblem answers as a module does.
func answerProblem(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "code": code, "detail": "why"})
	}
}

// reset ends the connection instead of an answer.
func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// hang does not answer before the caller has gone.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that the caller has gone
	<-r.Context().Done()
}

// requireUnavailable requires the error of a module that cannot be reached.
func requireUnavailable(t testing.TB, err error, sent bool) {
	t.Helper()
	f := fault.From(err)
	require.Equal(t, fault.Unavailable, f.Kind, "%v", err)
	require.Equal(t, "catalog_unavailable", f.Code)
	require.Equal(t, "the catalog module cannot be reached at the moment", f.Message)
	require.Equal(t, 2*time.Second, f.RetryAfter)
	var failure *contract.Failure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, sent, failure.Sent, "%v", err)
}

// patience is how long a test waits for what has to come about.
const patience = 10 * time.Second

// eventually waits for a condition.
func eventually(t testing.TB, condition func() bool, about string) {
	t.Helper()
	require.Eventually(t, condition, patience, 5*time.Millisecond, about)
}
