// Package sqlstore keeps idempotency records in a module's own database, in
// the transaction of the effect that they guard: either both are committed or
// neither is.
//
// The table is idempotency_keys; its DDL is in migrations/README.md.
package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"shop/platform/database"
	"shop/platform/idempotency"
)

// Store keeps the records of one module. It is safe for concurrent use; a
// process has one Store for a module.
type Store struct {
	db      *database.DB
	now     func() time.Time
	running sync.Map // of request to struct{}: what runs now, on SQLite
}

// New makes the Store of the module whose database db is.
func New(db *database.DB) *Store { return &Store{db: db, now: time.Now} }

// pruneBatch is how many records one statement removes, so that on SQLite the
// writer is free in between.
const pruneBatch = 1000

// Prune removes the records that are older than idempotency.Lifetime at now,
// and returns how many. A worker calls it every now and then.
func (s *Store) Prune(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for {
		done := s.db.Write(ctx).Exec(
			`DELETE FROM idempotency_keys WHERE (scope, key) IN
			   (SELECT scope, key FROM idempotency_keys WHERE created_at <= ? LIMIT ?)`,
			now.UTC().Add(-idempotency.Lifetime), pruneBatch)
		if done.Error != nil {
			return total, fmt.Errorf("prune idempotency records: %w", done.Error)
		}
		total += done.RowsAffected
		if done.RowsAffected < pruneBatch {
			return total, nil
		}
	}
}

// Forget removes the records of an actor, the text of an identity.Actor: what
// was answered to a removed user may contain what must be forgotten. It joins
// the transaction of ctx.
func (s *Store) Forget(ctx context.Context, actor string) error {
	// A scope is the actor, a space and the operation; "!" follows the space.
	err := s.db.Write(ctx).Exec(
		`DELETE FROM idempotency_keys WHERE scope >= ? AND scope < ?`, actor+" ", actor+"!").Error
	if err != nil {
		return fmt.Errorf("forget the idempotency records of an actor: %w", err)
	}
	return nil
}
