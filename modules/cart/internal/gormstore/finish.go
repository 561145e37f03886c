package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// Finish implements app.Store. The cart's rows are locked before the checkout
// changes, in the order in which Start takes them, so that the two never wait
// for each other; and they are changed by what the lock read, since a request
// that was raising a quantity may have committed while this one waited.
func (s *Store) Finish(ctx context.Context, c app.Checkout, invoice id.Invoice, at time.Time) (bool, error) {
	finish := s.finishPostgres
	if s.db.Dialect() == database.SQLite {
		finish = s.finishSQLite
	}
	finished, err := finish(ctx, c, invoice, at)
	if err != nil {
		return false, fmt.Errorf("finish a checkout: %w", err)
	}
	return finished, nil
}

// finishPostgres is one statement, and so one round trip and one commit. That
// the checkout asks for the counts makes it the last part to run.
func (s *Store) finishPostgres(ctx context.Context, c app.Checkout, invoice id.Invoice, at time.Time) (bool, error) {
	args := append(bought(c.Lines), c.ID, at, invoice, at)
	done := s.db.Write(ctx).Exec(
		`WITH bought (product_id, quantity) AS (`+s.values(len(c.Lines))+`),
		 mine AS MATERIALIZED (SELECT id, user_id FROM checkouts WHERE id = ? AND state = 'started' FOR UPDATE),
		 locked AS MATERIALIZED (
		   SELECT i.id, i.quantity - b.quantity AS rest
		     FROM mine JOIN cart_items i ON i.user_id = mine.user_id JOIN bought b ON b.product_id = i.product_id
		    ORDER BY i.id FOR UPDATE OF i),
		 kept AS (
		   UPDATE cart_items i SET quantity = l.rest, version = i.version + 1, updated_at = ?
		     FROM locked l WHERE i.id = l.id AND l.rest > 0 RETURNING 1),
		 taken AS (DELETE FROM cart_items i USING locked l WHERE i.id = l.id AND l.rest <= 0 RETURNING 1)
		 UPDATE checkouts c SET state = 'done', invoice_id = ?, updated_at = ?
		   FROM mine WHERE c.id = mine.id AND (SELECT count(*) FROM kept) + (SELECT count(*) FROM taken) >= 0`,
		args...)
	return done.RowsAffected > 0, done.Error
}

// finishSQLite needs no locks: the transaction is the only one that writes.
func (s *Store) finishSQLite(ctx context.Context, c app.Checkout, invoice id.Invoice, at time.Time) (bool, error) {
	var finished bool
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		tx := s.db.Write(ctx)
		done := tx.Exec(
			`UPDATE checkouts SET state = 'done', invoice_id = ?, updated_at = ? WHERE id = ? AND state = 'started'`,
			invoice, at, c.ID)
		finished = done.RowsAffected > 0
		if done.Error != nil || !finished {
			return done.Error
		}
		with := `WITH bought (product_id, quantity) AS (` + s.values(len(c.Lines)) + `) `
		taken := tx.Exec(with+
			`DELETE FROM cart_items WHERE user_id = ? AND EXISTS (
			   SELECT 1 FROM bought b WHERE b.product_id = cart_items.product_id AND b.quantity >= cart_items.quantity)`,
			append(bought(c.Lines), c.UserID)...)
		if taken.Error != nil || taken.RowsAffected == int64(len(c.Lines)) {
			return taken.Error
		}
		return tx.Exec(with+
			`UPDATE cart_items SET quantity = cart_items.quantity - b.quantity, version = version + 1, updated_at = ?
			   FROM bought b WHERE cart_items.user_id = ? AND b.product_id = cart_items.product_id
			    AND b.quantity < cart_items.quantity`,
			append(bought(c.Lines), at, c.UserID)...).Error
	})
	return finished, err
}

// bought are the products and quantities of lines, for values.
func bought(lines []app.Line) []any {
	pairs := make([]any, 0, 2*len(lines)+4) // a statement's other arguments follow
	for _, line := range lines {
		pairs = append(pairs, line.ProductID, line.Quantity)
	}
	return pairs
}
