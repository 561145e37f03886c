package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/id"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	body := `{"email":"ada@example.com","password":"correct horse battery","name":"Ada Lovelace"}`
	created := call(t, s.public, http.MethodPost, "/user/", "", body, "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, created.Code, created.Body)
	require.Regexp(t, `^/user/user_[0-9a-z]{26}$`, created.Header().Get("Location"))
	require.Equal(t, `"1"`, created.Header().Get("ETag"))
	require.Empty(t, created.Header().Get("Idempotent-Replayed"))
	golden(t, "registered", created.Body.Bytes())

	again := call(t, s.public, http.MethodPost, "/user", "", body, "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, again.Code, again.Body)
	require.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
	require.Equal(t, created.Body.String(), again.Body.String())

	taken := call(t, s.public, http.MethodPost, "/user/", "", body)
	require.Equal(t, http.StatusConflict, taken.Code)
	golden(t, "email_taken", taken.Body.Bytes())
}

func TestBadBodiesNameTheFieldAndRepeatNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, token := s.signIn(t, users.RoleCustomer)
	const secret = "s3cret!"
	for _, test := range []struct{ method, path, body, field string }{
		{"POST", "/user/", `{"email":"ada","password":"correct horse","name":"Ada"}`, "body.email"},
		{"POST", "/user/", `{"email":"Ada <ada@example.com>","password":"correct horse","name":"Ada"}`, "body.email"},
		{"POST", "/user/", `{"email":"a@example.com","password":"` + secret + `","name":"Ada"}`, "body.password"},
		{"POST", "/user/", `{"email":"a@example.com","password":"correct horse"}`, "body.name"},
		{"POST", "/user/", `{"email":"a@example.com","password":"correct horse","name":"Ada","role":"administrator"}`, "body.role"},
		{"POST", "/user/", `{"email":"a@example.com","password":5,"name":"Ada"}`, "body.password"},
		{"POST", "/user/", `{"email":"a@example.com","password":"correct horse","name":"A\u0000da"}`, "body.name"},
		{"PUT", "/user/me", `{"password":"` + secret + `","current_password":"x"}`, "body.password"},
		{"PUT", "/user/me", `{"password":"long enough","current_password":"wrong"}`, "body.current_password"},
		{"PUT", "/user/me", `{"role":"king"}`, "body.role"},
		{"PUT", "/user/me", `{"verified":true}`, "body.verified"},
		{"PUT", "/user/me", `{"name":" "}`, "body.name"},
		{"GET", "/user/prod_01h455vb4pex5vsknk084sn02q", ``, "path.id"},
		{"POST", "/session", `{"email":"","password":""}`, "body.email"},
		{"POST", "/session", `{"email":"a@example.com","password":"` + strings.Repeat("x", 129) + `"}`, "body.password"},
		{"POST", "/verification", `{}`, "body.token"},
		{"POST", "/password-reset", `{"email":"x"}`, "body.email"},
		{"PUT", "/password-reset/abc", `{"password":"` + secret + `"}`, "body.password"},
	} {
		w := call(t, s.public, test.method, test.path, token, test.body)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, "%s %s %s: %s", test.method, test.path, test.body, w.Body)
		p := problem(t, w)
		var fields []string
		for _, e := range p.Errors {
			fields = append(fields, e.Field)
		}
		require.Contains(t, fields, test.field, test.body)
		require.NotContains(t, w.Body.String(), secret)
	}
	w := call(t, s.public, http.MethodPost, "/user/", "", `{"email":`)
	require.Equal(t, http.StatusBadRequest, w.Code)
}

func TestReadAndChange(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	u, token := s.signIn(t, users.RoleCustomer)
	read := call(t, s.public, http.MethodGet, "/user/me", token, "")
	require.Equal(t, http.StatusOK, read.Code, read.Body)
	require.Equal(t, `"1"`, read.Header().Get("ETag"))
	golden(t, "user", read.Body.Bytes())
	byID := call(t, s.public, http.MethodGet, "/user/"+u.ID.String()+"/", token, "")
	require.Equal(t, read.Body.String(), byID.Body.String())
	require.Equal(t, http.StatusNotModified, call(t, s.public, http.MethodGet, "/user/me", token, "", "If-None-Match", `"1"`).Code)

	changed := call(t, s.public, http.MethodPut, "/user/me", token, `{"name":"Ada King"}`, "If-Match", `"1"`)
	require.Equal(t, http.StatusOK, changed.Code, changed.Body)
	require.Equal(t, `"2"`, changed.Header().Get("ETag"))
	require.Contains(t, changed.Body.String(), `"name":"Ada King"`)
	stale := call(t, s.public, http.MethodPut, "/user/me", token, `{"name":"x"}`, "If-Match", `"1"`)
	require.Equal(t, http.StatusPreconditionFailed, stale.Code)
}

