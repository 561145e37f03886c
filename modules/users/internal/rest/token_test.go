package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/id"
)

func TestVerification(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	u, session := s.signIn(t, users.RoleCustomer)
	asked := call(t, s.public, http.MethodPost, "/user/me/verification", session, "")
	require.Equal(t, http.StatusAccepted, asked.Code, asked.Body)
	require.Empty(t, asked.Body)

	body := `{"token":"` + s.issue(t, u.ID, users.PurposeVerification) + `"}`
	verified := call(t, s.public, http.MethodPost, "/verification", "", body)
	require.Equal(t, http.StatusOK, verified.Code, verified.Body)
	require.Contains(t, verified.Body.String(), `"verified":true`)
	again := call(t, s.public, http.MethodPost, "/verification", "", body)
	require.Equal(t, http.StatusNotFound, again.Code)
	golden(t, "token_invalid", again.Body.Bytes())
	nothing := call(t, s.public, http.MethodPost, "/user/me/verification", session, "")
	require.Equal(t, http.StatusConflict, nothing.Code)
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	u, session := s.signIn(t, users.RoleCustomer)
	for _, email := range []string{u.Email, "nobody@example.com"} {
		w := call(t, s.public, http.MethodPost, "/password-reset", "", `{"email":"`+email+`"}`)
		require.Equal(t, http.StatusAccepted, w.Code, w.Body)
		require.Empty(t, w.Body)
	}
	token := s.issue(t, u.ID, users.PurposePasswordReset)
	w := call(t, s.public, http.MethodPut, "/password-reset/"+token, "", `{"password":"staple battery"}`)
	require.Equal(t, http.StatusNoContent, w.Code, w.Body)
	require.Equal(t, http.StatusUnauthorized, call(t, s.public, http.MethodGet, "/session", session, "").Code)
	w = call(t, s.public, http.MethodPut, "/password-reset/"+token, "", `{"password":"staple battery"}`)
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, s.log.String(), "/password-reset/{token}")
	require.NotContains(t, s.log.String(), token, "a token in a path is not logged")
	require.NotContains(t, s.log.String(), u.Email)
}

func TestInternal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	u, session := s.signIn(t, users.RoleCustomer)
	post := func(path, body string, status int) string {
		t.Helper()
		w := call(t, s.internal, http.MethodPost, path, "a.b.c", body)
		require.Equal(t, status, w.Code, "%s: %s", path, w.Body)
		return w.Body.String()
	}
	require.Contains(t, post("/internal/users/find", `{"email":"CUSTOMER@example.com"}`, 200), u.ID.String())
	post("/internal/users/find", `{"email":"nobody@example.com"}`, 404)
	golden(t, "known_session", []byte(post("/internal/users/authenticate", `{"token":"`+session+`"}`, 200)))
	post("/internal/users/authenticate", `{"token":"x"}`, 401)
	golden(t, "issued_token", []byte(post("/internal/users/tokens", `{"user_id":"`+u.ID.String()+`","purpose":"verification"}`, 200)))
	post("/internal/users/tokens", `{"user_id":"`+id.NewUser().String()+`","purpose":"verification"}`, 404)
	post("/internal/users/tokens", `{"user_id":"prod_01h455vb4pex5vsknk084sn02q","purpose":"wish"}`, 422)
	admin := `{"email":"root@example.com","password":"correct horse","name":"Root","only_first":true}`
	golden(t, "registered", []byte(post("/internal/users/administrators", admin, 201)))
	require.Equal(t, "{}\n", post("/internal/users/administrators", admin, 201))

	_, administrator := s.signIn(t, users.RoleAdministrator)
	for _, h := range []http.Handler{s.public, s.internal} {
		w := call(t, h, http.MethodPost, "/internal/users/find", session, `{"email":"a@example.com"}`)
		require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, w.Code)
	}
	w := call(t, s.internal, http.MethodPost, "/internal/users/tokens", administrator, `{"user_id":"`+u.ID.String()+`","purpose":"password_reset"}`)
	require.Equal(t, http.StatusForbidden, w.Code, "administrators do not get at tokens")
}

// Another process sends what its callers presented, secrets among it.
func TestForwarded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	u, session := s.signIn(t, users.RoleCustomer)
	post := func(path, body string, status int) string {
		t.Helper()
		w := call(t, s.internal, http.MethodPost, path, "a.b.c", body)
		require.Equal(t, status, w.Code, "%s: %s", path, w.Body)
		return w.Body.String()
	}
	from := func(address string) string {
		return `{"email":"customer@example.com","password":"` + password + `","address":"` + address + `"}`
	}
	wrong := strings.Replace(from("192.0.2.7"), password, "wrong password", 1)
	for range 10 {
		post("/internal/users/sessions", wrong, 401)
	}
	post("/internal/users/sessions", from("192.0.2.7"), 429)
	golden(t, "new_session", []byte(post("/internal/users/sessions", from("192.0.2.8"), 201)))
	verification := s.issue(t, u.ID, users.PurposeVerification)
	require.Contains(t, post("/internal/users/verification", `{"token":"`+verification+`"}`, 200), `"verified":true`)
	golden(t, "token_invalid", []byte(post("/internal/users/verification", `{"token":""}`, 404)))
	change := `{"password":"staple battery","current_password":"` + password + `","keep_session":"` + session + `"}`
	w := call(t, s.internal, http.MethodPut, "/internal/users/accounts/"+u.ID.String(), "a.b.c", change, "If-Match", `"1"`)
	require.Equal(t, http.StatusPreconditionFailed, w.Code, w.Body)
	w = call(t, s.internal, http.MethodPut, "/internal/users/accounts/"+u.ID.String(), "a.b.c", change, "If-Match", `"2"`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	post("/internal/users/authenticate", `{"token":"`+session+`"}`, 200)
	for range 2 {
		post("/internal/users/sign-out", `{"token":"`+session+`"}`, 204)
	}
	post("/internal/users/authenticate", `{"token":"`+session+`"}`, 401)
	reset := s.issue(t, u.ID, users.PurposePasswordReset)
	post("/internal/users/password-reset", `{"token":"`+reset+`","password":"correct horse"}`, 204)
	for _, secret := range []string{session, verification, reset, "staple", "correct horse", "customer@example.com", "192.0.2."} {
		require.NotContains(t, s.log.String(), secret)
	}
}
