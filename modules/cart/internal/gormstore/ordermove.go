package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/event"
	"shop/platform/id"
)

// MoveOrder implements app.OrderStore. Of several who move one order at once,
// those whose statement still finds it where their move begins are first.
func (s *Store) MoveOrder(ctx context.Context, m app.OrderMove, told event.Event) (cart.Order, bool, error) {
	set, args := changes(m)
	from := make([]string, len(m.From))
	for i, state := range m.From {
		from[i] = string(state)
	}
	args = append(args, m.ID, from, m.IfVersion, m.IfVersion)
	var rows []order
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		rows = nil
		err := s.db.Write(ctx).Raw(
			`UPDATE orders SET `+set+`, version = version + 1
			  WHERE id = ? AND state IN ? AND (version = ? OR ? = 0) RETURNING `+orderColumns, args...).Find(&rows).Error
		if err != nil || len(rows) == 0 || told == nil {
			return err
		}
		return s.publish(ctx, told)
	})
	if err != nil {
		return cart.Order{}, false, fmt.Errorf("move an order: %w", err)
	}
	if len(rows) == 0 {
		return cart.Order{}, false, nil
	}
	c, err := rows[0].value()
	return c.Order, err == nil, err
}

// changes are the columns that a move changes.
func changes(m app.OrderMove) (set string, args []any) {
	set, args = `state = ?, updated_at = ?`, []any{string(m.To), m.At}
	switch m.To {
	case cart.OrderPacked:
		return set + `, packed_at = ?`, append(args, m.At)
	case cart.OrderShipped:
		return set + `, shipped_at = ?, carrier = ?, tracking = ?`, append(args, m.At, m.Carrier, m.Tracking)
	case cart.OrderDelivered:
		return set + `, delivered_at = ?`, append(args, m.At)
	case cart.OrderCancelling:
		return set + `, cancel_reason = ?, attempts = ?, due_at = ?`, append(args, m.Reason, m.Attempts, m.Due)
	case cart.OrderCancelled:
		return set + `, cancelled_at = ?, cancel_error = '', due_at = NULL`, append(args, m.At)
	case cart.OrderPaid: // where every order begins: no move leads there
	}
	return set, args
}

// MarkShort implements app.OrderStore.
func (s *Store) MarkShort(ctx context.Context, checkout id.Checkout, at time.Time) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE orders SET short = true, version = version + 1, updated_at = ?
		  WHERE checkout_id = ? AND NOT short AND state <> 'cancelled'`, at, checkout).Error
	if err != nil {
		return fmt.Errorf("mark an order as short: %w", err)
	}
	return nil
}

// DueCancellations implements app.OrderStore.
func (s *Store) DueCancellations(ctx context.Context, now time.Time, limit int) ([]app.Cancellation, error) {
	return s.orders(ctx, `WHERE state = 'cancelling' AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// ClaimCancellation implements app.OrderStore.
func (s *Store) ClaimCancellation(ctx context.Context, c app.Cancellation, until time.Time) (bool, error) {
	return s.changeCancellation(ctx, c, `attempts = attempts + 1, due_at = ?`, until)
}

// DeferCancellation implements app.OrderStore. What it met with is part of what
// is seen of an order, and so of its version; meeting with the same again is
// not.
func (s *Store) DeferCancellation(ctx context.Context, c app.Cancellation, now, due time.Time, met string) error {
	_, err := s.changeCancellation(ctx, c,
		`due_at = ?, updated_at = ?, version = version + CASE WHEN cancel_error = ? THEN 0 ELSE 1 END, cancel_error = ?`,
		due, now, met, met)
	return err
}

// changeCancellation changes an order that is being cancelled and that nobody
// has claimed since it was read.
func (s *Store) changeCancellation(ctx context.Context, c app.Cancellation, set string, args ...any) (bool, error) {
	changed := s.db.Write(ctx).Exec(
		`UPDATE orders SET `+set+` WHERE id = ? AND state = 'cancelling' AND attempts = ?`,
		append(args, c.Order.ID, c.Attempts)...)
	if changed.Error != nil {
		return false, fmt.Errorf("change a cancellation: %w", changed.Error)
	}
	return changed.RowsAffected > 0, nil
}
