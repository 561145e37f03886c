package cartmod_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart/carttest"
	"shop/modules/catalog"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
)

// bench serves carts over a database, with neighbours in memory.
type bench struct {
	handler http.Handler
	bodies  []string // that put each of 20 products in a cart
}

func newBench(b *testing.B, dialect database.Dialect) bench {
	b.Helper()
	outside, user := carttest.NewOutside(), id.NewUser()
	api, err := httpapi.New(httpapi.Options{
		Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
		AuthenticateSession: func(context.Context, string) (identity.Actor, error) { return identity.Actor{User: user}, nil },
	})
	require.NoError(b, err)
	build(b, dbtest.Open(b, dialect, "cart"), outside).Module.Register(api)
	bodies := make([]string, 20)
	for i := range bodies {
		product := outside.Product(b, func(in *catalog.CreateProductInput) { in.Stock = catalog.MaxStock })
		bodies[i] = `{"product_id":"` + product.ID.String() + `","quantity":1}`
	}
	return bench{api.Public(), bodies}
}

func (h bench) call(b *testing.B, method, path, body string, status int) {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if w.Code != status {
		b.Fatal(w.Code, w.Body)
	}
}

func each(b *testing.B, run func(b *testing.B, h bench)) {
	b.Helper()
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			h := newBench(b, dialect)
			b.ReportAllocs()
			run(b, h)
		})
	}
}

// BenchmarkAddItem raises the quantity of one of 20 items; a full item is left
// at long last, so the cart is emptied now and then.
func BenchmarkAddItem(b *testing.B) {
	each(b, func(b *testing.B, h bench) {
		for n := 0; b.Loop(); n++ {
			if n%100_000 == 0 {
				h.call(b, http.MethodDelete, "/user/me/cart/", "", http.StatusNoContent)
			}
			h.call(b, http.MethodPost, "/user/me/cart/", h.bodies[n%len(h.bodies)], http.StatusCreated)
		}
	})
}

// BenchmarkCart reads a cart of 20 items.
func BenchmarkCart(b *testing.B) {
	each(b, func(b *testing.B, h bench) {
		for _, body := range h.bodies {
			h.call(b, http.MethodPost, "/user/me/cart/", body, http.StatusCreated)
		}
		for b.Loop() {
			h.call(b, http.MethodGet, "/user/me/cart/", "", http.StatusOK)
		}
	})
}

// BenchmarkCheckout puts one product in the cart and checks it out.
func BenchmarkCheckout(b *testing.B) {
	each(b, func(b *testing.B, h bench) {
		for n := 0; b.Loop(); n++ {
			h.call(b, http.MethodPost, "/user/me/cart/", h.bodies[n%len(h.bodies)], http.StatusCreated)
			h.call(b, http.MethodPost, "/user/me/checkout", "{}", http.StatusCreated)
		}
	})
}
