package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/config"
	"shop/platform/lifecycle"
)

// patience bounds each wait for a process; a test that is in order takes a
// small part of it.
const patience = 60 * time.Second

// process is "shop serve" in a process of its own: the program of this test,
// under the name that TestMain gives it. Its handlers are the listeners of the
// process.
type process struct {
	*shop
	command *exec.Cmd
	// publicAddr and internalAddr are where it listens.
	publicAddr, internalAddr string
	out, log                 output
	ended                    chan struct{}
	failure                  error // how it ended; read it after ended
}

// launch starts a process and does not wait for it. It keeps its files in
// dataDir, listens where there is room, and is killed with the test if it runs
// until then.
func launch(t *testing.T, dataDir string, environ []string, args ...string) *process {
	t.Helper()
	p := &process{
		shop:  &shop{App: &App{Config: config.Config{DataDir: dataDir}}},
		ended: make(chan struct{}),
	}
	p.command = shopCommand(t, append([]string{
		"SHOP_DATA_DIR=" + dataDir, "SHOP_USERS_PASSWORD_MEMORY=1", "SHOP_HTTP_ADDR=127.0.0.1:0", "SHOP_INTERNAL_ADDR=127.0.0.1:0",
		"SHOP_LOG_FORMAT=json", "SHOP_RATE_LIMIT_REGISTRATION=off",
	}, environ...), append([]string{"serve"}, args...)...)
	p.command.Stdout, p.command.Stderr = &p.out, &p.log
	require.NoError(t, p.command.Start())
	go func() {
		p.failure = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if _, race, found := strings.Cut(p.log.String(), "WARNING: DATA RACE"); found {
			t.Errorf("data race: %.8000s", race)
		}
	})
	return p
}

// start starts a process and waits until it is ready.
func start(t *testing.T, dataDir string, environ []string, args ...string) *process {
	t.Helper()
	p := launch(t, dataDir, environ, args...)
	p.awaitReady(t)
	return p
}

// shopCommand is a command line of the shop, with no settings but the given.
func shopCommand(t *testing.T, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("shop")
	require.NoError(t, err)
	command := exec.Command(path, args...)
	command.Dir = t.TempDir()
	command.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "SHOP_") }), environ...)
	return command
}

// awaitReady waits until the process serves and says that it is ready.
func (p *process) awaitReady(t *testing.T) {
	t.Helper()
	var serving struct {
		Msg      string `json:"msg"`
		Public   string `json:"public"`
		Internal string `json:"internal"`
	}
	require.Eventually(t, func() bool {
		for line := range strings.Lines(p.log.String()) {
			if json.Unmarshal([]byte(line), &serving) == nil && serving.Msg == "serving" {
				return true
			}
		}
		return p.hasEnded()
	}, patience, 5*time.Millisecond, "%s", &p.log)
	require.Equal(t, "serving", serving.Msg, "%s", &p.log)
	p.publicAddr, p.internalAddr = serving.Public, serving.Internal
	p.public, p.internal = listenerAt(t, serving.Public), listenerAt(t, serving.Internal)
	ready := call(t, p.internal, http.MethodGet, "/readyz", "", nil)
	require.Equal(t, http.StatusOK, ready.status, ready.text)
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill ends the process without a warning.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended by itself
	<-p.ended
}

// stop asks the process to end and requires that it does so cleanly.
func (p *process) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, p.command.Process.Signal(signal))
	p.awaitEnd(t)
}

// awaitEnd requires that the process ends with exit code 0.
func (p *process) awaitEnd(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		require.Fail(t, "the process does not stop", "%s", &p.log)
	}
	require.NoError(t, p.failure, "%s", &p.log)
}

// password is the one in the banner, empty if there is none.
func (p *process) password() string {
	found := regexp.MustCompile(`Password\s+(\S+)`).FindStringSubmatch(p.out.String())
	if found == nil {
		return ""
	}
	return found[1]
}

// health is the exit code and the output of "shop health" about the process.
func (p *process) health(t *testing.T) (code int, text string) {
	t.Helper()
	command := shopCommand(t, []string{"SHOP_INTERNAL_ADDR=" + p.internalAddr}, "health", "--timeout", "20s")
	printed, err := command.CombinedOutput()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return failed.ExitCode(), string(printed)
	}
	require.NoError(t, err)
	return 0, string(printed)
}

