package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/fault"
	"shop/platform/httpapi"
)

func TestETag(t *testing.T) {
	t.Parallel()
	require.Equal(t, `"7"`, httpapi.ETag(7))
	require.Equal(t, `"7-3-12"`, httpapi.ETag(7, 3, 12))
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public() // answers "7-3"
	for sent, status := range map[string]int{
		``:                       200,
		`"7-3"`:                  304,
		`W/"7-3"`:                304,
		`"1", W/"2" , "7-3"`:     304,
		`"1",W/"7-3","2"`:        304,
		`*`:                      304,
		`"7-3-gzip"`:             304,
		`W/"7-3-gzip"`:           304,
		`"7"`:                    200,
		`7-3`:                    200,
		`"7-3`:                   200,
		`"*"`:                    200,
		`"",,"`:                  200,
		strings.Repeat(`"`, 999): 200,
	} {
		w := call(t, h, http.MethodGet, "/things/a", "", "If-None-Match", sent)
		require.Equal(t, status, w.Code, sent)
		require.Equal(t, `"7-3"`, w.Header().Get("ETag"), sent)
		if status == http.StatusNotModified {
			require.Empty(t, w.Body.String())
		}
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]struct {
		version int64
		err     error
	}{
		``:                        {0, nil},
		`*`:                       {0, nil},
		` * `:                     {0, nil},
		`"7"`:                     {7, nil},
		` "7" `:                   {7, nil},
		`"7-3"`:                   {7, nil},
		`"7-gzip"`:                {7, nil},
		`"9223372036854775807"`:   {9223372036854775807, nil},
		`W/"7"`:                   {0, fault.ErrPrecondition},
		`"9223372036854775808"`:   {0, fault.ErrPrecondition},
		`"0"`:                     {0, fault.ErrPrecondition},
		`"-7"`:                    {0, fault.ErrPrecondition},
		`"+7"`:                    {0, fault.ErrPrecondition},
		`"07"`:                    {0, fault.ErrPrecondition},
		`"abc"`:                   {0, fault.ErrPrecondition},
		`""`:                      {0, fault.ErrPrecondition},
		`7`:                       {0, fault.InvalidField("", "")},
		`"7`:                      {0, fault.InvalidField("", "")},
		`"`:                       {0, fault.InvalidField("", "")},
		`"7", "8"`:                {0, fault.InvalidField("", "")},
		`w/"7"`:                   {0, fault.InvalidField("", "")},
		strings.Repeat(`"7",`, 9): {0, fault.InvalidField("", "")},
	} {
		version, err := httpapi.Precondition{IfMatch: sent}.Version()
		require.Equal(t, want.version, version, sent)
		require.ErrorIs(t, err, want.err, sent)
	}
}

func TestIfMatch_Answers(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	put := func(match string) (int, string) {
		w := call(t, h, http.MethodPut, "/things/a", `{"name":"a"}`, "Authorization", "Bearer customer", "If-Match", match)
		return w.Code, w.Body.String()
	}
	status, body := put(`"12"`)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"text":"12"}`, body)
	status, body = put(`"abc"`)
	require.Equal(t, http.StatusPreconditionFailed, status)
	require.Contains(t, body, `"code":"precondition_failed"`)
	status, body = put(`12`)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `"field":"header.If-Match"`)
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	w := call(t, h, http.MethodPost, "/things/", `{"name":"a"}`, "Idempotency-Key", "first")
	require.Equal(t, http.StatusCreated, w.Code)
	require.Equal(t, "/things/1", w.Header().Get("Location"))
	require.Equal(t, `"1"`, w.Header().Get("ETag"))
	require.NotContains(t, w.Header(), "Idempotent-Replayed")
	w = call(t, h, http.MethodPost, "/things/", `{"name":"a"}`, "Idempotency-Key", "again")
	require.Equal(t, "true", w.Header().Get("Idempotent-Replayed"))
	for _, bad := range []string{long(256), "ä", "a\x7f"} {
		p := problem(t, call(t, h, http.MethodPost, "/things/", `{"name":"a"}`, "Idempotency-Key", bad), http.StatusUnprocessableEntity, "invalid_request")
		require.Equal(t, "header.Idempotency-Key", fields(p))
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for _, path := range []string{"/things", "/things/"} {
		w := call(t, h, http.MethodGet, path+"?limit=2&least=0", "")
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.JSONEq(t, `{"items":[{"name":"a"},{"name":"b"}],"next_cursor":"more+","total":0}`, w.Body.String())
		require.Equal(t, `</things?cursor=more%2B&least=0&limit=2>; rel="next"`, w.Header().Get("Link"))
	}
	w := call(t, h, http.MethodGet, "/things?cursor=more%2B", "")
	require.JSONEq(t, `{"items":[{"name":"a"},{"name":"b"}]}`, w.Body.String())
	require.NotContains(t, w.Header(), "Link")
}

func TestUserRef(t *testing.T) {
	t.Parallel()
	h := newAPI(t, options(), hooks{}).Public()
	for path, token := range map[string]string{"/user/me/name": "customer", "/user/" + customer.String() + "/name": "admin", "/user/" + customer.String() + "/name/": "customer"} {
		w := call(t, h, http.MethodGet, path, "", "Authorization", "Bearer "+token)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		var body struct {
			Text string `json:"text"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
		require.Equal(t, customer.String(), body.Text)
	}
	problem(t, call(t, h, http.MethodGet, "/user/me/name", ""), http.StatusUnauthorized, "unauthenticated")
	p := problem(t, call(t, h, http.MethodGet, "/user/Me/name", ""), http.StatusUnprocessableEntity, "invalid_request")
	require.Equal(t, "path.user", fields(p))
}
