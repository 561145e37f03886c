package rest_test

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
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/email/emailtest"
	"shop/modules/email/internal/rest"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module/moduletest"
)

// server is the module on both listeners, before a fake.
type server struct {
	public, internal http.Handler
	fake             *emailtest.Fake
	users            *emailtest.Users
	clock            *emailtest.Clock
}

// newServer serves the module; "Bearer admin" is an administrator, "Bearer
// customer" a customer, "Bearer a.b.c" a service.
func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{users: emailtest.NewUsers(), clock: emailtest.NewClock()}
	administrator, customer := id.NewUser(), id.NewUser()
	api, err := httpapi.New(httpapi.Options{
		Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
		AuthenticateSession: func(_ context.Context, token string) (identity.Actor, error) {
			if token == "admin" {
				return identity.Actor{User: administrator, Administrator: true}, nil
			}
			return identity.Actor{User: customer}, nil
		},
		AuthenticateService: func(string, string) (identity.Actor, error) { return identity.Actor{Service: "cart"}, nil },
	})
	require.NoError(t, err)
	s.fake, err = emailtest.NewFake(emailtest.FakeOptions{Users: s.users, Now: s.clock.Now})
	require.NoError(t, err)
	rest.Register(api, s.fake)
	s.public, s.internal = api.Public(), api.Internal()
	return s
}

func call(t *testing.T, h http.Handler, method, path, body, token string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, reader)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const hello = `{"to":"jo@example.com","subject":"Hello","text":"How are you?","html":"<p>How are you?</p>"}`

func TestSendAndRead(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	sent := call(t, s.public, http.MethodPost, "/send_email/", hello, "admin", "Idempotency-Key", "k1")
	require.Equal(t, http.StatusAccepted, sent.Code, sent.Body)
	location := sent.Header().Get("Location")
	require.Regexp(t, `^/email/mail_[0-9a-z]{26}$`, location)
	named := strings.TrimPrefix(location, "/email/")
	golden(t, "queued.json", named, sent.Body.Bytes())

	repeated := call(t, s.public, http.MethodPost, "/send_email", hello, "admin", "Idempotency-Key", "k1")
	require.Equal(t, http.StatusAccepted, repeated.Code)
	require.Equal(t, "true", repeated.Header().Get("Idempotent-Replayed"))
	require.Equal(t, sent.Body.String(), repeated.Body.String())

	queued := call(t, s.public, http.MethodGet, location, "", "admin")
	require.NoError(t, s.fake.Deliver(t.Context()))
	got := call(t, s.public, http.MethodGet, location+"/", "", "admin")
	require.Equal(t, http.StatusOK, got.Code)
	golden(t, "email.json", named, got.Body.Bytes())
	require.NotEqual(t, queued.Header().Get("ETag"), got.Header().Get("ETag"))
	same := call(t, s.public, http.MethodGet, location, "", "admin", "If-None-Match", got.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, same.Code)

	list := call(t, s.public, http.MethodGet, "/emails/?status=sent&to=jo@example.com&count=exact", "", "admin")
	require.Equal(t, http.StatusOK, list.Code, list.Body)
	golden(t, "list.json", named, list.Body.Bytes())
}

func TestRetry(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.fake.Refuse("jo@example.com", "550 5.1.1 unknown")
	location := call(t, s.public, http.MethodPost, "/send_email/", hello, "admin").Header().Get("Location")
	early := call(t, s.public, http.MethodPost, location+"/retry", "", "admin")
	require.Equal(t, http.StatusConflict, early.Code)
	require.Contains(t, early.Body.String(), `"code":"email_not_dead"`)

	require.NoError(t, s.fake.Deliver(t.Context()))
	dead := call(t, s.public, http.MethodGet, location, "", "admin")
	require.Contains(t, dead.Body.String(), `"status":"dead"`)
	require.Contains(t, dead.Body.String(), "550 5.1.1 unknown")
	again := call(t, s.public, http.MethodPost, location+"/retry/", "", "admin")
	require.Equal(t, http.StatusAccepted, again.Code, again.Body)
	require.Contains(t, again.Body.String(), `"status":"queued"`)
}

func TestServicesWriteToUsersOnTheInternalListener(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	refused := call(t, s.internal, http.MethodPost, "/send_email/", hello, "a.b.c")
	require.Equal(t, http.StatusForbidden, refused.Code, refused.Body)
	require.Contains(t, refused.Body.String(), `"code":"recipient_unknown"`)
	require.Contains(t, refused.Body.String(), `"field":"body.to"`)
	s.users.Add("jo@example.com", "Jo")
	require.Equal(t, http.StatusAccepted, call(t, s.internal, http.MethodPost, "/send_email/", hello, "a.b.c").Code)
	require.Equal(t, http.StatusAccepted, call(t, s.internal, http.MethodPost, "/send_email/", hello, "admin").Code)
	template := `{"to":"jo@example.com","template":"verification","data":{"name":"Jo"}}`
	require.Equal(t, http.StatusAccepted, call(t, s.internal, http.MethodPost, "/send_email/", template, "a.b.c").Code)
}

