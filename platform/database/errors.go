package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"shop/platform/fault"
)

// What a statement, a transaction or a ping can fail with, on either database.
// Match with errors.Is. Any other error is the context's, or a defect.
var (
	// ErrNotFound: First, Take or Last found no row.
	ErrNotFound = errors.New("no such row")
	// ErrDuplicate: a unique constraint or index refused the row; the error is
	// a *DuplicateError.
	ErrDuplicate = errors.New("duplicate row")
	// ErrConstraint: a check, a foreign key, a NOT NULL or a trigger refused
	// the change; the cause names which.
	ErrConstraint = errors.New("the change breaks a rule of the database")
	// ErrUnavailable: the database could not be reached, or was too busy or
	// too full to do it. Trying again later may help; of a commit that failed
	// so, the outcome is unknown.
	// It is a fault already, because it means the same to every caller: come
	// back later (503).
	ErrUnavailable = fault.New(fault.Unavailable, "database_unavailable", "the database cannot be reached or is too busy").
			WithRetryAfter(time.Second)
)

// DuplicateError says which unique constraint or index refused a row.
type DuplicateError struct {
	// Constraint is the name by the rule that the migrations follow:
	// <table>_<columns>_key, or <table>_pkey for a primary key. Empty when the
	// database told none.
	Constraint string

	cause error
}

// Error implements error.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%v: %s: %v", ErrDuplicate, e.Constraint, e.cause)
}

// Unwrap makes errors.Is true for ErrDuplicate, GORM's own error and the cause.
func (e *DuplicateError) Unwrap() []error {
	return []error{ErrDuplicate, gorm.ErrDuplicatedKey, e.cause}
}

// errNoRow is what GORM's ErrRecordNotFound becomes. It stays that as well,
// because GORM's FirstOrCreate asks for it.
var errNoRow = fmt.Errorf("%w: %w", ErrNotFound, gorm.ErrRecordNotFound)

// common translates what means the same on both databases and says whether
// that was all there is to do.
func common(err error) (done bool, translated error) {
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrDuplicate), errors.Is(err, ErrConstraint), errors.Is(err, ErrUnavailable):
		return true, err
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows):
		return true, errNoRow
	case errors.Is(err, context.Canceled):
		return true, err
	default:
		return false, err
	}
}

// unavailable marks an error of connecting, which is no one's but the
// database's unless the caller gave up.
func unavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
