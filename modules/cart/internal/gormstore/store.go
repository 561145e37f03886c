// Package gormstore keeps carts in PostgreSQL or SQLite. It is the only room of
// the module that knows GORM.
package gormstore

import (
	"context"
	"fmt"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/event/outbox"
	"shop/platform/idempotency/sqlstore"
)

// Store implements app.Store and app.Once. It is safe for concurrent use; a
// process has one Store.
type Store struct {
	db      *database.DB
	answers *sqlstore.Store
	handled *inbox.Inbox
	events  *outbox.Outbox
}

var (
	_ app.Store = (*Store)(nil)
	_ app.Once  = (*Store)(nil)
)

// New makes the Store of the module's database. answers, handled and events are
// over the same one.
func New(db *database.DB, answers *sqlstore.Store, handled *inbox.Inbox, events *outbox.Outbox) *Store {
	return &Store{db, answers, handled, events}
}

// publish appends events in the transaction of ctx, after the statement that
// makes them true.
func (s *Store) publish(ctx context.Context, told ...event.Event) error {
	return s.events.Append(ctx, told...)
}

// AddItem implements app.Once.
func (s *Store) AddItem(
	ctx context.Context, in cart.AddItemInput, fn func(context.Context) (cart.Item, error),
) (cart.Item, error) {
	return sqlstore.Do(ctx, s.answers, in.Key, cart.MethodAddItem.String(), in, fn)
}

// CreateDiscount implements app.Once.
func (s *Store) CreateDiscount(
	ctx context.Context, in cart.CreateDiscountInput, fn func(context.Context) (cart.Discount, error),
) (cart.Discount, error) {
	return sqlstore.Do(ctx, s.answers, in.Key, cart.MethodCreateDiscount.String(), in, fn)
}

// Receive implements app.Once.
func (s *Store) Receive(ctx context.Context, e event.Envelope, fn func(context.Context) error) error {
	return s.handled.Once(ctx, e, fn)
}

// Forget implements app.Once.
func (s *Store) Forget(ctx context.Context, actor string) error { return s.answers.Forget(ctx, actor) }

// store stores an event that was made ready, in the transaction of ctx.
func (s *Store) store(ctx context.Context, told outbox.Entry) error {
	statement, args := database.Compose(told.Insert("(SELECT 1) AS one"))
	if err := s.db.Write(ctx).Exec(statement, args...).Error; err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	s.events.Appended(ctx, told)
	return nil
}

// forUpdate locks the rows of a query: SQLite's one writer holds the lock
// already.
func (s *Store) forUpdate() string {
	if s.db.Dialect() == database.SQLite {
		return ""
	}
	return " FOR UPDATE"
}