func TestTooMany(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 20 {
		require.Equal(t, http.StatusAccepted, call(t, s.public, http.MethodPost, "/send_email/", hello, "admin").Code)
	}
	refused := call(t, s.public, http.MethodPost, "/send_email/", hello, "admin")
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Equal(t, "3600", refused.Header().Get("Retry-After"))
	require.Contains(t, refused.Body.String(), `"code":"email_limit"`)
}

func TestProblems(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	with := func(old, replacement string) string { return strings.Replace(hello, old, replacement, 1) }
	for name, c := range map[string]struct {
		method, path, body, token string
		status                    int
		want                      string
	}{
		"anonymous":         {http.MethodPost, "/send_email/", hello, "", http.StatusUnauthorized, `"code":"unauthenticated"`},
		"customer":          {http.MethodPost, "/send_email/", hello, "customer", http.StatusForbidden, `"code":"forbidden"`},
		"service in public": {http.MethodPost, "/send_email/", hello, "a.b.c", http.StatusForbidden, `"code":"forbidden"`},
		"customer reads":    {http.MethodGet, "/emails/", "", "customer", http.StatusForbidden, `"code":"forbidden"`},
		"no JSON":           {http.MethodPost, "/send_email/", "{", "admin", http.StatusBadRequest, `"field":"body"`},
		"nothing":           {http.MethodPost, "/send_email/", "{}", "admin", http.StatusUnprocessableEntity, `required property to`},
		"unknown field":     {http.MethodPost, "/send_email/", with("subject", "subjekt"), "admin", http.StatusUnprocessableEntity, `"field":"body.subjekt"`},
		"wrong type":        {http.MethodPost, "/send_email/", with(`"Hello"`, "1"), "admin", http.StatusUnprocessableEntity, `"field":"body.subject"`},
		"injection":         {http.MethodPost, "/send_email/", with("Hello", `Hi\r\nBcc: b@example.com`), "admin", http.StatusUnprocessableEntity, `"field":"body.subject"`},
		"two recipients":    {http.MethodPost, "/send_email/", with("jo@example.com", "a@example.com,b@example.com"), "admin", http.StatusUnprocessableEntity, `"field":"body.to"`},
		"array of them":     {http.MethodPost, "/send_email/", with(`"jo@example.com"`, `["a@example.com"]`), "admin", http.StatusUnprocessableEntity, `"field":"body.to"`},
		"NUL":               {http.MethodPost, "/send_email/", with("How", `H\u0000w`), "admin", http.StatusUnprocessableEntity, `"field":"body.text"`},
		"too large":         {http.MethodPost, "/send_email/", with("How", strings.Repeat("x", 10<<20)), "admin", http.StatusRequestEntityTooLarge, `"field":"body"`},
		"text too long":     {http.MethodPost, "/send_email/", with("How", strings.Repeat("x", 256<<10)), "admin", http.StatusUnprocessableEntity, `"field":"body.text"`},
		"template":          {http.MethodPost, "/send_email/", `{"to":"jo@example.com","template":"birthday"}`, "admin", http.StatusUnprocessableEntity, `"field":"body.template"`},
		"data":              {http.MethodPost, "/send_email/", `{"to":"jo@example.com","template":"verification","data":{"name":"Jo","x":{"y":[]}}}`, "admin", http.StatusUnprocessableEntity, `"field":"body.data.x"`},
		"data missing":      {http.MethodPost, "/send_email/", `{"to":"jo@example.com","template":"receipt","data":{"name":"Jo"}}`, "admin", http.StatusUnprocessableEntity, `"field":"body.data.invoice_id"`},
		"other kind":        {http.MethodGet, "/email/" + id.NewUser().String(), "", "admin", http.StatusUnprocessableEntity, `"field":"path.id"`},
		"unknown":           {http.MethodGet, "/email/" + id.NewEmail().String(), "", "admin", http.StatusNotFound, `"code":"email_not_found"`},
		"retry unknown":     {http.MethodPost, "/email/" + id.NewEmail().String() + "/retry", "", "admin", http.StatusNotFound, `"code":"email_not_found"`},
		"status":            {http.MethodGet, "/emails/?status=lost", "", "admin", http.StatusUnprocessableEntity, `"field":"query.status"`},
		"recipient":         {http.MethodGet, "/emails/?to=%3Cb%3E", "", "admin", http.StatusUnprocessableEntity, `"field":"query.to"`},
		"cursor":            {http.MethodGet, "/emails/?cursor=x", "", "admin", http.StatusUnprocessableEntity, `"field":"query.cursor"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := call(t, s.public, c.method, c.path, c.body, c.token)
			require.Equal(t, c.status, got.Code, got.Body)
			require.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
			require.Contains(t, got.Body.String(), c.want)
		})
	}
	list := call(t, s.public, http.MethodGet, "/emails/", "", "admin")
	require.JSONEq(t, `{"items":[]}`, list.Body.String())
}

// golden compares JSON with a file in which the identifier has a name.
func golden(t *testing.T, name, identifier string, got []byte) {
	t.Helper()
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, bytes.TrimSpace(got), "", "  "))
	text := strings.ReplaceAll(indented.String(), identifier, "mail_…") + "\n"
	file := filepath.Join("testdata", name)
	if moduletest.Update() {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}
