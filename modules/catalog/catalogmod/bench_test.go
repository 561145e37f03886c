package catalogmod_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the plain transactions on PostgreSQL
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // and on SQLite

	"shop/migrations"
	"shop/modules/catalog"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// buyers are those who want the same product at the same time.
const buyers = 64

// BenchmarkHotProduct compares how fast one product sells to many at once with
// the plain transaction that lowers its level and notes the movement, from as
// many connections, turn by turn in one run. For figures that mean something on
// PostgreSQL the server has to wait for the disk: bin/pgrun --fsync.
func BenchmarkHotProduct(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) { benchHotProduct(b, dialect) })
	}
}

func benchHotProduct(b *testing.B, dialect database.Dialect) {
	b.Helper()
	options := database.Options{Module: "catalog", Durable: true, DataDir: b.TempDir()}
	driver, source := "sqlite", "file:"+filepath.Join(options.DataDir, "catalog.db")+
		"?_txlock=immediate&_pragma=busy_timeout(15000)&_pragma=synchronous(FULL)"
	connections := 1 // SQLite writes one at a time: more connections only wait longer
	if dialect == database.Postgres {
		options.URL = dbtest.Postgres(b)
		driver, source, connections = "pgx", options.URL+"&search_path=catalog", buyers
	}
	db, err := database.Open(b.Context(), options)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	require.NoError(b, database.Migrate(b.Context(), db, migrations.FS))
	s := place(b, deps(db)).Service
	plain, err := sql.Open(driver, source)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, plain.Close()) })
	plain.SetMaxOpenConns(connections)
	plain.SetMaxIdleConns(connections)

	admin := identity.With(b.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
	product := func(sku string) id.Product {
		p, err := s.CreateProduct(admin, catalog.CreateProductInput{
			SKU: sku, Name: "mug", Price: money.Of(1, "EUR"), Stock: catalog.MaxStock,
		})
		require.NoError(b, err)
		return p.ID
	}
	hot, control := product("HOT"), product("CONTROL")
	ctx := identity.With(b.Context(), identity.Actor{Service: "cart"})
	until := time.Now().Add(time.Hour)
	reserve := func() error {
		_, err := s.Reserve(ctx, catalog.ReserveInput{
			Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: hot, Quantity: 1}}, ExpiresAt: until,
		})
		return err
	}
	transact := func() error { return sellPlainly(ctx, plain, control) }

	const each = 16 // sales of a buyer in a turn
	var shop, yardstick time.Duration
	for b.Loop() {
		yardstick += rush(b, each, transact)
		shop += rush(b, each, reserve)
	}
	sold := float64(b.N * buyers * each)
	b.ReportMetric(sold/shop.Seconds(), "reservations/s")
	b.ReportMetric(sold/yardstick.Seconds(), "transactions/s")
	b.ReportMetric(yardstick.Seconds()/shop.Seconds(), "ratio")
}

// rush lets all buyers buy at once and measures how long they take.
func rush(b *testing.B, each int, buy func() error) time.Duration {
	b.Helper()
	var all sync.WaitGroup
	began := time.Now()
	for range buyers {
		all.Go(func() {
			for range each {
				if err := buy(); err != nil {
					b.Errorf("buy: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// sellPlainly is what a sale needs at least, written by hand.
func sellPlainly(ctx context.Context, db *sql.DB, product id.Product) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // done after the commit
	if _, err := tx.ExecContext(ctx,
		`UPDATE stock_levels SET quantity = quantity - 1, revision = revision + 1 WHERE product_id = $1 AND quantity >= 1`, product); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO stock_movements (id, product_id, delta, reason, reference, at) VALUES ($1, $2, -1, 'reserved', $3, $4)`,
		id.NewStockMovement(), product, id.NewCheckout(), database.Now()); err != nil {
		return err
	}
	return tx.Commit()
}

// BenchmarkReserve is one buyer alone.
func BenchmarkReserve(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			s := build(b, dbtest.Open(b, dialect, "catalog"))
			admin := identity.With(b.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
			p, err := s.CreateProduct(admin, catalog.CreateProductInput{
				SKU: "A", Name: "mug", Price: money.Of(1, "EUR"), Stock: catalog.MaxStock,
			})
			require.NoError(b, err)
			ctx := identity.With(b.Context(), identity.Actor{Service: "cart"})
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Reserve(ctx, catalog.ReserveInput{
					Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}},
				})
				require.NoError(b, err)
			}
		})
	}
}
