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
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart/carttest"
	"shop/modules/cart/internal/rest"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module/moduletest"
)

// shop serves carts over the fake. The session "ada" is of a customer, "admin"
// of an administrator, and any other of a customer of its own.
type shop struct {
	*carttest.Outside
	public http.Handler
	api    *httpapi.API
	ada    id.User
}

func newShop(tb testing.TB) *shop {
	tb.Helper()
	s := &shop{Outside: carttest.NewOutside(), ada: id.NewUser()}
	api, err := httpapi.New(httpapi.Options{
		Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
		AuthenticateSession: func(_ context.Context, token string) (identity.Actor, error) {
			if token == "ada" {
				return identity.Actor{User: s.ada}, nil
			}
			return identity.Actor{User: id.NewUser(), Administrator: token == "admin"}, nil
		},
	})
	require.NoError(tb, err)
	fake, err := carttest.NewFake(s.Catalog, s.Payments, s.Clock.Now)
	require.NoError(tb, err)
	rest.Register(api, fake)
	s.public, s.api = api.Public(), api
	return s
}

func (s *shop) call(tb testing.TB, method, path, token, body string, header ...string) *httptest.ResponseRecorder {
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
	s.public.ServeHTTP(w, r)
	return w
}

func newItem(product id.Product, quantity string) string {
	return `{"product_id":"` + product.String() + `","quantity":` + quantity + `}`
}

// add puts two of a product in Ada's cart and returns its location and ETag.
func (s *shop) add(tb testing.TB, product id.Product) (location, etag string) {
	tb.Helper()
	w := s.call(tb, http.MethodPost, "/user/me/cart/", "ada", newItem(product, "2"))
	require.Equal(tb, http.StatusCreated, w.Code, w.Body)
	return w.Header().Get("Location"), w.Header().Get("Etag")
}

var changing = regexp.MustCompile(`(user|prod|cart|chk|inv)_[0-9a-z]{26}|\d{4}-\d\d-\d\dT[0-9:.]+Z|"\d{4}-\d{6}"|"[0-9a-f]{24}"`)

