package gormstore

import (
	"context"
	"errors"

	"shop/modules/payments/internal/app"
	"shop/platform/database"
)

// Store implements app.Store.
type Store struct {
	db *database.DB
	// numbering are the transactions that wait for the next number of a series.
	numbering *database.Shared
}

var _ app.Store = (*Store)(nil)

// New makes a store over the module's own database.
func New(db *database.DB) *Store { return &Store{db: db, numbering: db.NewShared()} }

// InTx implements app.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context) error) error {
	return s.db.InTx(ctx, fn)
}

// errNotFree is returned by a guarded statement that did nothing: the request
// has been made before, or is being made.
var errNotFree = errors.New("the request has a record already")
