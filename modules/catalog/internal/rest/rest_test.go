package rest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog/catalogtest"
	"shop/modules/catalog/internal/rest"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
)

// server serves a catalog; "Bearer admin" is an administrator and "Bearer
// customer" a customer.
func server(t testing.TB) http.Handler {
	t.Helper()
	api, err := httpapi.New(httpapi.Options{
		Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
		AuthenticateSession: func(_ context.Context, token string) (identity.Actor, error) {
			return identity.Actor{User: id.NewUser(), Administrator: token == "admin"}, nil
		},
	})
	require.NoError(t, err)
	rest.Register(api, catalogtest.NewFake())
	return api.Public()
}

func call(t testing.TB, h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, reader)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const mug = `{"sku":"MUG","name":"Mug","price":{"amount":1250,"currency":"EUR"},"stock":3,"category":"Kitchen"}`

func TestCreateAndRead(t *testing.T) {
	t.Parallel()
	h := server(t)
	created := call(t, h, http.MethodPost, "/product/", mug, "Authorization", "Bearer admin", "Idempotency-Key", "k1")
	require.Equal(t, http.StatusCreated, created.Code, created.Body)
	location := created.Header().Get("Location")
	require.Regexp(t, `^/product/prod_[0-9a-z]{26}$`, location)
	require.Regexp(t, `"created_at":"[0-9T:.-]+Z"`, created.Body.String())

	for _, path := range []string{location, location + "/"} {
		got := call(t, h, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, got.Code)
		require.JSONEq(t, created.Body.String(), got.Body.String())
		require.Equal(t, created.Header().Get("ETag"), got.Header().Get("ETag"))
		same := call(t, h, http.MethodGet, path, "", "If-None-Match", got.Header().Get("ETag"))
		require.Equal(t, http.StatusNotModified, same.Code)
		require.Empty(t, same.Body.String())
		require.Equal(t, got.Header().Get("ETag"), same.Header().Get("ETag"))
	}
	require.Equal(t, http.StatusOK, call(t, h, http.MethodHead, location, "").Code)
}

func TestChange(t *testing.T) {
	t.Parallel()
	h := server(t)
	created := call(t, h, http.MethodPost, "/product", mug, "Authorization", "Bearer admin")
	location, etag := created.Header().Get("Location"), created.Header().Get("ETag")
	changed := call(t, h, http.MethodPut, location, `{"name":"Cup"}`, "Authorization", "Bearer admin", "If-Match", etag)
	require.Equal(t, http.StatusOK, changed.Code, changed.Body)
	require.Contains(t, changed.Body.String(), `"name":"Cup"`)
	require.Contains(t, changed.Body.String(), `"stock":3`)
	stale := call(t, h, http.MethodPut, location, `{"name":"Pot"}`, "Authorization", "Bearer admin", "If-Match", etag)
	require.Equal(t, http.StatusPreconditionFailed, stale.Code)
	require.Equal(t, http.StatusNoContent, call(t, h, http.MethodDelete, location, "", "Authorization", "Bearer admin").Code)
	require.Contains(t, call(t, h, http.MethodGet, location, "").Body.String(), `"deleted_at"`)
	require.JSONEq(t, `{"items":[]}`, call(t, h, http.MethodGet, "/products/", "").Body.String())
}