func TestNewPasswordKeepsTheSessionThatAsks(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	u, other := s.signIn(t, users.RoleCustomer)
	session, err := s.fake.SignIn(t.Context(), users.SignInInput{Email: u.Email, Password: password})
	require.NoError(t, err)
	w := call(t, s.public, http.MethodPut, "/user/me", session.Token, `{"password":"staple battery","current_password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, http.StatusOK, call(t, s.public, http.MethodGet, "/session", session.Token, "").Code)
	require.Equal(t, http.StatusUnauthorized, call(t, s.public, http.MethodGet, "/session", other, "").Code)
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, customer := s.signIn(t, users.RoleCustomer)
	admin, administrator := s.signIn(t, users.RoleAdministrator)
	for _, test := range []struct {
		method, path, token, body string
		status                    int
	}{
		{"GET", "/user/me", "", "", http.StatusUnauthorized},
		{"GET", "/user/me", "unknown", "", http.StatusUnauthorized},
		{"GET", "/user/" + admin.ID.String(), customer, "", http.StatusForbidden},
		{"GET", "/user/" + id.NewUser().String(), customer, "", http.StatusForbidden},
		{"GET", "/user/" + id.NewUser().String(), administrator, "", http.StatusNotFound},
		{"PUT", "/user/me", customer, `{"role":"administrator"}`, http.StatusForbidden},
		{"GET", "/users/", customer, "", http.StatusForbidden},
		{"GET", "/users/", administrator, "", http.StatusOK},
		{"DELETE", "/user/" + admin.ID.String(), customer, "", http.StatusForbidden},
		{"DELETE", "/user/me", administrator, "", http.StatusConflict},
		{"POST", "/internal/users/find", administrator, `{"email":"a@example.com"}`, http.StatusNotFound},
	} {
		w := call(t, s.public, test.method, test.path, test.token, test.body)
		require.Equal(t, test.status, w.Code, "%s %s: %s", test.method, test.path, w.Body)
		if test.status >= 400 {
			problem(t, w)
		}
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, token := s.signIn(t, users.RoleCustomer)
	require.Equal(t, http.StatusPreconditionFailed, call(t, s.public, http.MethodDelete, "/user/me", token, "", "If-Match", `"9"`).Code)
	w := call(t, s.public, http.MethodDelete, "/user/me", token, "")
	require.Equal(t, http.StatusNoContent, w.Code, w.Body)
	require.Empty(t, w.Body)
	require.Equal(t, http.StatusUnauthorized, call(t, s.public, http.MethodGet, "/user/me", token, "").Code)
}

func TestList(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, token := s.signIn(t, users.RoleAdministrator)
	for n := range 3 {
		s.fake.Add(users.User{Email: fmt.Sprintf("u%d@example.com", n), Name: fmt.Sprintf("User %d", n)}, password)
	}
	first := call(t, s.public, http.MethodGet, "/users/?limit=2&count=exact&q=USER", token, "")
	require.Equal(t, http.StatusOK, first.Code, first.Body)
	require.Contains(t, first.Body.String(), `"total":3`)
	link := first.Header().Get("Link")
	require.Regexp(t, `^</users\?.*cursor=.*>; rel="next"$`, link)
	next, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
	second := call(t, s.public, http.MethodGet, next, token, "")
	require.Equal(t, http.StatusOK, second.Code, second.Body)
	require.Contains(t, second.Body.String(), "u0@example.com")
	require.Empty(t, second.Header().Get("Link"))
	for _, query := range []string{"?limit=101", "?limit=x", "?cursor=!", "?role=king", "?q=" + strings.Repeat("x", 201), "?unknown=1"} {
		w := call(t, s.public, http.MethodGet, "/users/"+query, token, "")
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, "%s: %s", query, w.Body)
	}
}
