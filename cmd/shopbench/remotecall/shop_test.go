package remotecall_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/modules/catalog/catalogmod"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/module/moduletest"
	"shop/platform/money"
)

// newFarSide hosts a catalog with one product.
func newFarSide(tb testing.TB) (module.Module, catalog.Product) {
	tb.Helper()
	far, err := catalogmod.New(catalogmod.Deps{Deps: module.Deps{
		DB: dbtest.Open(tb, database.SQLite, "catalog"), Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil),
	}})
	require.NoError(tb, err)
	administrator := identity.With(tb.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
	product, err := far.Service.CreateProduct(administrator, catalog.CreateProductInput{
		SKU: "MUG-BLUE-300", Name: "Blue mug", Description: "Holds 300 ml and survives the dishwasher.", Price: money.Of(1999, "EUR"),
		Stock: 120, Category: "Kitchen", Attributes: map[string]string{"colour": "blue"}, Images: []string{"https://img.example.com/mug-blue.jpg"},
	})
	require.NoError(tb, err)
	return far.Module, product
}

// placeShop puts the hosted catalog into another process and returns a call of it.
func placeShop(
	tb testing.TB, placement moduletest.Placement, hosted module.Module, product id.Product,
) func(context.Context) (catalog.Product, error) {
	tb.Helper()
	near, err := catalogmod.New(catalogmod.Deps{Deps: placement.Near(tb, hosted)})
	require.NoError(tb, err)
	return func(ctx context.Context) (catalog.Product, error) {
		return near.Service.Product(ctx, catalog.ProductInput{ID: product})
	}
}

// shopBody is what the far side answers a service with.
func shopBody(tb testing.TB, hosted module.Module, product id.Product) string {
	tb.Helper()
	api, err := httpapi.New(httpapi.Options{
		Name: "Shop", Version: "1", Logger: slog.New(slog.DiscardHandler),
		AuthenticateService: func(string, string) (identity.Actor, error) { return identity.Actor{Service: "shop"}, nil },
	})
	require.NoError(tb, err)
	hosted.Register(api)
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/product/"+product.String(), http.NoBody)
	r.Header.Set("Authorization", "Bearer a.service.token")
	w := httptest.NewRecorder()
	api.Internal().ServeHTTP(w, r)
	require.Equal(tb, http.StatusOK, w.Code, w.Body)
	return w.Body.String()
}
