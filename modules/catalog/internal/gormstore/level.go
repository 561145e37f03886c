package gormstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/database"
	"shop/platform/event"
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
	return s.note(ctx, movement{ProductID: product, Delta: quantity - before, Reason: counted, At: at}, quantity)
}

// note writes a movement that is no reservation's, and its event.
func (s *Store) note(ctx context.Context, m movement, quantity int64) error {
	m.ID = id.NewStockMovement()
	if err := s.db.Write(ctx).Create(&m).Error; err != nil {
		return fmt.Errorf("insert stock movement: %w", err)
	}
	return s.outbox.Append(ctx, catalog.StockChanged{
		ProductID: m.ProductID, Quantity: quantity, Delta: m.Delta, Reason: string(m.Reason),
	})
}

// Restock implements app.Store.
func (s *Store) Restock(ctx context.Context, r app.Restocking) error {
	var levels []level
	err := s.db.Write(ctx).Raw(
		`UPDATE stock_levels SET quantity = quantity + ?, revision = revision + 1
		  WHERE product_id = ? AND quantity + ? >= 0 RETURNING product_id, quantity`,
		r.Delta, r.ProductID, r.Delta).Find(&levels).Error
	if err != nil {
		return fmt.Errorf("restock: %w", err)
	}
	if len(levels) == 0 {
		return fmt.Errorf("restock: %w", errShort)
	}
	return s.note(ctx, movement{
		ProductID: r.ProductID, Delta: r.Delta, Reason: restocked, At: r.At, Note: r.Note,
	}, levels[0].Quantity)
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
		`SELECT 1 FROM stock_levels WHERE product_id IN ? ORDER BY product_id FOR NO KEY UPDATE`, ids).Error
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
	levels := make([]level, 0, len(totals))
	err := tx.Raw(
		`UPDATE stock_levels AS s SET quantity = s.quantity + ? * w.column2, revision = s.revision + w.column3
		   FROM (`+values+`) AS w WHERE s.product_id = w.column1 AND s.quantity + ? * w.column2 >= 0
		 RETURNING product_id, quantity`,
		append(append([]any{sign}, args...), sign)...).Find(&levels).Error
	if err != nil {
		return nil, fmt.Errorf("move stock: %w", err)
	}
	if len(levels) < len(totals) {
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
	after := make(map[id.Product]int64, len(levels))
	for _, l := range levels {
		after[l.ProductID] = l.Quantity
	}
	products := make([]id.Product, len(totals))
	events := make([]event.Event, len(totals))
	for i, t := range totals {
		products[i] = t.product
		moved := t.event(why, sign)
		moved.Quantity = after[t.product]
		events[i] = moved
	}
	return products, s.outbox.Append(ctx, events...)
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
	// reference is that of the last line.
	reference id.Checkout
}

// event says what the lines do to the level, but not what it is then.
func (t total) event(why reason, sign int64) catalog.StockChanged {
	e := catalog.StockChanged{ProductID: t.product, Delta: sign * t.quantity, Reason: string(why)}
	if t.lines == 1 {
		e.Reference = t.reference
	}
	return e
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
		totals[i].reference = line.Reference
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
