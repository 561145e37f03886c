// Package gormstore keeps what was recorded in PostgreSQL or SQLite.
package gormstore

import (
	"context"
	"time"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/platform/database"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
)

// Store implements app.Store and app.Once. It is safe for concurrent use; a
// process has one Store.
type Store struct {
	db   *database.DB
	once *sqlstore.Store
}

var (
	_ app.Store = (*Store)(nil)
	_ app.Once  = (*Store)(nil)
)

// New makes the Store of the module's database.
func New(db *database.DB) *Store { return &Store{db: db, once: sqlstore.New(db)} }

// Record implements app.Once.
func (s *Store) Record(
	ctx context.Context, key *idempotency.Key, operation string, in any, fn func(context.Context) (stats.Recorded, error),
) (stats.Recorded, error) {
	return sqlstore.Do(ctx, s.once, key, operation, in, fn)
}

// Forget implements app.Once.
func (s *Store) Forget(ctx context.Context, actor string) error {
	return s.once.Forget(ctx, actor)
}

// Prune removes expired idempotency records; see sqlstore.Store.
func (s *Store) Prune(ctx context.Context, now time.Time) (int64, error) {
	return s.once.Prune(ctx, now)
}