// golden compares a body with its golden file; identifiers and times, which are
// made anew each time, are left out.
func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, body, "", "  "), "%s", body)
	got := changing.ReplaceAllStringFunc(strings.TrimSpace(indented.String())+"\n", func(text string) string {
		switch kind, _, found := strings.Cut(text, "_"); {
		case found:
			return kind + "_…"
		case strings.HasPrefix(text, `"`):
			return `"…"`
		default:
			return "…"
		}
	})
	file := filepath.Join("testdata", name+".json")
	if moduletest.Update() {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestItem(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	mug := s.Product(t, nil)
	w := s.call(t, http.MethodPost, "/user/me/cart", "ada", newItem(mug.ID, "2"), "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	golden(t, "item", w.Body.Bytes())
	location, etag := w.Header().Get("Location"), w.Header().Get("Etag")
	require.Regexp(t, `^/user/`+s.ada.String()+`/cart/cart_[0-9a-z]{26}$`, location)
	again := s.call(t, http.MethodPost, "/user/me/cart/", "ada", newItem(mug.ID, "2"), "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, again.Code)
	require.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
	require.JSONEq(t, w.Body.String(), again.Body.String())

	read := s.call(t, http.MethodGet, location, "admin", "")
	require.Equal(t, http.StatusOK, read.Code)
	require.JSONEq(t, w.Body.String(), read.Body.String())
	require.Equal(t, etag, read.Header().Get("Etag"))
	require.Equal(t, http.StatusNotModified, s.call(t, http.MethodGet, location, "ada", "", "If-None-Match", etag).Code)
	name := "Red mug"
	_, err := s.Catalog.UpdateProduct(identity.AsService(t.Context(), "test"), catalog.UpdateProductInput{ID: mug.ID, Name: &name})
	require.NoError(t, err)
	read = s.call(t, http.MethodGet, location, "ada", "", "If-None-Match", etag)
	require.Equal(t, http.StatusOK, read.Code, "the product has changed")

	changed := s.call(t, http.MethodPut, location, "ada", `{"quantity":5}`, "If-Match", etag)
	require.Equal(t, http.StatusOK, changed.Code, "%s: a change of the product is none of the item", changed.Body)
	golden(t, "item_changed", changed.Body.Bytes())
	require.Equal(t, http.StatusOK, s.call(t, http.MethodPut, location, "ada", `{}`).Code)
	for method, body := range map[string]string{http.MethodPut: `{"quantity":6}`, http.MethodDelete: ""} {
		stale := s.call(t, method, location, "ada", body, "If-Match", etag)
		require.Equal(t, http.StatusPreconditionFailed, stale.Code, method)
	}
	require.Equal(t, http.StatusNoContent, s.call(t, http.MethodDelete, location, "ada", "", "If-Match", changed.Header().Get("Etag")).Code)
	gone := s.call(t, http.MethodGet, location, "ada", "")
	require.Equal(t, http.StatusNotFound, gone.Code)
	golden(t, "item_not_found", gone.Body.Bytes())
}

func TestCart(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	empty := s.call(t, http.MethodGet, "/user/me/cart/", "ada", "")
	require.Equal(t, http.StatusOK, empty.Code)
	golden(t, "cart_empty", empty.Body.Bytes())
	s.add(t, s.Product(t, nil).ID)
	s.add(t, s.Product(t, func(in *catalog.CreateProductInput) { in.Name, in.Stock = "Pan", 1 }).ID)
	full := s.call(t, http.MethodGet, "/user/"+s.ada.String()+"/cart", "ada", "", "If-None-Match", empty.Header().Get("Etag"))
	require.Equal(t, http.StatusOK, full.Code)
	golden(t, "cart", full.Body.Bytes())
	same := s.call(t, http.MethodGet, "/user/me/cart/", "ada", "", "If-None-Match", full.Header().Get("Etag"))
	require.Equal(t, http.StatusNotModified, same.Code)
	require.Equal(t, http.StatusNoContent, s.call(t, http.MethodDelete, "/user/me/cart/", "ada", "").Code)
	require.JSONEq(t, empty.Body.String(), s.call(t, http.MethodGet, "/user/me/cart/", "ada", "").Body.String())
}

func TestCheckout(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"empty object": "{}", "no body": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.add(t, s.Product(t, nil).ID)
			done := s.call(t, http.MethodPost, "/user/me/checkout", "ada", body, "Idempotency-Key", "k")
			require.Equal(t, http.StatusCreated, done.Code, done.Body)
			golden(t, "checkout", done.Body.Bytes())
			var checkout struct {
				InvoiceID id.Invoice `json:"invoice_id"`
			}
			require.NoError(t, json.Unmarshal(done.Body.Bytes(), &checkout))
			require.Equal(t, "/invoices/"+checkout.InvoiceID.String(), done.Header().Get("Location"))
			require.Equal(t, checkout.InvoiceID, s.Invoices(t, s.ada)[0].ID)
			require.Empty(t, done.Header().Values("Idempotent-Replayed"))
			again := s.call(t, http.MethodPost, "/user/me/checkout/", "ada", body, "Idempotency-Key", "k")
			require.Equal(t, http.StatusCreated, again.Code)
			require.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
			require.JSONEq(t, done.Body.String(), again.Body.String())
			none := s.call(t, http.MethodPost, "/user/me/checkout", "ada", body)
			require.Equal(t, http.StatusConflict, none.Code)
			golden(t, "checkout_empty", none.Body.Bytes())
		})
	}
}

func TestCheckoutProblems(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add(t, s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 1 }).ID)
	short := s.call(t, http.MethodPost, "/user/me/checkout", "ada", "")
	require.Equal(t, http.StatusConflict, short.Code)
	golden(t, "checkout_unavailable", short.Body.Bytes())

	s.call(t, http.MethodDelete, "/user/me/cart/", "ada", "")
	s.add(t, s.Product(t, nil).ID)
	s.Break(payments.MethodCreateInvoice, carttest.Fault{Before: func() error {
		return fault.New(fault.Unavailable, "unreachable", "nobody answers")
	}})
	interrupted := s.call(t, http.MethodPost, "/user/me/checkout", "ada", "", "Idempotency-Key", "k")
	require.Equal(t, http.StatusServiceUnavailable, interrupted.Code)
	require.Equal(t, "2", interrupted.Header().Get("Retry-After"))
	golden(t, "checkout_interrupted", interrupted.Body.Bytes())
	busy := s.call(t, http.MethodPost, "/user/me/checkout", "ada", "")
	require.Equal(t, http.StatusConflict, busy.Code)
	golden(t, "checkout_in_progress", busy.Body.Bytes())
}

