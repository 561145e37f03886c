package gormstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"shop/modules/catalog"
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

// Take implements app.Store. A level is lowered only where enough is left, in
// the same statement that looks, so that nothing is sold twice.
func (s *Store) Take(ctx context.Context, key id.Checkout, lines []catalog.ReserveLine, at time.Time) (bool, error) {
	if len(lines) == 1 && s.db.Dialect() == database.Postgres {
		return s.takeOne(ctx, key, lines[0], at)
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error { return s.takeAll(ctx, key, lines, at) })
	if errors.Is(err, errShort) {
		return false, nil
	}
	return err == nil, err
}

// errShort rolls back what was taken of the other lines.
var errShort = errors.New("not all lines could be taken")

// takeOne takes the stock of one line, and notes it, in one statement, which
// commits by itself: the level's row is locked no longer than that.
func (s *Store) takeOne(ctx context.Context, key id.Checkout, line catalog.ReserveLine, at time.Time) (bool, error) {
	noted := s.db.Write(ctx).Exec(
		`WITH taken AS (
		   UPDATE stock_levels AS s SET quantity = s.quantity - ?, revision = s.revision + 1
		     FROM products p
		    WHERE s.product_id = ? AND s.quantity >= ? AND p.id = s.product_id AND p.deleted_at IS NULL
		   RETURNING s.product_id)
		 INSERT INTO stock_movements (id, product_id, delta, reason, reference, at)
		 SELECT ?, product_id, ?, ?, ?, ? FROM taken`,
		line.Quantity, line.Product, line.Quantity, id.NewStockMovement(), -line.Quantity, reserved, key, at)
	if noted.Error != nil {
		return false, translateTaken(noted.Error)
	}
	return noted.RowsAffected == 1, nil
}

func translateTaken(err error) error {
	if errors.Is(err, database.ErrDuplicate) {
		return app.ErrTaken
	}
	return fmt.Errorf("take stock: %w", err)
}

func (s *Store) takeAll(ctx context.Context, key id.Checkout, lines []catalog.ReserveLine, at time.Time) error {
	if err := s.lockLevels(ctx, lines); err != nil {
		return err
	}
	values, args := s.values(lines)
	tx := s.db.Write(ctx)
	updated := tx.Exec(
		`UPDATE stock_levels AS s SET quantity = s.quantity - w.column2, revision = s.revision + 1
		   FROM (`+values+`) AS w JOIN products p ON p.id = w.column1 AND p.deleted_at IS NULL
		  WHERE s.product_id = w.column1 AND s.quantity >= w.column2`, args...)
	if updated.Error != nil {
		return fmt.Errorf("take stock: %w", updated.Error)
	}
	if updated.RowsAffected < int64(len(lines)) {
		return errShort
	}
	movements := movementsOf(key, lines, reserved, -1, at)
	if err := tx.Create(&movements).Error; err != nil {
		return translateTaken(err)
	}
	return nil
}

// lockLevels locks the levels of several lines in one order, so that two
// reservations never wait for each other.
func (s *Store) lockLevels(ctx context.Context, lines []catalog.ReserveLine) error {
	if len(lines) < 2 || s.db.Dialect() == database.SQLite {
		return nil
	}
	ids := make([]id.Product, len(lines))
	for i, line := range lines {
		ids[i] = line.Product
	}
	err := s.db.Write(ctx).Exec(
		`SELECT 1 FROM stock_levels WHERE product_id IN ? ORDER BY product_id FOR UPDATE`, ids).Error
	if err != nil {
		return fmt.Errorf("lock stock levels: %w", err)
	}
	return nil
}

// values is a table of products (column1) and quantities (column2).
func (s *Store) values(lines []catalog.ReserveLine) (string, []any) {
	row := "(?, ?)"
	if s.db.Dialect() == database.Postgres {
		row = "(?::uuid, ?::bigint)"
	}
	args := make([]any, 0, 2*len(lines))
	for _, line := range lines {
		args = append(args, line.Product, line.Quantity)
	}
	return "VALUES " + strings.Repeat(row+", ", len(lines)-1) + row, args
}

func movementsOf(key id.Checkout, lines []catalog.ReserveLine, why reason, sign int64, at time.Time) []movement {
	movements := make([]movement, len(lines))
	for i, line := range lines {
		movements[i] = movement{
			ID: id.NewStockMovement(), ProductID: line.Product, Delta: sign * line.Quantity,
			Reason: why, Reference: key, At: at,
		}
	}
	return movements
}

// Reserved implements app.Store.
func (s *Store) Reserved(ctx context.Context, key id.Checkout) ([]catalog.ReserveLine, error) {
	var rows []movement
	err := s.db.Read(ctx).Raw(unreleased+` ORDER BY m.product_id`, key, reserved, released).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read reservation: %w", err)
	}
	lines := make([]catalog.ReserveLine, len(rows))
	for i, row := range rows {
		lines[i] = catalog.ReserveLine{Product: row.ProductID, Quantity: -row.Delta}
	}
	return lines, nil
}

// unreleased are the movements of a reservation that have not been given back.
const unreleased = `SELECT m.product_id, m.delta FROM stock_movements m
  WHERE m.reference = ? AND m.reason = ? AND NOT EXISTS (
    SELECT 1 FROM stock_movements r WHERE r.reference = m.reference AND r.product_id = m.product_id AND r.reason = ?)`

// GiveBack implements app.Store. The unique movement makes it happen once, also
// when two ask at the same time.
func (s *Store) GiveBack(ctx context.Context, key id.Checkout, at time.Time) ([]id.Product, error) {
	lines, err := s.Reserved(ctx, key)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	if err := s.lockLevels(ctx, lines); err != nil {
		return nil, err
	}
	tx := s.db.Write(ctx)
	movements := movementsOf(key, lines, released, 1, at)
	created := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&movements)
	if created.Error != nil {
		return nil, fmt.Errorf("insert stock movements: %w", created.Error)
	}
	if created.RowsAffected < int64(len(movements)) {
		return nil, nil // another call has just given it back, all lines at once
	}
	values, args := s.values(lines)
	err = tx.Exec(
		`UPDATE stock_levels AS s SET quantity = s.quantity + w.column2, revision = s.revision + 1
		   FROM (`+values+`) AS w WHERE s.product_id = w.column1`, args...).Error
	if err != nil {
		return nil, fmt.Errorf("give stock back: %w", err)
	}
	products := make([]id.Product, len(lines))
	for i, line := range lines {
		products[i] = line.Product
	}
	return products, nil
}