// output is what a process wrote so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p) //nolint:wrapcheck // it is never an error
}

// String implements fmt.Stringer.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// listenerAt is the listener at an address as a handler. It answers 502 when
// there is no answer.
func listenerAt(t *testing.T, address string) http.Handler {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: address}) },
		Transport: transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
}

// The first start fills the shop and shows the credentials, the second finds
// all that. Each listener serves what belongs to it.
func TestFirstAndSecondStart(t *testing.T) {
	t.Parallel()
	dataDir := t.TempDir()
	first := start(t, dataDir, nil, "--demo")
	require.Contains(t, first.out.String(), "62 demo products added")
	require.NotContains(t, first.log.String(), first.password(), "the log keeps no secret")
	first.admin = first.signIn(t, defaultAdminEmail, first.password())
	first.want(t, http.StatusOK, http.MethodGet, "/users/", first.admin, nil)
	require.Len(t, first.want(t, http.StatusOK, http.MethodGet, "/products?limit=100", "", nil).json(t)["items"], 62)

	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		require.Equal(t, http.StatusOK, call(t, first.internal, http.MethodGet, path, "", nil).status, path)
		first.want(t, http.StatusNotFound, http.MethodGet, path, "", nil)
	}
	metrics := call(t, first.internal, http.MethodGet, "/metrics", "", nil).text
	for _, series := range []string{
		`shop_http_request_duration_seconds_count\{.*route="/products/".*\} [1-9]`,
		`shop_module_calls_total\{method="ListProducts",module="catalog",outcome="ok",side="local"\} [1-9]`,
		`shop_database_statement_duration_seconds_count\{.*module="users".*\} [1-9]`,
		`shop_database_connections_open\{module="stats",pool="write"\} [1-9]`,
	} {
		require.True(t, regexp.MustCompile(series).MatchString(metrics), series)
	}
	first.stop(t, syscall.SIGTERM)

	second := start(t, dataDir, nil, "--demo")
	require.Empty(t, second.password())
	require.NotContains(t, second.out.String(), "demo products added")
	require.Len(t, second.want(t, http.StatusOK, http.MethodGet, "/products?limit=100", "", nil).json(t)["items"], 62)
	second.want(t, http.StatusOK, http.MethodGet, "/users/", first.admin, nil)

	served := second.want(t, http.StatusOK, http.MethodGet, "/openapi.json", "", nil).text
	printed, err := shopCommand(t, nil, "openapi").Output()
	require.NoError(t, err)
	require.JSONEq(t, served, string(printed))
	second.stop(t, os.Interrupt)
}

// A request in flight is answered before the process ends, whichever way it is
// asked to.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	for _, signal := range lifecycle.StopSignals() {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, t.TempDir(), nil)
			code, said := p.health(t)
			require.Equal(t, 0, code, said)
			require.Equal(t, "ready\n", said)

			body := fmt.Sprintf(`{"email":%q,"password":%q}`, defaultAdminEmail, p.password())
			slow := p.beginSignIn(t, len(body))
			_, err := io.WriteString(slow, body[:10])
			require.NoError(t, err)
			require.NoError(t, p.command.Process.Signal(signal))
			require.Eventually(t, func() bool {
				fresh, err := net.Dial("tcp", p.publicAddr)
				if err == nil {
					_ = fresh.Close() // it was only to see
				}
				return err != nil
			}, patience, 5*time.Millisecond, "new connections are refused")
			code, said = p.health(t)
			require.Equal(t, 1, code)
			require.Contains(t, said, "stopping")
			require.False(t, p.hasEnded())

			_, err = io.WriteString(slow, body[10:])
			require.NoError(t, err)
			answer, err := http.ReadResponse(bufio.NewReader(slow), nil)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, http.StatusCreated, answer.StatusCode)
			p.awaitEnd(t)
			code, _ = p.health(t)
			require.Equal(t, 1, code)
		})
	}
}

// beginSignIn sends the head of a request and returns when the process has
// begun to handle it: it then asks for the body.
func (p *process) beginSignIn(t *testing.T, length int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.publicAddr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // the process may have closed it
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(conn, "POST /session HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", length)
	require.NoError(t, err)
	asked := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	_, err = io.ReadFull(conn, asked)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n\r\n", string(asked))
	return conn
}
