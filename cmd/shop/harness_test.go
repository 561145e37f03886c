package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/config"
	"shop/platform/database"
	"shop/platform/dbtest"
)

// shop is the whole program in the test's own process: both listeners' handlers
// and all workers.
type shop struct {
	*App
	public, internal http.Handler
	// admin is an administrator's token.
	admin string
}

// Credentials of the first administrator.
const (
	adminEmail    = "admin@example.com"
	adminPassword = "correct horse battery staple"
)

// eachShop runs a test on each kind of database.
func eachShop(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	eachDialect(t, func(t *testing.T, dialect database.Dialect) {
		test(t, startShop(t, settings(t, dialect)))
	})
}

// eachDialect runs a test for each kind of database.
func eachDialect(t *testing.T, test func(t *testing.T, dialect database.Dialect)) {
	t.Helper()
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			test(t, dialect)
		})
	}
}

// settings are those of a shop of the test's own.
func settings(t *testing.T, dialect database.Dialect) config.Config {
	t.Helper()
	cfg, err := config.Default()
	require.NoError(t, err)
	cfg.DataDir = t.TempDir()
	cfg.Users.PasswordMemory = 1 // the race detector multiplies what hashing takes
	if dialect == database.Postgres {
		cfg.DatabaseURL = config.URL(dbtest.Postgres(t))
	}
	cfg.RateLimitRegistration, cfg.RateLimitSignInFailures, cfg.RateLimitPasswordReset = config.Rate{}, config.Rate{}, config.Rate{}
	cfg.RateLimitGuests = config.Rate{}
	return cfg
}

// startShop puts the program together and runs its workers until the test ends.
func startShop(t *testing.T, cfg config.Config) *shop {
	t.Helper()
	s := stillShop(t, cfg)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var working sync.WaitGroup
	for _, w := range workersOf(s.App) {
		working.Go(func() {
			if err := w.Run(ctx); err != nil {
				t.Errorf("worker %s: %v", w.Name, err)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		working.Wait()
	})
	return s
}

// stillShop is a shop whose workers do not run: between two requests nothing in
// it changes.
func stillShop(t *testing.T, cfg config.Config) *shop {
	t.Helper()
	app, closeApp, err := newApp(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(closeApp)
	s := &shop{App: app, public: app.API.Public(), internal: internalHandler(app, &probes{modules: hostedOf(app.Modules)})}
	_, err = app.Users.CreateAdministrator(asOperator(t.Context()), users.CreateAdministratorInput{
		Email: adminEmail, Password: adminPassword, Name: "Ada", OnlyFirst: true,
	})
	require.NoError(t, err)
	s.admin = s.signIn(t, adminEmail, adminPassword)
	return s
}

// answer of a request.
type response struct {
	status int
	header http.Header
	text   string
}

// json is the body, decoded.
func (r response) json(t *testing.T) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.text), &body), r.text)
	return body
}

// lengthy is a body with ten megabytes of text between its parts, which nobody
// has to keep in memory.
type lengthy struct{ before, after string }

// tenMegabytes are those of every lengthy body.
var tenMegabytes = strings.Repeat("x", 10<<20)

func (l lengthy) reader() io.Reader {
	return io.MultiReader(strings.NewReader(l.before), strings.NewReader(tenMegabytes), strings.NewReader(l.after))
}

func (l lengthy) size() int64 { return int64(len(l.before) + len(tenMegabytes) + len(l.after)) }

// call sends a request to a handler; body may be nil, a string, a lengthy one,
// or a value that becomes JSON.
func call(t testing.TB, h http.Handler, method, path, token string, body any, header ...string) response {
	t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case lengthy:
		reader = b.reader()
	default:
		text, err := json.Marshal(b)
		require.NoError(t, err)
		reader = bytes.NewReader(text)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, reader)
	if reader != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if b, isLengthy := body.(lengthy); isLengthy {
		r.ContentLength = b.size()
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return response{w.Code, w.Header(), w.Body.String()}
}

// want calls the public listener and requires a status.
func (s *shop) want(t testing.TB, status int, method, path, token string, body any, header ...string) response {
	t.Helper()
	got := call(t, s.public, method, path, token, body, header...)
	require.Equal(t, status, got.status, "%s %s: %s", method, path, got.text)
	return got
}

func (s *shop) signIn(t *testing.T, email, password string) string {
	t.Helper()
	got := s.want(t, http.StatusCreated, http.MethodPost, "/session", "", map[string]any{"email": email, "password": password})
	return got.json(t)["token"].(string) //nolint:forcetypeassert // a test may panic
}

// customer registers one and signs in.
func (s *shop) customer(t *testing.T, email string) (userID, token string) {
	t.Helper()
	got := s.want(t, http.StatusCreated, http.MethodPost, "/user/", "", map[string]any{
		"email": email, "password": "a long enough password", "name": "Grace",
	})
	userID, _ = got.json(t)["id"].(string)
	return userID, s.signIn(t, email, "a long enough password")
}

// product creates one and returns its identifier.
func (s *shop) product(t *testing.T, sku string, amount, stock int64) string {
	t.Helper()
	got := s.want(t, http.StatusCreated, http.MethodPost, "/product/", s.admin, map[string]any{
		"sku": sku, "name": "Product " + sku, "price": map[string]any{"amount": amount, "currency": "EUR"},
		"stock": stock, "category": "Kitchen",
	})
	id, _ := got.json(t)["id"].(string)
	return id
}

// mailed waits until an e-mail to an address contains a text, and returns it.
func (s *shop) mailed(t *testing.T, to, text string) string {
	t.Helper()
	var found string
	require.Eventually(t, func() bool {
		files, _ := filepath.Glob(filepath.Join(s.Config.DataDir, "mail", "*.eml"))
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err == nil && strings.Contains(string(content), to) && strings.Contains(string(content), text) {
				found = string(content)
				return true
			}
		}
		return false
	}, 15*time.Second, 20*time.Millisecond, "no e-mail to %s says %q", to, text)
	return found
}
