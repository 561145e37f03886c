package moduletest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/remote"
)

var update = flag.Bool("update", false, "write golden files and recordings anew")

// Update reports whether the test was run with -update, to write its golden
// files anew. A package has one flag of that name.
func Update() bool { return *update }

// Script is an implementation that says what a test wants and remembers what it
// was asked: a module's stub holds one and answers each method with Play.
type Script struct {
	input, answer any
	err           error
}

// Play answers a method of a stub.
func Play[R any](s *Script, input any) (R, error) {
	s.input = input
	answer, _ := s.answer.(R)
	return answer, s.err
}

// Perform answers a method of a stub that returns nothing but an error.
func Perform(s *Script, input any) error {
	_, err := Play[any](s, input)
	return err
}

// Exchange is one call of a face and how it is answered.
type Exchange[S any] struct {
	// Name is the method, and after a dash what is special: "Product-deleted".
	Name string
	// Call makes the call.
	Call func(context.Context, S) (any, error)
	// Answer and Err are what the implementation returns.
	Answer any
	Err    error
}

// Answers is a call that is answered.
func Answers[S any](name string, answer any, call func(context.Context, S) (any, error)) Exchange[S] {
	return Exchange[S]{Name: name, Call: call, Answer: answer}
}

// Fails is a call that is refused.
func Fails[S any](name string, err error, call func(context.Context, S) (any, error)) Exchange[S] {
	return Exchange[S]{Name: name, Call: call, Err: err}
}

// Contract describes a module for CheckContract.
type Contract[S any] struct {
	Module   string
	Versions contract.Versions
	// Register declares the routes over an implementation, Client calls them.
	Register func(*httpapi.API, S)
	Client   func(*remote.Client) S
	// Stub is the implementation that plays a script.
	Stub func(*Script) S
	// Exchanges are at least one call of every method.
	Exchanges []Exchange[S]
}

// recording is one request and its answer as a version of the contract has them.
type recording struct {
	Request struct {
		Method string            `json:"method"`
		Path   string            `json:"path"`
		Header map[string]string `json:"header,omitempty"`
		Body   json.RawMessage   `json:"body,omitempty"`
	} `json:"request"`
	Answer struct {
		Status int               `json:"status"`
		Header map[string]string `json:"header,omitempty"`
		Body   json.RawMessage   `json:"body,omitempty"`
	} `json:"answer"`
}

// recordedHeaders are those that belong to the contract.
var recordedHeaders = []string{idempotency.Header, "If-Match", "ETag", "Location", "Idempotent-Replayed", "Retry-After"}

// CheckContract replays the recordings of every version that the module still
// speaks, in testdata/contract/vN, both ways: the client of today against the
// answers of then, and the requests of then against the routes of today. Either
// side may have learned new fields; what was there must still be.
func CheckContract[S any](t *testing.T, c Contract[S]) {
	t.Helper()
	methods := map[string]bool{}
	for _, e := range c.Exchanges {
		name, _, _ := strings.Cut(e.Name, "-")
		methods[name] = true
		if *update {
			c.record(t, e)
		}
	}
	for version := c.Versions.Oldest; version <= c.Versions.Newest; version++ {
		for _, e := range c.Exchanges {
			recorded, found := read(t, version, e.Name)
			if !found {
				require.Less(t, version, c.Versions.Newest, "%s is not recorded: run the test with -update", e.Name)
				continue // it came with a later version
			}
			t.Run(fmt.Sprintf("v%d/%s", version, e.Name), func(t *testing.T) {
				t.Parallel()
				t.Run("client", func(t *testing.T) { c.checkClient(t, version, e, recorded) })
				t.Run("routes", func(t *testing.T) { c.checkRoutes(t, e, recorded) })
			})
		}
	}
	for method := range reflect.TypeFor[S]().Methods() {
		require.True(t, methods[method.Name], "no exchange calls %s", method.Name)
	}
}

// checkClient lets the client of today talk to a far side that answers as
// recorded, with a field more.
func (c Contract[S]) checkClient(t *testing.T, version int, e Exchange[S], recorded recording) {
	t.Helper()
	var (
		line   string
		header http.Header
		body   json.RawMessage
		broken error
	)
	far := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/hello") {
			greet(w, remote.Hello{Module: c.Module, Contract: version, OldestContract: version})
			return
		}
		line, header = r.Method+" "+r.URL.RequestURI(), r.Header
		body, broken = requestOf(r)
		for name, value := range recorded.Answer.Header {
			w.Header().Set(name, value)
		}
		if recorded.Answer.Status >= http.StatusBadRequest {
			w.Header().Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(recorded.Answer.Status)
		_, _ = w.Write(withNews(recorded.Answer.Body))
	})
	answer, err := e.Call(actor(t), c.Client(c.remote(t, far)))
	require.NoError(t, broken)
	require.Equal(t, recorded.Request.Method+" "+recorded.Request.Path, line)
	requireSubset(t, "request", body, recorded.Request.Body)
	for name, value := range recorded.Request.Header {
		require.Equal(t, value, header.Get(name), name)
	}
	if e.Err != nil {
		require.ErrorIs(t, err, e.Err)
		require.Empty(t, cmp.Diff(fault.From(e.Err).Fields, fault.From(err).Fields))
		return
	}
	require.NoError(t, err)
	if e.Answer != nil {
		require.Empty(t, cmp.Diff(e.Answer, answer, cmpopts.EquateEmpty()))
	}
}

