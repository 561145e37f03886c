package catalogmod_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/modules/catalog/catalogmod"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/module/moduletest"
	"shop/platform/money"
)

// BenchmarkRemoteProduct is a read of one product in another process, with
// everything that such a call has (switch, token, deadline, validation, log
// line), beside a bare round trip of the same bytes over net/http and JSON. The
// goal is 1.3 times that at most.
func BenchmarkRemoteProduct(b *testing.B) {
	far, err := catalogmod.New(catalogmod.Deps{Deps: module.Deps{
		DB: dbtest.Open(b, database.SQLite, "catalog"), Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil),
	}})
	require.NoError(b, err)
	admin := identity.With(b.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
	product, err := far.Service.CreateProduct(admin, catalog.CreateProductInput{
		SKU: "MUG-BLUE-300", Name: "Blue mug", Description: "Holds 300 ml and survives the dishwasher.", Price: money.Of(1999, "EUR"),
		Stock: 120, Category: "Kitchen", Attributes: map[string]string{"colour": "blue"}, Images: []string{"https://img.example.com/mug-blue.jpg"},
	})
	require.NoError(b, err)
	b.Run("shop", func(b *testing.B) {
		near, err := catalogmod.New(catalogmod.Deps{Deps: moduletest.HTTP.Near(b, far.Module)})
		require.NoError(b, err)
		ctx := identity.With(b.Context(), identity.Actor{User: id.NewUser()})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := near.Service.Product(ctx, catalog.ProductInput{ID: product.ID}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) { benchmarkBare(b, product) })
}

// bareProduct has the same JSON as the catalog's.
type bareProduct struct {
	ID          string            `json:"id"`
	SKU         string            `json:"sku"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       money.Amount      `json:"price"`
	Stock       int64             `json:"stock"`
	Category    string            `json:"category"`
	Attributes  map[string]string `json:"attributes"`
	Images      []string          `json:"images"`
	Version     int64             `json:"version"`
	Revision    int64             `json:"revision"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

func benchmarkBare(b *testing.B, p catalog.Product) {
	b.Helper()
	body := bareProduct{
		ID: p.ID.String(), SKU: p.SKU, Name: p.Name, Description: p.Description, Price: p.Price, Stock: p.Stock, Category: p.Category,
		Attributes: p.Attributes, Images: p.Images, Version: p.Version, Revision: p.Revision, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}))
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8}}
	b.Cleanup(client.CloseIdleConnections)
	get := func(ctx context.Context) (got bareProduct, err error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/product/"+body.ID, nil)
		if err != nil {
			return got, err
		}
		response, err := client.Do(r)
		if err != nil {
			return got, err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			return got, err
		}
		return got, json.Unmarshal(text, &got)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := get(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
