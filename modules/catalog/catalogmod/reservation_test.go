package catalogmod_test

import (
	"context"
	"io/fs"
	"path"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/migrations"
	"shop/modules/catalog"
	"shop/platform/audit"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// shelf is a catalog with one product, for tests of its reservations.
type shelf struct {
	catalog.Service
	ctx     context.Context //nolint:containedctx // that of the test, as a service
	product id.Product
}

func newShelf(t *testing.T, db *database.DB, stock int64) shelf {
	t.Helper()
	s := build(t, db)
	admin := identity.With(t.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
	p, err := s.CreateProduct(admin, catalog.CreateProductInput{SKU: "A", Name: "a", Price: money.Of(1, "EUR"), Stock: stock})
	require.NoError(t, err)
	return shelf{s, identity.With(t.Context(), identity.Actor{Service: "cart"}), p.ID}
}

func (s shelf) reserve(t *testing.T, until time.Time) id.Checkout {
	t.Helper()
	key := id.NewCheckout()
	_, err := s.Reserve(s.ctx, catalog.ReserveInput{
		Key: key, Lines: []catalog.ReserveLine{{Product: s.product, Quantity: 1}}, ExpiresAt: until,
	})
	require.NoError(t, err)
	return key
}

func (s shelf) stock(t *testing.T) int64 {
	t.Helper()
	p, err := s.Product(s.ctx, catalog.ProductInput{ID: s.product})
	require.NoError(t, err)
	return p.Stock
}

// However many replicas look for what is past its time, each reservation's
// stock comes back once.
func TestReplicasExpireOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		s := newShelf(t, db, 200)
		for range 120 {
			s.reserve(t, time.Now())
		}
		for range 3 {
			replica := place(t, deps(db))
			subject(replica.Service, replica.Module).Work(t)
		}
		require.Eventually(t, func() bool { return s.stock(t) == 200 }, 10*time.Second, 10*time.Millisecond)
		report, err := s.Verify(s.ctx, audit.Input{})
		require.NoError(t, err)
		require.Empty(t, report.Findings)
		require.Equal(t, int64(120), report.Checked["catalog.reservation"])
	})
}

// The way back to the release before keeps the ledger's sums, and the way
// forward again finds nothing to mend.
func TestMigrationKeepsTheLedger(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		s := newShelf(t, db, 20)
		expired, again := s.reserve(t, time.Now()), s.reserve(t, time.Now())
		made := place(t, deps(db))
		subject(made.Service, made.Module).Work(t)
		require.Eventually(t, func() bool { return s.stock(t) == 20 }, 10*time.Second, 5*time.Millisecond)
		require.NoError(t, s.Commit(s.ctx, catalog.CommitInput{Key: again}))
		require.NoError(t, s.Commit(s.ctx, catalog.CommitInput{Key: expired}))
		require.NoError(t, s.Return(s.ctx, catalog.ReturnInput{Key: expired}))
		require.NoError(t, s.Commit(s.ctx, catalog.CommitInput{Key: s.reserve(t, time.Time{})}))
		require.NoError(t, s.Release(s.ctx, catalog.ReleaseInput{Key: s.reserve(t, time.Time{})}))
		_, err := s.Restock(s.ctx, catalog.RestockInput{ProductID: s.product, Delta: 5})
		require.NoError(t, err)

		files, err := fs.ReadDir(migrations.FS, path.Join(db.Dialect().String(), "catalog"))
		require.NoError(t, err)
		require.NoError(t, database.Down(t.Context(), db, migrations.FS, len(files)/2-1))
		var sum struct{ Level, Ledger, Others int64 }
		require.NoError(t, db.Read(t.Context()).Raw(
			`SELECT (SELECT quantity FROM stock_levels) AS level, CAST(sum(delta) AS bigint) AS ledger,
			        sum(CASE WHEN reason IN ('counted', 'reserved', 'released') THEN 0 ELSE 1 END) AS others
			   FROM stock_movements`).Scan(&sum).Error)
		require.Equal(t, int64(23), sum.Level)
		require.Equal(t, int64(23), sum.Ledger)
		require.Zero(t, sum.Others)

		require.NoError(t, database.Migrate(t.Context(), db, migrations.FS))
		report, err := s.Verify(s.ctx, audit.Input{})
		require.NoError(t, err)
		require.Empty(t, report.Findings)
		require.Equal(t, map[string]int64{
			"catalog.stock_level": 1, "catalog.reservation": 4, "catalog.reservation_expiry": 4,
		}, report.Checked)
	})
}
