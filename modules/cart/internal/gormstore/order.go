package gormstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/outbox"
	"shop/platform/id"
)

const orderColumns = `id, user_id, invoice_id, checkout_id, number, state, lines, total, currency, ship_to, carrier, tracking,
  short, version, cancel_reason, attempts, cancel_error, due_at, paid_at, packed_at, shipped_at, delivered_at, cancelled_at,
  created_at, updated_at`

// PlaceOrder implements app.OrderStore.
func (s *Store) PlaceOrder(ctx context.Context, o cart.Order, at time.Time, placed event.Event) error {
	lines, err := json.Marshal(orderLines(o.Lines))
	if err != nil {
		return fmt.Errorf("encode the lines of an order: %w", err)
	}
	shipTo, err := json.Marshal(address(o.ShipTo))
	if err != nil {
		return fmt.Errorf("encode the address of an order: %w", err)
	}
	told, err := s.events.Prepare(ctx, placed)
	if err != nil {
		return fmt.Errorf("place an order: %w", err)
	}
	var due *time.Time
	if o.State == cart.OrderCancelling {
		due = &at
	}
	order := database.SQL(
		`INSERT INTO orders (`+orderColumns+`)
		 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, ?, ?, ?, ?, ?, ?, ?)
		 ON CONFLICT (invoice_id) DO NOTHING`,
		o.ID, o.UserID, o.InvoiceID, optional(o.CheckoutID), o.Number, string(o.State), string(lines), o.Total.Minor,
		string(o.Total.Currency), string(shipTo), o.Carrier, o.Tracking, o.Short, o.Version, o.CancelReason, due,
		o.PaidAt, moment(o.PackedAt), moment(o.ShippedAt), moment(o.DeliveredAt), moment(o.CancelledAt), at, at)
	place := s.placeSQLite
	if s.db.Dialect() == database.Postgres {
		place = s.placePostgres
	}
	if err := place(ctx, order, told, decision(o.CheckoutID, app.CommitDue, at)); err != nil {
		return fmt.Errorf("place an order: %w", err)
	}
	return nil
}

// placePostgres is one statement.
func (s *Store) placePostgres(ctx context.Context, order database.Part, told outbox.Entry, decide database.Part) error {
	statement, args := database.Compose(
		database.SQL(`WITH placed AS (`), order, database.SQL(` RETURNING 1), told AS (`), told.Insert("placed"),
		database.SQL(`) `), decide)
	if err := s.db.Write(ctx).Exec(statement, args...).Error; err != nil {
		return err
	}
	s.events.Appended(ctx, told)
	return nil
}

func (s *Store) placeSQLite(ctx context.Context, order database.Part, told outbox.Entry, decide database.Part) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		added := s.db.Write(ctx).Exec(order.SQL, order.Args...)
		if added.Error != nil {
			return added.Error
		}
		if added.RowsAffected > 0 {
			if err := s.store(ctx, told); err != nil {
				return err
			}
		}
		return s.db.Write(ctx).Exec(decide.SQL, decide.Args...).Error
	})
}

// Order implements app.OrderStore.
func (s *Store) Order(ctx context.Context, order id.Order) (cart.Order, error) {
	found, err := s.orders(ctx, `WHERE id = ?`, order)
	if err != nil {
		return cart.Order{}, err
	}
	if len(found) == 0 {
		return cart.Order{}, cart.ErrOrderNotFound
	}
	return found[0].Order, nil
}

// ListOrders implements app.OrderStore.
func (s *Store) ListOrders(ctx context.Context, q app.OrderQuery) ([]cart.Order, error) {
	where, args := ordersWhere(q)
	if !q.Before.IsZero() {
		where, args = append(where, `id < ?`), append(args, q.Before)
	}
	found, err := s.orders(ctx, conditions(where)+` ORDER BY id DESC LIMIT ?`, append(args, q.Limit)...)
	if err != nil {
		return nil, err
	}
	list := make([]cart.Order, len(found))
	for i, c := range found {
		list[i] = c.Order
	}
	return list, nil
}

// CountOrders implements app.OrderStore.
func (s *Store) CountOrders(ctx context.Context, q app.OrderQuery) (int64, error) {
	where, args := ordersWhere(q)
	var count int64
	err := s.db.Read(ctx).Raw(`SELECT count(*) FROM orders `+conditions(where), args...).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count orders: %w", err)
	}
	return count, nil
}

// InvoicesWithoutOrder implements app.OrderStore.
func (s *Store) InvoicesWithoutOrder(ctx context.Context, invoices []id.Invoice) ([]id.Invoice, error) {
	if len(invoices) == 0 {
		return nil, nil
	}
	var found []id.Invoice
	err := s.db.Read(ctx).Raw(`SELECT invoice_id FROM orders WHERE invoice_id IN ?`, invoices).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("look for the orders of invoices: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(invoices), func(i id.Invoice) bool { return slices.Contains(found, i) }), nil
}

// ordersWhere are the conditions of a query without its place.
func ordersWhere(q app.OrderQuery) (where []string, args []any) {
	if !q.UserID.IsZero() {
		where, args = append(where, `user_id = ?`), append(args, q.UserID)
	}
	if q.State != "" {
		where, args = append(where, `state = ?`), append(args, string(q.State))
	}
	if !q.InvoiceID.IsZero() {
		where, args = append(where, `invoice_id = ?`), append(args, q.InvoiceID)
	}
	return where, args
}

func conditions(where []string) string {
	if len(where) == 0 {
		return ""
	}
	return `WHERE ` + strings.Join(where, ` AND `)
}

// orders reads the orders that the rest of a query finds.
func (s *Store) orders(ctx context.Context, rest string, args ...any) ([]app.Cancellation, error) {
	var rows []order
	err := s.db.Read(ctx).Raw(`SELECT `+orderColumns+` FROM orders `+rest, args...).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	found := make([]app.Cancellation, len(rows))
	for i, row := range rows {
		if found[i], err = row.value(); err != nil {
			return nil, err
		}
	}
	return found, nil
}
