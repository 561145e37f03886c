package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
)

func TestSession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.signIn(t, users.RoleCustomer)
	started := call(t, s.public, http.MethodPost, "/session", "", `{"email":"Customer@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusCreated, started.Code, started.Body)
	require.Equal(t, "/session", started.Header().Get("Location"))
	require.Equal(t, "no-store", started.Header().Get("Cache-Control"))
	golden(t, "new_session", started.Body.Bytes())
	var session struct {
		Token string `json:"token"`
	}
	require.NoError(t, json.Unmarshal(started.Body.Bytes(), &session))

	who := call(t, s.public, http.MethodGet, "/session", session.Token, "")
	require.Equal(t, http.StatusOK, who.Code, who.Body)
	golden(t, "session", who.Body.Bytes())
	require.NotContains(t, who.Body.String(), session.Token)

	require.Equal(t, http.StatusNoContent, call(t, s.public, http.MethodDelete, "/session/", session.Token, "").Code)
	ended := call(t, s.public, http.MethodGet, "/session", session.Token, "")
	require.Equal(t, http.StatusUnauthorized, ended.Code)
	require.NotEmpty(t, ended.Header().Get("WWW-Authenticate"))
	golden(t, "session_ended", ended.Body.Bytes())
	require.NotContains(t, s.log.String(), session.Token)
}

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.signIn(t, users.RoleCustomer)
	var answers []string
	for _, email := range []string{"customer@example.com", "nobody@example.com"} {
		w := call(t, s.public, http.MethodPost, "/session", "", `{"email":"`+email+`","password":"wrong password"}`)
		require.Equal(t, http.StatusUnauthorized, w.Code)
		answers = append(answers, changing.ReplaceAllString(w.Body.String(), `"…"`))
		golden(t, "wrong_credentials", w.Body.Bytes())
	}
	require.Equal(t, answers[0], answers[1])
	for range 9 {
		call(t, s.public, http.MethodPost, "/session", "", `{"email":"customer@example.com","password":"wrong password"}`)
	}
	w := call(t, s.public, http.MethodPost, "/session", "", `{"email":"customer@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, "too_many_attempts", problem(t, w).Code)

	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/session",
		strings.NewReader(`{"email":"customer@example.com","password":"`+password+`"}`))
	r.RemoteAddr = "198.51.100.7:4711"
	elsewhere := httptest.NewRecorder()
	s.public.ServeHTTP(elsewhere, r)
	require.Equal(t, http.StatusCreated, elsewhere.Code, "failures count by the client's address")
}

func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	u, token := s.signIn(t, users.RoleCustomer)
	session, err := s.fake.SignIn(t.Context(), users.SignInInput{Email: u.Email, Password: password})
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, call(t, s.public, http.MethodDelete, "/user/me/sessions", token, "").Code)
	for _, ended := range []string{token, session.Token} {
		require.Equal(t, http.StatusUnauthorized, call(t, s.public, http.MethodGet, "/session", ended, "").Code)
	}
}

func TestGuest(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	come := func() (token, user string) {
		w := call(t, s.public, http.MethodPost, "/session/guest", "", "")
		require.Equal(t, http.StatusCreated, w.Code, w.Body)
		require.Equal(t, "/session", w.Header().Get("Location"))
		golden(t, "new_session", w.Body.Bytes())
		var session struct {
			Token string `json:"token"`
			User  string `json:"user_id"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &session))
		return session.Token, session.User
	}
	token, user := come()
	me := call(t, s.public, http.MethodGet, "/user/me", token, "")
	require.Equal(t, http.StatusOK, me.Code, me.Body)
	golden(t, "guest", me.Body.Bytes())
	w := call(t, s.public, http.MethodPut, "/user/me", token, `{"name":"Ada"}`)
	require.Equal(t, http.StatusForbidden, w.Code, w.Body)
	require.Equal(t, "guest", problem(t, w).Code)
	require.Equal(t, http.StatusForbidden, call(t, s.public, http.MethodPost, "/user/me/verification", token, "").Code)

	body := `{"email":"ada@example.com","password":"` + password + `","name":"Ada"}`
	registered := call(t, s.public, http.MethodPost, "/user/", token, body)
	require.Equal(t, http.StatusCreated, registered.Code, registered.Body)
	require.Equal(t, "/user/"+user, registered.Header().Get("Location"))
	me = call(t, s.public, http.MethodGet, "/user/me", token, "")
	require.Equal(t, me.Header().Get("ETag"), registered.Header().Get("ETag"))
	require.Contains(t, me.Body.String(), `"role":"customer"`)

	token, _ = come()
	credentials := `{"email":"ada@example.com","password":"` + password + `"}`
	require.Equal(t, http.StatusCreated, call(t, s.public, http.MethodPost, "/session", token, credentials).Code)
	require.Equal(t, http.StatusUnauthorized, call(t, s.public, http.MethodGet, "/session", token, "").Code, "merged")
	require.NotContains(t, s.log.String(), token)
}
