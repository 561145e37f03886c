// Package gormstore keeps what was recorded in PostgreSQL or SQLite.
package gormstore

import (
	"context"
	"time"

	"shop/modules/stats/internal/app"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/idempotency/sqlstore"
)

// Store implements app.Store and app.Once. It is safe for concurrent use; a
// process has one Store.
type Store struct {
	db    *database.DB
	once  *sqlstore.Store
	inbox *inbox.Inbox
	queue *queue
}

var (
	_ app.Store = (*Store)(nil)
	_ app.Once  = (*Store)(nil)
)

// New makes the Store of the module's database.
func New(db *database.DB) *Store {
	s := &Store{db: db, once: sqlstore.New(db), inbox: inbox.New(db)}
	s.queue = &queue{limits: usual(db.Dialect()), commit: s.commit}
	return s
}

// Handle implements app.Store.
func (s *Store) Handle(ctx context.Context, e event.Envelope, fn func(context.Context) error) error {
	return s.inbox.Once(ctx, e, fn)
}

// Forget implements app.Once.
func (s *Store) Forget(ctx context.Context, actor string) error {
	return s.once.Forget(ctx, actor)
}

// Prune removes what is remembered of requests, events and removed users for
// long enough, and returns how much that was.
func (s *Store) Prune(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for _, prune := range []func(context.Context, time.Time) (int64, error){s.once.Prune, s.inbox.Prune, s.PruneRemoved} {
		n, err := prune(ctx, now)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
