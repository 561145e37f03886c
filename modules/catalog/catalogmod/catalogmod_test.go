package catalogmod_test

import (
	"context"
	"log/slog"
	"sync"
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

func build(t testing.TB, db *database.DB) catalog.Service {
	t.Helper()
	return place(t, deps(db)).Service
}

func place(t testing.TB, d module.Deps) *catalogmod.Built {
	t.Helper()
	built, err := catalogmod.New(catalogmod.Deps{Deps: d})
	require.NoError(t, err)
	return built
}

// subject is a built catalog, whose workers are those of made.
func subject(service catalog.Service, made module.Module) catalogtest.Subject {
	return catalogtest.Subject{Service: service, Work: func(t *testing.T) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		t.Cleanup(func() {
			stop()
			running.Wait()
		})
		for _, worker := range made.Workers {
			running.Go(func() {
				if err := worker.Run(ctx); err != nil {
					t.Errorf("%s: %v", worker.Name, err)
				}
			})
		}
	}}
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		catalogtest.Run(t, func(*testing.T) catalogtest.Subject { return catalogtest.Subject{Service: catalogtest.NewFake()} })
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			catalogtest.Run(t, func(t *testing.T) catalogtest.Subject {
				built := place(t, deps(dbtest.Open(t, dialect, "catalog")))
				return subject(built.Service, built.Module)
			})
		})
	}
	for _, placement := range moduletest.Placements() {
		t.Run(placement.String(), func(t *testing.T) {
			t.Parallel()
			catalogtest.Run(t, func(t *testing.T) catalogtest.Subject {
				far := place(t, deps(dbtest.Open(t, placement.Dialect(), "catalog")))
				return subject(place(t, placement.Near(t, far.Module)).Service, far.Module)
			})
		})
	}
}

func deps(db *database.DB) module.Deps {
	return module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)}
}

// Reservations that the release before has made are movements alone.
func TestReservationsOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		s := build(t, db)
		admin := identity.With(t.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		p, err := s.CreateProduct(admin, catalog.CreateProductInput{SKU: "A", Name: "a", Price: money.Of(1, "EUR"), Stock: 9})
		require.NoError(t, err)
		lines := []catalog.ReserveLine{{Product: p.ID, Quantity: 2}}
		keys := make([]id.Checkout, 4)
		for i := range keys {
			keys[i] = id.NewCheckout()
			_, err := s.Reserve(ctx, catalog.ReserveInput{Key: keys[i], Lines: lines})
			require.NoError(t, err)
		}
		require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: keys[3]}))
		require.NoError(t, db.Write(ctx).Exec(`DELETE FROM reservations`).Error)

		again, err := s.Reserve(ctx, catalog.ReserveInput{Key: keys[0], Lines: lines})
		require.NoError(t, err)
		require.Equal(t, catalog.Reservation{Key: keys[0], Lines: lines, State: catalog.StateReserved}, again)
		for range 2 {
			require.NoError(t, s.Commit(ctx, catalog.CommitInput{Key: keys[0]}))
			require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: keys[1]}))
			require.NoError(t, s.Return(ctx, catalog.ReturnInput{Key: keys[2]}))
			require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: keys[3]}))
		}
		require.ErrorIs(t, s.Commit(ctx, catalog.CommitInput{Key: keys[3]}), catalog.ErrReservationGone)
		for i, want := range []catalog.ReservationState{catalog.StateCommitted, catalog.StateReleased, catalog.StateReleased, catalog.StateReleased} {
			r, err := s.Reservation(ctx, catalog.ReservationInput{Key: keys[i]})
			require.NoError(t, err)
			require.Equal(t, want, r.State, i)
		}
		read, err := s.Product(ctx, catalog.ProductInput{ID: p.ID})
		require.NoError(t, err)
		require.Equal(t, int64(7), read.Stock)
		require.NoError(t, s.Return(ctx, catalog.ReturnInput{Key: keys[0]}))
		read, err = s.Product(ctx, catalog.ProductInput{ID: p.ID})
		require.NoError(t, err)
		require.Equal(t, int64(9), read.Stock)
	})
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