func TestProblems(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	mug := s.Product(t, nil)
	location, _ := s.add(t, mug.ID)
	good := newItem(mug.ID, "1")
	for name, c := range map[string]struct {
		method, path, token, body string
		status                    int
		want                      string
	}{
		"anonymous":        {http.MethodPost, "/user/me/cart/", "", good, http.StatusUnauthorized, `"code":"unauthenticated"`},
		"somebody else":    {http.MethodPost, "/user/" + s.ada.String() + "/cart/", "bob", good, http.StatusForbidden, `"code":"forbidden"`},
		"other checkout":   {http.MethodPost, "/user/" + s.ada.String() + "/checkout", "bob", "", http.StatusForbidden, `"code":"forbidden"`},
		"no user":          {http.MethodGet, "/user/nobody/cart/", "ada", "", http.StatusUnprocessableEntity, `"field":"path.uid"`},
		"no item":          {http.MethodGet, "/user/me/cart/" + mug.ID.String(), "ada", "", http.StatusUnprocessableEntity, `"field":"path.id"`},
		"no JSON":          {http.MethodPost, "/user/me/cart/", "ada", "{", http.StatusBadRequest, `"field":"body"`},
		"no body":          {http.MethodPost, "/user/me/cart/", "ada", "", http.StatusBadRequest, `"field":"body"`},
		"no product":       {http.MethodPost, "/user/me/cart/", "ada", `{"quantity":1}`, http.StatusUnprocessableEntity, `"field":"body`},
		"no quantity":      {http.MethodPost, "/user/me/cart/", "ada", `{"product_id":"` + mug.ID.String() + `"}`, http.StatusUnprocessableEntity, `quantity`},
		"not a product":    {http.MethodPost, "/user/me/cart/", "ada", strings.Replace(good, "prod_", "user_", 1), http.StatusUnprocessableEntity, `"field":"body.product_id"`},
		"unknown product":  {http.MethodPost, "/user/me/cart/", "ada", newItem(id.NewProduct(), "1"), http.StatusUnprocessableEntity, `"field":"body.product_id"`},
		"none":             {http.MethodPost, "/user/me/cart/", "ada", newItem(mug.ID, "0"), http.StatusUnprocessableEntity, `"field":"body.quantity"`},
		"negative":         {http.MethodPost, "/user/me/cart/", "ada", newItem(mug.ID, "-1"), http.StatusUnprocessableEntity, `"field":"body.quantity"`},
		"enormous":         {http.MethodPost, "/user/me/cart/", "ada", newItem(mug.ID, "1e300"), http.StatusUnprocessableEntity, `"field":"body.quantity"`},
		"fraction":         {http.MethodPost, "/user/me/cart/", "ada", newItem(mug.ID, "1.5"), http.StatusUnprocessableEntity, `"field":"body.quantity"`},
		"text":             {http.MethodPost, "/user/me/cart/", "ada", newItem(mug.ID, `"2"`), http.StatusUnprocessableEntity, `"field":"body.quantity"`},
		"unknown field":    {http.MethodPost, "/user/me/cart/", "ada", strings.Replace(good, "{", `{"price":1,`, 1), http.StatusUnprocessableEntity, `"field":"body.price"`},
		"full item":        {http.MethodPost, "/user/me/cart/", "ada", newItem(mug.ID, "9999"), http.StatusConflict, `"field":"body.quantity"`},
		"change to none":   {http.MethodPut, location, "ada", `{"quantity":0}`, http.StatusUnprocessableEntity, `"field":"body.quantity"`},
		"change a product": {http.MethodPut, location, "ada", good, http.StatusUnprocessableEntity, `"field":"body.product_id"`},
		"checkout field":   {http.MethodPost, "/user/me/checkout", "ada", `{"total":1}`, http.StatusUnprocessableEntity, `"field":"body.total"`},
		"checkout list":    {http.MethodPost, "/user/me/checkout", "ada", `[]`, http.StatusUnprocessableEntity, `"field":"body"`},
		"unknown query":    {http.MethodGet, "/user/me/cart/?limit=1", "ada", "", http.StatusUnprocessableEntity, `"field":"query.limit"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.call(t, c.method, c.path, c.token, c.body)
			require.Equal(t, c.status, got.Code, got.Body)
			require.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
			require.Contains(t, got.Body.String(), c.want)
		})
	}
}

// The document says that the total may be null.
func TestDocument(t *testing.T) {
	t.Parallel()
	document, err := json.Marshal(newShop(t).api.OpenAPI().Components.Schemas)
	require.NoError(t, err)
	require.Contains(t, string(document), `"oneOf":[{"$ref":"#/components/schemas/CartPrice"},{"type":"null"}]`)
}
