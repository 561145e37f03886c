package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/outbox"
)

// Finish implements app.Store. The cart's rows are locked before the checkout
// changes, in the order in which Start takes them, so that the two never wait
// for each other; and they are changed by what the lock read, since a request
// that was raising a quantity may have committed while this one waited.
func (s *Store) Finish(ctx context.Context, c app.Checkout, e event.Event, at time.Time) (bool, error) {
	finish := s.finishPostgres
	if s.db.Dialect() == database.SQLite {
		finish = s.finishSQLite
	}
	told, err := s.events.Prepare(ctx, e)
	if err != nil {
		return false, err //nolint:wrapcheck // says what it is about
	}
	finished, err := finish(ctx, c, told, at)
	if err != nil {
		return false, fmt.Errorf("finish a checkout: %w", err)
	}
	return finished, nil
}

// ended are the columns of a checkout that is done. Over its stock it may have
// been decided before.
func ended(c app.Checkout, at time.Time) database.Part {
	var look *time.Time
	if !c.SettleAt.IsZero() {
		look = &c.SettleAt
	}
	return database.SQL(
		`state = 'done', buyer = NULL, invoice_id = ?, number = ?, updated_at = ?,
		 settle_at = CASE WHEN settlement = 'unsettled' THEN ? ELSE settle_at END`,
		c.InvoiceID, c.Number, at, look)
}

// finishPostgres is one statement, and so one round trip and one commit. That
// the checkout asks for the counts makes it the last part but the event to run.
func (s *Store) finishPostgres(ctx context.Context, c app.Checkout, told outbox.Entry, at time.Time) (bool, error) {
	statement, args := database.Compose(
		database.SQL(
			`WITH bought (product_id, quantity) AS (`+s.values(len(c.Lines))+`),
			 mine AS MATERIALIZED (SELECT id, user_id FROM checkouts WHERE id = ? AND state = 'started' FOR UPDATE),
			 locked AS MATERIALIZED (
			   SELECT i.id, i.quantity - b.quantity AS rest
			     FROM mine JOIN cart_items i ON i.user_id = mine.user_id JOIN bought b ON b.product_id = i.product_id
			    ORDER BY i.id FOR UPDATE OF i),
			 kept AS (
			   UPDATE cart_items i SET quantity = l.rest, version = i.version + 1, updated_at = ?
			     FROM locked l WHERE i.id = l.id AND l.rest > 0 RETURNING 1),
			 taken AS (DELETE FROM cart_items i USING locked l WHERE i.id = l.id AND l.rest <= 0 RETURNING 1),
			 done AS (
			   UPDATE checkouts c SET `, append(bought(c.Lines), c.ID, at)...),
		ended(c, at),
		database.SQL(
			` FROM mine WHERE c.id = mine.id AND (SELECT count(*) FROM kept) + (SELECT count(*) FROM taken) >= 0
			 RETURNING c.id) `),
		told.Insert("done"),
	)
	published := s.db.Write(ctx).Exec(statement, args...)
	if published.Error != nil || published.RowsAffected == 0 {
		return false, published.Error
	}
	s.events.Appended(ctx, told)
	return true, nil
}

// finishSQLite needs no locks: the transaction is the only one that writes.
func (s *Store) finishSQLite(ctx context.Context, c app.Checkout, told outbox.Entry, at time.Time) (bool, error) {
	var finished bool
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		tx := s.db.Write(ctx)
		statement, args := database.Compose(
			database.SQL(`UPDATE checkouts SET `), ended(c, at), database.SQL(` WHERE id = ? AND state = 'started'`, c.ID))
		done := tx.Exec(statement, args...)
		finished = done.RowsAffected > 0
		if done.Error != nil || !finished {
			return done.Error
		}
		if err := s.store(ctx, told); err != nil {
			return err
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
