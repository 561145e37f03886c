// Package gormstore keeps accounts in the module's database. It is the only
// room that knows GORM.
package gormstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"shop/modules/users/internal/app"
	"shop/platform/database"
)

// Store implements app.Store. It is safe for concurrent use.
type Store struct{ db *database.DB }

var _ app.Store = (*Store)(nil)

// New makes a store over a migrated database.
func New(db *database.DB) *Store { return &Store{db} }

// blob is a hash as a value of a statement. GORM would take the bytes
// themselves for a list, right after a parenthesis.
type blob app.Hash

// Value implements driver.Valuer: 32 bytes.
func (b blob) Value() (driver.Value, error) { return b[:], nil }

// InTx implements app.Store.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.InTx(ctx, fn)
}

// pruneBatch is how many rows one statement removes, so that on SQLite the
// writer is free in between.
const pruneBatch = 1000

// Prune implements app.Store.
func (s *Store) Prune(ctx context.Context, expired, failed time.Time) (int64, error) {
	var total int64
	for _, rows := range []struct {
		table, key, column string
		before             time.Time
	}{
		{"sessions", "token_hash", "expires_at", expired},
		{"tokens", "token_hash", "expires_at", expired},
		{"sign_in_failures", "id", "failed_at", failed},
	} {
		for removed := int64(pruneBatch); removed == pruneBatch; total += removed {
			done := s.db.Write(ctx).Exec(
				`DELETE FROM `+rows.table+` WHERE `+rows.key+` IN
				   (SELECT `+rows.key+` FROM `+rows.table+` WHERE `+rows.column+` <= ? LIMIT ?)`, rows.before, pruneBatch)
			if done.Error != nil {
				return total, fmt.Errorf("prune %s: %w", rows.table, done.Error)
			}
			removed = done.RowsAffected
		}
	}
	return total, nil
}
