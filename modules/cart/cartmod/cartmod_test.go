package cartmod_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart/cartmod"
	"shop/modules/cart/carttest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/module"
)

func build(t testing.TB, db *database.DB, o *carttest.Outside) *cartmod.Built {
	t.Helper()
	built, err := cartmod.New(cartmod.Deps{
		Deps:    module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)},
		Catalog: o.Catalog, Payments: o.Payments,
		Settings: cartmod.Settings{Lease: carttest.Lease, ResumeEvery: carttest.ResumeEvery, Now: o.Clock.Now},
	})
	require.NoError(t, err)
	return built
}

func TestCart(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		carttest.Run(t, func(t *testing.T, o *carttest.Outside) carttest.Fixture {
			fake, err := carttest.NewFake(o.Catalog, o.Payments, o.Clock.Now)
			require.NoError(t, err)
			return carttest.Fixture{Service: fake, RunResumer: fake.RunResumer}
		})
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			carttest.Run(t, func(t *testing.T, o *carttest.Outside) carttest.Fixture {
				built := build(t, dbtest.Open(t, dialect, "cart"), o)
				return carttest.Fixture{Service: built.Service, RunResumer: built.Module.Workers[0].Run}
			})
		})
	}
}
