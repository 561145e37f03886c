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
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments/internal/rest"
	"shop/modules/payments/paymentstest"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module/moduletest"
)

// shop serves the module over the fake; the token "admin" is an
// administrator's, a user's token is his identifier.
type shop struct {
	public, internal http.Handler
	fake             *paymentstest.Fake
	user             id.User
}

func newShop(t testing.TB) *shop {
	t.Helper()
	api, err := httpapi.New(httpapi.Options{
		Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
		AuthenticateSession: func(_ context.Context, token string) (identity.Actor, error) {
			if token == "admin" {
				return identity.Actor{User: id.NewUser(), Administrator: true}, nil
			}
			var user id.User
			return identity.Actor{User: user}, user.UnmarshalText([]byte(token))
		},
	})
	require.NoError(t, err)
	users := &paymentstest.Users{}
	now := time.Date(2026, 11, 2, 9, 30, 0, 120_000_000, time.UTC)
	fake := paymentstest.NewFake(users, func() time.Time { return now })
	rest.Register(api, fake)
	return &shop{public: api.Public(), internal: api.Internal(), fake: fake, user: users.Add()}
}

func call(t testing.TB, h http.Handler, method, path, token, body string, header ...string) *httptest.ResponseRecorder {
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

// invoice is the body of a create for the user.
func (s *shop) invoice() string {
	return `{"user_id":"` + s.user.String() + `","currency":"EUR","lines":[
		{"product_id":"prod_01h455vb4pex5vsknk084sn02q","description":"Blue mug","quantity":2,"unit_price":{"amount":1250,"currency":"EUR"}},
		{"description":"Shipping","quantity":1,"unit_price":{"amount":490,"currency":"EUR"}}]}`
}

// create makes an invoice and returns its path.
func (s *shop) create(t testing.TB) string {
	t.Helper()
	created := call(t, s.public, http.MethodPost, "/invoices", "admin", s.invoice())
	require.Equal(t, http.StatusCreated, created.Code, created.Body)
	return created.Header().Get("Location")
}

var changing = regexp.MustCompile(`"((inv|user|line)_[0-9a-z]{26}|[0-9a-f]{24}|[A-Za-z0-9_-]{40,})"`)

// golden compares a body with its golden file; identifiers that are made anew
// each time are left out.
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

func TestCreateAndRead(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	created := call(t, s.public, http.MethodPost, "/invoices", "admin", s.invoice(), "Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, created.Code, created.Body)
	location := created.Header().Get("Location")
	require.Regexp(t, `^/invoices/inv_[0-9a-z]{26}$`, location)
	require.Empty(t, created.Header().Get("Idempotent-Replayed"))
	golden(t, "invoice_open", created.Body.Bytes())

	again := call(t, s.internal, http.MethodPost, "/invoices/", "admin", s.invoice())
	require.Equal(t, http.StatusCreated, again.Code)

	for _, path := range []string{location, location + "/"} {
		read := call(t, s.public, http.MethodGet, path, s.user.String(), "")
		require.Equal(t, http.StatusOK, read.Code)
		require.JSONEq(t, created.Body.String(), read.Body.String())
		require.Equal(t, created.Header().Get("ETag"), read.Header().Get("ETag"))
		same := call(t, s.public, http.MethodGet, path, s.user.String(), "", "If-None-Match", read.Header().Get("ETag"))
		require.Equal(t, http.StatusNotModified, same.Code)
	}
	other := call(t, s.public, http.MethodGet, location, id.NewUser().String(), "")
	require.Equal(t, http.StatusNotFound, other.Code)
	golden(t, "invoice_not_found", other.Body.Bytes())
}

func TestPay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	location := s.create(t)
	etag := call(t, s.public, http.MethodGet, location, s.user.String(), "").Header().Get("ETag")

	declined := call(t, s.public, http.MethodPost, location+"/pay", s.user.String(), `{"payment_method":"pm_declined"}`)
	require.Equal(t, http.StatusPaymentRequired, declined.Code)
	golden(t, "payment_declined", declined.Body.Bytes())

	const ok = `{"payment_method":"pm_ok"}`
	paid := call(t, s.public, http.MethodPost, location+"/pay/", s.user.String(), ok, "Idempotency-Key", "k")
	require.Equal(t, http.StatusOK, paid.Code, paid.Body)
	require.NotEqual(t, etag, paid.Header().Get("ETag"))
	golden(t, "invoice_paid", paid.Body.Bytes())

	replayed := call(t, s.public, http.MethodPost, location+"/pay", s.user.String(), ok, "Idempotency-Key", "k")
	require.Equal(t, http.StatusOK, replayed.Code)
	require.Equal(t, "true", replayed.Header().Get("Idempotent-Replayed"))
	require.Equal(t, paid.Body.String(), replayed.Body.String())

	twice := call(t, s.public, http.MethodPost, location+"/pay", s.user.String(), ok)
	require.Equal(t, http.StatusConflict, twice.Code)
	golden(t, "invoice_already_paid", twice.Body.Bytes())
}

func TestPayWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	location := s.create(t)
	silent := call(t, s.public, http.MethodPost, location+"/pay", s.user.String(), `{"payment_method":"pm_timeout"}`)
	require.Equal(t, http.StatusGatewayTimeout, silent.Code)
	golden(t, "payment_outcome_unknown", silent.Body.Bytes())
	require.Contains(t, call(t, s.public, http.MethodGet, location, s.user.String(), "").Body.String(), `"status":"paying"`)
}

