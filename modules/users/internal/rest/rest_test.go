package rest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/internal/rest"
	"shop/modules/users/usersmod"
	"shop/modules/users/userstest"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module/moduletest"
)

const password = "correct horse battery"

// shop serves the module over the fake, with real sessions of the fake. The
// service token "a.b.c" is the email module's.
type shop struct {
	public, internal http.Handler
	fake             *userstest.Fake
	log              *bytes.Buffer
}

func newShop(tb testing.TB) *shop {
	tb.Helper()
	s := &shop{fake: userstest.NewFake(userstest.NewClock().Now), log: &bytes.Buffer{}}
	api, err := httpapi.New(httpapi.Options{
		Name: "shop", Version: "test", Logger: slog.New(slog.NewJSONHandler(s.log, nil)),
		AuthenticateSession: usersmod.Authenticator(s.fake),
		AuthenticateService: func(token, _ string) (identity.Actor, error) {
			if token != "a.b.c" {
				return identity.Actor{}, fault.New(fault.Unauthenticated, "x", "x")
			}
			return identity.Actor{Service: "email"}, nil
		},
	})
	require.NoError(tb, err)
	rest.Register(api, s.fake)
	s.public, s.internal = api.Public(), api.Internal()
	return s
}

func call(tb testing.TB, h http.Handler, method, path, token, body string, header ...string) *httptest.ResponseRecorder {
	tb.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(tb.Context(), method, path, reader)
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

// signIn makes a verified user and returns the user and a session's token.
func (s *shop) signIn(tb testing.TB, role users.Role) (users.User, string) {
	tb.Helper()
	u := s.fake.Add(users.User{Email: string(role) + "@example.com", Name: "Ada Lovelace", Role: role}, password)
	session, err := s.fake.SignIn(tb.Context(), users.SignInInput{Email: u.Email, Password: password})
	require.NoError(tb, err)
	return u, session.Token
}

func (s *shop) issue(tb testing.TB, user id.User, purpose users.Purpose) string {
	tb.Helper()
	service := identity.With(tb.Context(), identity.Actor{Service: "email"})
	token, err := s.fake.IssueToken(service, users.IssueTokenInput{UserID: user, Purpose: purpose})
	require.NoError(tb, err)
	return token.Text
}

var changing = regexp.MustCompile(`"((user|sess)_[0-9a-z]{26}|[0-9a-f]{24}|[A-Z2-7]{26}|[A-Za-z0-9_-]{40,})"`)

// golden compares a body with its golden file; identifiers and tokens that are
// made anew each time are left out.
func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, body, "", "  "), "%s", body)
	got := changing.ReplaceAllString(strings.TrimSpace(indented.String())+"\n", `"…"`)
	file := filepath.Join("testdata", name+".json")
	if moduletest.Update() {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func problem(t *testing.T, w *httptest.ResponseRecorder) httpapi.Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), "%s", w.Body)
	var p httpapi.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, w.Code, p.Status)
	return p
}
