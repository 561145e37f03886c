package catalogmod_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/modules/catalog/catalogmod"
	"shop/modules/catalog/catalogtest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/module/moduletest"
	"shop/platform/money"
)

func build(t *testing.T, db *database.DB) catalog.Service {
	t.Helper()
	return place(t, module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)}).Service
}

func place(t *testing.T, d module.Deps) *catalogmod.Built {
	t.Helper()
	built, err := catalogmod.New(catalogmod.Deps{Deps: d})
	require.NoError(t, err)
	return built
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		catalogtest.Run(t, func(*testing.T) catalog.Service { return catalogtest.NewFake() })
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			catalogtest.Run(t, func(t *testing.T) catalog.Service { return build(t, dbtest.Open(t, dialect, "catalog")) })
		})
	}
	for _, placement := range moduletest.Placements() {
		t.Run(placement.String(), func(t *testing.T) {
			t.Parallel()
			catalogtest.Run(t, func(t *testing.T) catalog.Service {
				far := place(t, module.Deps{
					DB: dbtest.Open(t, placement.Dialect(), "catalog"), Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil),
				})
				return place(t, placement.Near(t, far.Module)).Service
			})
		})
	}
}

// Two replicas keep the products that they read in memory; each sees what the
// other changes within a second.
func TestReplicasSeeChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		here, there := build(t, db), build(t, db)
		admin := identity.With(t.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
		service := identity.With(t.Context(), identity.Actor{Service: "cart"})
		p, err := here.CreateProduct(admin, catalog.CreateProductInput{SKU: "A", Name: "before", Price: money.Of(1, "EUR"), Stock: 9})
		require.NoError(t, err)
		sees := func(want func(one catalog.Product, listed []catalog.Product) bool) {
			t.Helper()
			require.Eventually(t, func() bool {
				one, err := there.Product(t.Context(), catalog.ProductInput{ID: p.ID})
				if err != nil {
					return false
				}
				list, err := there.ListProducts(t.Context(), catalog.ListProductsInput{})
				return err == nil && want(one, list.Items)
			}, time.Second, 10*time.Millisecond)
		}
		sees(func(one catalog.Product, listed []catalog.Product) bool {
			return one.Name == "before" && len(listed) == 1
		})

		after := "after"
		_, err = here.UpdateProduct(admin, catalog.UpdateProductInput{ID: p.ID, Name: &after})
		require.NoError(t, err)
		sees(func(one catalog.Product, listed []catalog.Product) bool {
			return one.Name == after && listed[0].Name == after
		})

		_, err = here.Reserve(service, catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 4}}})
		require.NoError(t, err)
		sees(func(one catalog.Product, listed []catalog.Product) bool {
			return one.Stock == 5 && listed[0].Stock == 5
		})

		_, err = here.CreateProduct(admin, catalog.CreateProductInput{SKU: "B", Name: "new", Price: money.Of(1, "EUR")})
		require.NoError(t, err)
		sees(func(_ catalog.Product, listed []catalog.Product) bool { return len(listed) == 2 })

		require.NoError(t, here.DeleteProduct(admin, catalog.DeleteProductInput{ID: p.ID}))
		sees(func(one catalog.Product, listed []catalog.Product) bool {
			return !one.DeletedAt.IsZero() && len(listed) == 1
		})
	})
}