// checkRoutes sends the recorded request, with a field more, to the routes of
// today.
func (c Contract[S]) checkRoutes(t *testing.T, e Exchange[S], recorded recording) {
	t.Helper()
	wanted := &Script{}
	_, _ = e.Call(actor(t), c.Stub(wanted)) // notes the input
	script := &Script{answer: e.Answer, err: e.Err}
	var body io.Reader
	if recorded.Request.Body != nil {
		body = strings.NewReader(string(withNews(recorded.Request.Body)))
	}
	r := httptest.NewRequestWithContext(t.Context(), recorded.Request.Method, recorded.Request.Path, body)
	r.Header.Set("Authorization", "Bearer a.service.token")
	for name, value := range recorded.Request.Header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.routes(t, script).ServeHTTP(w, r)
	require.Equal(t, recorded.Answer.Status, w.Code, w.Body)
	requireSubset(t, "answer", w.Body.Bytes(), recorded.Answer.Body)
	for name, value := range recorded.Answer.Header {
		require.Equal(t, value, w.Header().Get(name), name)
	}
	require.Empty(t, cmp.Diff(wanted.input, script.input, cmpopts.EquateEmpty(), cmp.Comparer(sameKey)), "what the implementation was asked")
}

// greet answers a greeting.
func greet(w http.ResponseWriter, hello remote.Hello) {
	text, err := json.Marshal(hello)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text) // who asked is gone if this fails
}

func sameKey(a, b *idempotency.Key) bool { return a.Text() == b.Text() }

// record writes what the client of today sends and the routes of today answer.
func (c Contract[S]) record(t *testing.T, e Exchange[S]) {
	t.Helper()
	var (
		made   recording
		broken error
	)
	routes := c.routes(t, &Script{answer: e.Answer, err: e.Err})
	client := c.Client(c.remote(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/hello") {
			greet(w, remote.Hello{Module: c.Module, Contract: c.Versions.Newest, OldestContract: c.Versions.Oldest})
			return
		}
		made.Request.Method, made.Request.Path = r.Method, r.URL.RequestURI()
		if made.Request.Body, broken = requestOf(r); broken != nil {
			return
		}
		made.Request.Header = headersOf(r.Header)
		r.Header.Set("Authorization", "Bearer a.service.token")
		answered := httptest.NewRecorder()
		routes.ServeHTTP(answered, r)
		made.Answer.Status, made.Answer.Header = answered.Code, headersOf(answered.Header())
		if answered.Body.Len() > 0 {
			made.Answer.Body, broken = withoutRequestID(answered.Body.Bytes())
		}
		maps.Copy(w.Header(), answered.Header())
		w.WriteHeader(answered.Code)
		_, _ = w.Write(answered.Body.Bytes())
	})))
	_, _ = e.Call(actor(t), client)
	require.NoError(t, broken)
	text, err := json.MarshalIndent(made, "", "  ")
	require.NoError(t, err)
	path := pathOf(c.Versions.Newest, e.Name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o600))
}

func pathOf(version int, name string) string {
	return filepath.Join("testdata", "contract", fmt.Sprintf("v%d", version), name+".json")
}

func read(t *testing.T, version int, name string) (recorded recording, found bool) {
	t.Helper()
	text, err := os.ReadFile(pathOf(version, name))
	if os.IsNotExist(err) {
		return recorded, false
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &recorded))
	return recorded, true
}

// routes are the module's, on an internal listener that believes every service.
func (c Contract[S]) routes(t *testing.T, script *Script) http.Handler {
	t.Helper()
	api, err := httpapi.New(httpapi.Options{
		Name: "Shop", Version: "1", Logger: slog.New(slog.DiscardHandler),
		AuthenticateService: func(string, string) (identity.Actor, error) { return identity.From(actor(t)), nil },
	})
	require.NoError(t, err)
	c.Register(api, c.Stub(script))
	return api.Internal()
}

func (c Contract[S]) remote(t *testing.T, far http.Handler) *remote.Client {
	t.Helper()
	client, err := remote.New(remote.Options{
		Module: c.Module, Contract: c.Versions.Newest, OldestContract: c.Versions.Oldest, Targets: []string{serve(t, far, false)},
		Mint: func(context.Context, string) (string, error) { return "a.service.token", nil },
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// actor makes the calls: a service, which may do everything.
func actor(t *testing.T) context.Context {
	t.Helper()
	return identity.With(t.Context(), identity.Actor{Service: "shop"})
}

// requestOf is the body of a request, which can still be read afterwards.
func requestOf(r *http.Request) (json.RawMessage, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return body, nil
}

func headersOf(h http.Header) map[string]string {
	recorded := map[string]string{}
	for _, name := range recordedHeaders {
		if value := h.Get(name); value != "" {
			recorded[name] = value
		}
	}
	return recorded
}

// withoutRequestID leaves out what is another one each time.
func withoutRequestID(body []byte) (json.RawMessage, error) {
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, err
	}
	delete(object, "request_id")
	return json.Marshal(object)
}
