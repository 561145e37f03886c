package gormstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shop/modules/catalog/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// SetStock implements app.Store.
func (s *Store) SetStock(ctx context.Context, product id.Product, quantity int64, at time.Time) error {
	tx := s.db.Write(ctx)
	var before int64
	err := tx.Raw(`SELECT quantity FROM stock_levels WHERE product_id = ?`+s.forUpdate(), product).Scan(&before).Error
	if err != nil {
		return fmt.Errorf("read stock: %w", err)
	}
	err = tx.Exec(`UPDATE stock_levels SET quantity = ?, revision = revision + 1 WHERE product_id = ?`, quantity, product).Error
	if err != nil {
		return fmt.Errorf("set stock: %w", err)
	}
	err = tx.Create(&movement{
		ID: id.NewStockMovement(), ProductID: product, Delta: quantity - before, Reason: counted, At: at,
	}).Error
	if err != nil {
		return fmt.Errorf("insert stock movement: %w", err)
	}
	return nil
}

// held is what a reservation has of one product.
type held struct {
	Reference id.Checkout
	ProductID id.Product
	Quantity  int64
}

// lockLevels locks the levels of what reservations have, in one order, so that
// two who lock several never wait for each other.
func (s *Store) lockLevels(ctx context.Context, lines []held) error {
	if len(lines) == 0 || s.db.Dialect() == database.SQLite {
		return nil
	}
	ids := make([]id.Product, len(lines))
	for i, line := range lines {
		ids[i] = line.ProductID
	}
	err := s.db.Write(ctx).Exec(
		`SELECT 1 FROM stock_levels WHERE product_id IN ? ORDER BY product_id FOR UPDATE`, ids).Error
	if err != nil {
		return fmt.Errorf("lock stock levels: %w", err)
	}
	return nil
}

// move changes the levels by what reservations have, and notes it: sign is 1 to
// give back, -1 to take. Errors: errShort when less than that is left, and
// app.ErrTaken when it was moved for that reason before; either way the caller
// rolls back.
func (s *Store) move(ctx context.Context, lines []held, why reason, sign int64, at time.Time) ([]id.Product, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	totals := totalsOf(lines)
	values, args := s.values(totals)
	tx := s.db.Write(ctx)
	updated := tx.Exec(
		`UPDATE stock_levels AS s SET quantity = s.quantity + ? * w.column2, revision = s.revision + w.column3
		   FROM (`+values+`) AS w WHERE s.product_id = w.column1 AND s.quantity + ? * w.column2 >= 0`,
		append(append([]any{sign}, args...), sign)...)
	if updated.Error != nil {
		return nil, fmt.Errorf("move stock: %w", updated.Error)
	}
	if updated.RowsAffected < int64(len(totals)) {
		return nil, errShort
	}
	movements := make([]movement, len(lines))
	for i, line := range lines {
		movements[i] = movement{
			ID: id.NewStockMovement(), ProductID: line.ProductID, Delta: sign * line.Quantity,
			Reason: why, Reference: line.Reference, At: at,
		}
	}
	if err := tx.CreateInBatches(movements, insertBatch).Error; err != nil {
		return nil, translateTaken(err)
	}
	products := make([]id.Product, len(totals))
	for i, t := range totals {
		products[i] = t.product
	}
	return products, nil
}

// errShort rolls back what was moved of other lines.
var errShort = errors.New("less is left than would be taken")

func translateTaken(err error) error {
	if errors.Is(err, database.ErrDuplicate) {
		return app.ErrTaken
	}
	return fmt.Errorf("take stock: %w", err)
}

// total is how much of a product several lines move together.
type total struct {
	product         id.Product
	quantity, lines int64
}

// totalsOf adds up lines by product, in the order of products.
func totalsOf(lines []held) []total {
	byProduct := make(map[id.Product]int, len(lines))
	totals := make([]total, 0, len(lines))
	for _, line := range lines {
		i, seen := byProduct[line.ProductID]
		if !seen {
			i = len(totals)
			byProduct[line.ProductID] = i
			totals = append(totals, total{product: line.ProductID})
		}
		totals[i].quantity += line.Quantity
		totals[i].lines++
	}
	return totals
}

// values is a table of products (column1), quantities (column2) and numbers of
// lines (column3).
func (s *Store) values(totals []total) (string, []any) {
	row := "(?, ?, ?)"
	if s.db.Dialect() == database.Postgres {
		row = "(?::uuid, ?::bigint, ?::bigint)"
	}
	args := make([]any, 0, 3*len(totals))
	for _, t := range totals {
		args = append(args, t.product, t.quantity, t.lines)
	}
	return "VALUES " + strings.Repeat(row+", ", len(totals)-1) + row, args
}