func TestProblems(t *testing.T) {
	t.Parallel()
	h := server(t)
	for name, c := range map[string]struct {
		method, path, body, token string
		status                    int
		want                      string
	}{
		"anonymous":      {http.MethodPost, "/product/", mug, "", http.StatusUnauthorized, `"code":"unauthenticated"`},
		"customer":       {http.MethodPost, "/product/", mug, "customer", http.StatusForbidden, `"code":"forbidden"`},
		"no JSON":        {http.MethodPost, "/product/", "{", "admin", http.StatusBadRequest, `"field":"body"`},
		"unknown field":  {http.MethodPost, "/product/", strings.Replace(mug, "stock", "stick", 1), "admin", http.StatusUnprocessableEntity, `"field":"body.stick"`},
		"wrong type":     {http.MethodPost, "/product/", strings.Replace(mug, "1250", `"x"`, 1), "admin", http.StatusUnprocessableEntity, `"field":"body.price.amount"`},
		"enormous":       {http.MethodPost, "/product/", strings.Replace(mug, "1250", `1e300`, 1), "admin", http.StatusUnprocessableEntity, `"field":"body.price.amount"`},
		"NUL":            {http.MethodPost, "/product/", strings.Replace(mug, "Mug", `M\u0000g`, 1), "admin", http.StatusUnprocessableEntity, `"field":"body.name"`},
		"not UTF-8":      {http.MethodPost, "/product/", strings.Replace(mug, "Mug", "M\xffg", 1), "admin", http.StatusUnprocessableEntity, `"field":"body.name"`},
		"too large":      {http.MethodPost, "/product/", `{"name":"` + strings.Repeat("x", 10<<20) + `"}`, "admin", http.StatusRequestEntityTooLarge, `"field":"body"`},
		"other kind":     {http.MethodGet, "/product/" + id.NewUser().String(), "", "", http.StatusUnprocessableEntity, `"field":"path.id"`},
		"unknown":        {http.MethodGet, "/product/" + id.NewProduct().String(), "", "", http.StatusNotFound, `"code":"product_not_found"`},
		"limit":          {http.MethodGet, "/products/?limit=101", "", "", http.StatusUnprocessableEntity, `"field":"query.limit"`},
		"cursor":         {http.MethodGet, "/products/?cursor=x", "", "", http.StatusUnprocessableEntity, `"field":"query.cursor"`},
		"unknown filter": {http.MethodGet, "/products/?colour=red", "", "", http.StatusUnprocessableEntity, `"field":"query.colour"`},
		"no route":       {http.MethodGet, "/nothing", "", "", http.StatusNotFound, `"code":"no_such_route"`},
		"no method":      {http.MethodPatch, "/product", "", "", http.StatusMethodNotAllowed, `"code":"method_not_allowed"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := []string{}
			if c.token != "" {
				header = append(header, "Authorization", "Bearer "+c.token)
			}
			got := call(t, h, c.method, c.path, c.body, header...)
			require.Equal(t, c.status, got.Code, got.Body)
			require.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
			require.Contains(t, got.Body.String(), c.want)
			require.Contains(t, got.Body.String(), `"request_id":"`+got.Header().Get("X-Request-Id"))
		})
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	h := server(t)
	for _, sku := range []string{"A", "B", "C"} {
		created := call(t, h, http.MethodPost, "/product/", strings.Replace(mug, "MUG", sku, 1), "Authorization", "Bearer admin")
		require.Equal(t, http.StatusCreated, created.Code)
	}
	first := call(t, h, http.MethodGet, "/products/?limit=2&sort=name&count=exact", "")
	require.Equal(t, http.StatusOK, first.Code, first.Body)
	require.Contains(t, first.Body.String(), `"total":3`)
	link := first.Header().Get("Link")
	require.Regexp(t, `^</products\?count=exact&cursor=[^>]+&limit=2&sort=name>; rel="next"$`, link)
	second := call(t, h, http.MethodGet, strings.TrimPrefix(strings.Split(link, ">")[0], "<"), "")
	require.Equal(t, http.StatusOK, second.Code, second.Body)
	require.NotContains(t, second.Body.String(), "next_cursor")
	require.Empty(t, second.Header().Get("Link"))
}

func benchmark(b *testing.B, path string) {
	h := server(b)
	for i := range 20 {
		call(b, h, http.MethodPost, "/product/", strings.Replace(mug, "MUG", "M"+string(rune('a'+i)), 1), "Authorization", "Bearer admin")
	}
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

func BenchmarkList20(b *testing.B)     { benchmark(b, "/products/?limit=20") }
func BenchmarkCategories(b *testing.B) { benchmark(b, "/categories/") }
