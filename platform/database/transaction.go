package database

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// attempts bounds how often the outermost InTx runs a transaction that the
// database rolled back because of a conflict.
const attempts = 4

// transaction is what a context carries inside InTx. It belongs to one
// goroutine at a time, as the connection beneath does.
type transaction struct {
	db      *DB
	session *gorm.DB
	outer   *transaction // of another database
	after   []func()
	failed  error // what a joined InTx returned
}

type transactionKey struct{}

// InTx runs fn in a transaction: what Read and Write give for fn's context is
// inside it. It commits when fn returns nil, and rolls back on an error or a
// panic. Inside a transaction of this database it joins that one, and an error
// of fn then dooms it: it rolls back even where the caller swallows the error.
// On PostgreSQL a statement that failed dooms it as well, so let conflicts that
// are expected be none (ON CONFLICT).
//
// fn may run more than once (after a deadlock or serialization failure), so it
// does nothing that a rollback would not undo; see AfterCommit for the rest.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.line != nil {
		return db.line.InTx(ctx, fn)
	}
	return db.inTx(ctx, fn, db.runTx)
}

// inTx is InTx with a way to run a transaction once.
func (db *DB) inTx(
	ctx context.Context, fn func(ctx context.Context) error, once func(context.Context, func(context.Context) error) error,
) error {
	if tx := db.transaction(ctx); tx != nil {
		err := fn(ctx)
		if err != nil && tx.failed == nil {
			tx.failed = err
		}
		return err
	}
	for attempt := 1; ; attempt++ {
		err := once(ctx, fn)
		if err == nil || attempt == attempts || !retryable(err) || !pause(ctx, attempt) {
			return err
		}
	}
}

// AfterCommit runs fn once the outermost transaction of this database in ctx
// has committed, in order of registration and before its InTx returns; at once
// when there is none. It never runs after a rollback. fn must not use ctx's
// transaction, which is over by then: see WithoutTransaction.
func (db *DB) AfterCommit(ctx context.Context, fn func()) {
	if tx := db.transaction(ctx); tx != nil {
		tx.after = append(tx.after, fn)
		return
	}
	fn()
}

// InTransaction says whether ctx carries a transaction of any database.
func InTransaction(ctx context.Context) bool { return innermost(ctx) != nil }

// WithoutTransaction is ctx for work that goes on outside the transactions
// that ctx carries, such as what AfterCommit starts.
func WithoutTransaction(ctx context.Context) context.Context {
	if !InTransaction(ctx) {
		return ctx
	}
	return context.WithValue(ctx, transactionKey{}, (*transaction)(nil))
}

func (db *DB) runTx(ctx context.Context, fn func(ctx context.Context) error) error {
	session := db.writer.WithContext(ctx).Begin()
	if session.Error != nil {
		return fmt.Errorf("begin: %w", session.Error)
	}
	tx := &transaction{db: db, session: session, outer: innermost(ctx)}
	committed := false
	defer func() {
		if !committed {
			session.Rollback() // fails only when the connection is lost, and the transaction with it
		}
	}()
	if err := fn(context.WithValue(ctx, transactionKey{}, tx)); err != nil {
		return err
	}
	if err := tx.doomed(); err != nil {
		return err
	}
	if err := session.Commit().Error; err != nil {
		// The context may have ended, and with it the transaction, before fn
		// noticed: then that is the cause.
		if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
			err = cause
		}
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	tx.committed()
	return nil
}

// doomed is why a transaction whose fn returned nil must not commit; nil when it
// may.
func (tx *transaction) doomed() error {
	if tx.failed == nil {
		return nil
	}
	return fmt.Errorf("rolled back, since a part of the transaction had failed: %w", tx.failed)
}

// committed runs what was to run after the commit.
func (tx *transaction) committed() {
	for _, fn := range tx.after {
		fn()
	}
}

// transaction is the one of this database in ctx, or nil.
func (db *DB) transaction(ctx context.Context) *transaction {
	for tx := innermost(ctx); tx != nil; tx = tx.outer {
		if tx.db == db {
			return tx
		}
	}
	return nil
}

func innermost(ctx context.Context) *transaction {
	tx, _ := ctx.Value(transactionKey{}).(*transaction)
	return tx
}

// pause waits a little, longer with each attempt and not the same for all, and
// says whether ctx allows another one.
func pause(ctx context.Context, attempt int) bool {
	wait := time.Millisecond + rand.N(10*time.Millisecond) //nolint:gosec // to spread out, not to be secret
	timer := time.NewTimer(time.Duration(attempt) * wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