func TestList(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for range 3 {
		s.create(t)
	}
	first := call(t, s.public, http.MethodGet, "/user/me/invoices?limit=2&count=exact", s.user.String(), "")
	require.Equal(t, http.StatusOK, first.Code, first.Body)
	golden(t, "invoices", first.Body.Bytes())
	next := regexp.MustCompile(`^<([^>]+)>; rel="next"$`).FindStringSubmatch(first.Header().Get("Link"))
	require.Len(t, next, 2)
	second := call(t, s.public, http.MethodGet, next[1], s.user.String(), "")
	require.Equal(t, http.StatusOK, second.Code, second.Body)
	require.Equal(t, 1, strings.Count(second.Body.String(), `"inv_`))

	require.Equal(t, http.StatusOK, call(t, s.public, http.MethodGet, "/user/"+s.user.String()+"/invoices/", "admin", "").Code)
	require.Equal(t, http.StatusForbidden, call(t, s.public, http.MethodGet, "/user/"+s.user.String()+"/invoices", id.NewUser().String(), "").Code)
	require.Equal(t, http.StatusUnauthorized, call(t, s.public, http.MethodGet, "/user/me/invoices", "", "").Code)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	location := s.create(t)
	for name, test := range map[string]struct {
		method, path, token, body string
		status                    int
		field                     string
	}{
		"create/customer":          {http.MethodPost, "/invoices", s.user.String(), s.invoice(), 403, ""},
		"create/anonymous":         {http.MethodPost, "/invoices", "", s.invoice(), 401, ""},
		"create/no json":           {http.MethodPost, "/invoices", "admin", `{`, 400, "body"},
		"create/missing":           {http.MethodPost, "/invoices", "admin", `{}`, 422, "body.currency"},
		"create/unknown field":     {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), `{`, `{"total":1,`, 1), 422, "body.total"},
		"create/user's identifier": {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), s.user.String(), "prod_01h455vb4pex5vsknk084sn02q", 1), 422, "body.user_id"},
		"create/unknown user":      {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), s.user.String(), id.NewUser().String(), 1), 422, "body.user_id"},
		"create/product":           {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), "prod_01h455vb4pex5vsknk084sn02q", "x", 1), 422, "body.lines[0].product_id"},
		"create/currency":          {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), `"currency":"EUR","lines"`, `"currency":"USD","lines"`, 1), 422, "body.lines[0].unit_price.currency"},
		"create/negative":          {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), "1250", "-1", 1), 422, "body.lines[0].unit_price.amount"},
		"create/enormous":          {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), "1250", "99999999999999999999", 1), 422, "body.lines[0].unit_price.amount"},
		"create/quantity":          {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), `"quantity":2`, `"quantity":0`, 1), 422, "body.lines[0].quantity"},
		"create/NUL":               {http.MethodPost, "/invoices", "admin", strings.Replace(s.invoice(), "Blue", `\u0000`, 1), 422, "body.lines[0].description"},
		"get/identifier":           {http.MethodGet, "/invoices/1", "admin", "", 422, "path.id"},
		"get/other kind":           {http.MethodGet, "/invoices/prod_01h455vb4pex5vsknk084sn02q", "admin", "", 422, "path.id"},
		"list/cursor":              {http.MethodGet, "/user/me/invoices?cursor=x", s.user.String(), "", 422, "query.cursor"},
		"list/limit":               {http.MethodGet, "/user/me/invoices?limit=101", s.user.String(), "", 422, "query.limit"},
		"pay/unknown method":       {http.MethodPost, location + "/pay", s.user.String(), `{"payment_method":"pm_x"}`, 422, "body.payment_method"},
		"pay/no method":            {http.MethodPost, location + "/pay", s.user.String(), `{"payment_method":""}`, 422, "body.payment_method"},
		"pay/no body":              {http.MethodPost, location + "/pay", s.user.String(), "", 400, "body"},
		"pay/anonymous":            {http.MethodPost, location + "/pay", "", `{"payment_method":"pm_ok"}`, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := call(t, s.public, test.method, test.path, test.token, test.body)
			require.Equal(t, test.status, got.Code, got.Body)
			var problem httpapi.Problem
			require.NoError(t, json.Unmarshal(got.Body.Bytes(), &problem))
			if test.field == "" {
				return
			}
			var fields []string
			for _, e := range problem.Errors {
				fields = append(fields, e.Field)
			}
			require.Contains(t, fields, test.field)
		})
	}
}

func BenchmarkGetInvoice(b *testing.B) {
	s := newShop(b)
	location := s.create(b)
	b.ReportAllocs()
	for b.Loop() {
		if w := call(b, s.public, http.MethodGet, location, s.user.String(), ""); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkPayInvoice(b *testing.B) {
	s := newShop(b)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		location := s.create(b)
		b.StartTimer()
		if w := call(b, s.public, http.MethodPost, location+"/pay", s.user.String(), `{"payment_method":"pm_ok"}`); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
