// Package byhand is the yardstick without a framework: net/http over pgx, and
// over database/sql on SQLite, every statement written out.
package byhand

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
)

var (
	errNotFound = errors.New("not found")
	errConflict = errors.New("the state does not allow it")
)

// store is a database with the rows. Each method that writes is one
// transaction.
type store interface {
	product(ctx context.Context, id uuid.UUID) (yardstick.Product, error)
	page(ctx context.Context, after uuid.UUID) ([]yardstick.Product, error)
	search(ctx context.Context, query string) ([]yardstick.Product, error)
	addToCart(ctx context.Context, user uuid.UUID, in yardstick.CartInput) (yardstick.CartItem, error)
	emptyCart(ctx context.Context, user uuid.UUID) error
	checkOut(ctx context.Context, user uuid.UUID) (invoice uuid.UUID, err error)
	pay(ctx context.Context, invoice uuid.UUID, method string) (yardstick.Invoice, error)
	log(ctx context.Context, entries []yardstick.LogEntry) error
	close() error
}

// Fill creates the tables in an empty database and loads the products.
func Fill(ctx context.Context, options yardstick.Options, products []dataset.Product) error {
	if options.OnPostgres() {
		return fillPostgres(ctx, options, products)
	}
	return fillSQLite(ctx, options, products)
}

// Serve answers from a filled database until ctx ends.
func Serve(ctx context.Context, options yardstick.Options) (err error) {
	open := openSQLite
	if options.OnPostgres() {
		open = openPostgres
	}
	rows, err := open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	return options.Serve(ctx, routes(rows))
}

// newID returns an id that sorts by time, as the shop's do.
func newID() (uuid.UUID, error) { return uuid.NewV7() }

func newIDs(n int) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		var err error
		if ids[i], err = newID(); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
