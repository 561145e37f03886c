package database

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"
)

// Bounds of a transaction that is shared.
const (
	sharedParts   = 64
	sharedTimeout = 15 * time.Second
)

// Shared runs transactions that would wait for one another, such as for the row
// of a counter, as one: they then share the wait for the disk. The first goes at
// once and alone. Those that come while it is under way wait for its end, and
// then go together, one after the other; the first of them runs them all.
//
// Each stays all or nothing for itself: when one fails, all are taken back and run
// again between savepoints, so that it is taken back alone; so are the next ones,
// until none fails any more. Only when the common commit fails do all fail. A
// caller may give up while he waits, as anywhere; once it is his turn among
// others, he gets what came of it.
//
// On SQLite, where all transactions of a file wait for one another, InTx shares
// them by itself.
type Shared struct {
	db *DB

	// careful says that one of the last parts failed; whoever is busy reads and
	// writes it.
	careful bool

	mu      sync.Mutex
	busy    bool
	waiting []*part
}

// part is one of the transactions that become one.
type part struct {
	// run does it in a session, until a deadline, and fills in the rest. It may be
	// called again after a rollback.
	run func(session *gorm.DB, until time.Time)

	tx       *transaction
	err      error
	panicked error
	// lead hands the parts over that this one's caller has to run; done says that
	// the commit is over.
	lead chan []*part
	done chan struct{}
}

// errAbandoned is what came of a part whose runner was torn away.
var errAbandoned = errors.New("the shared transaction was abandoned")

// NewShared makes a Shared for the transactions of a database that want the same
// thing.
func (db *DB) NewShared() *Shared {
	if db.dialect == SQLite {
		return db.line
	}
	return &Shared{db: db}
}

// InTx is DB.InTx, sharing the transaction with those who wait for the same.
func (s *Shared) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.inTx(ctx, fn, s.one)
}

// one runs fn once, alone or with others.
func (s *Shared) one(ctx context.Context, fn func(ctx context.Context) error) error {
	p := newPart(ctx, s.db, fn)
	if s.enter(p) {
		defer s.finish(nil)
		return s.db.runTx(ctx, fn)
	}
	select {
	case parts := <-p.lead:
		if len(parts) == 1 {
			defer s.finish(nil)
			return s.db.runTx(ctx, fn)
		}
		s.all(ctx, parts)
	case <-p.done:
	case <-ctx.Done():
		if s.leave(p) {
			return fmt.Errorf("begin: %w", ctx.Err())
		}
		select {
		case parts := <-p.lead: // the others rely on it
			s.all(ctx, parts)
		case <-p.done:
		}
	}
	if p.panicked != nil {
		panic(p.panicked)
	}
	if p.err == nil {
		p.tx.committed()
	}
	return p.err
}

func newPart(ctx context.Context, db *DB, fn func(ctx context.Context) error) *part {
	p := &part{err: errAbandoned, lead: make(chan []*part, 1), done: make(chan struct{})}
	p.run = func(session *gorm.DB, until time.Time) {
		p.tx, p.panicked = &transaction{db: db, session: session, outer: innermost(ctx)}, nil
		// That one caller goes away must not end what is the others', too.
		lasting, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
		defer cancel()
		defer func() {
			if cause := recover(); cause != nil {
				p.err, p.panicked = errAbandoned, fmt.Errorf("panic in a transaction: %v\n%s", cause, debug.Stack())
			}
		}()
		p.err = fn(context.WithValue(lasting, transactionKey{}, p.tx))
		if p.err == nil {
			p.err = p.tx.doomed()
		}
		if p.err == nil {
			p.err = ctx.Err()
		}
	}
	return p
}

// all runs parts in one transaction, and in a second one when one of them fails.
func (s *Shared) all(ctx context.Context, parts []*part) {
	defer s.finish(parts)
	until := time.Now().Add(sharedTimeout)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	if s.careful || s.together(ctx, parts, until, false) {
		s.careful = s.together(ctx, parts, until, true)
	}
}

// together runs parts in one transaction and says whether one of them failed.
// Unless apart, that is the end of it for all: nothing has happened.
func (s *Shared) together(ctx context.Context, parts []*part, until time.Time, apart bool) (failed bool) {
	session := s.db.writer.WithContext(ctx).Begin()
	if session.Error != nil {
		spread(parts, fmt.Errorf("begin: %w", session.Error))
		return false
	}
	committed := false
	defer func() {
		if !committed {
			session.Rollback()
			spread(parts, errAbandoned)
		}
	}()
	for _, p := range parts {
		if apart {
			if err := within(session, p, until); err != nil {
				spread(parts, err)
				return true
			}
		} else if p.run(session, until); p.err != nil {
			return true
		}
		failed = failed || p.err != nil
	}
	if err := session.Commit().Error; err != nil {
		spread(parts, fmt.Errorf("commit: %w", err))
		return failed
	}
	committed = true
	return failed
}

// within runs a part between savepoints. An error is one of the transaction as a
// whole.
func within(session *gorm.DB, p *part, until time.Time) error {
	if err := session.Exec("SAVEPOINT part").Error; err != nil {
		return fmt.Errorf("begin a part: %w", err)
	}
	p.run(session, until)
	if p.err != nil {
		if err := session.Exec("ROLLBACK TO SAVEPOINT part").Error; err != nil {
			return fmt.Errorf("take a part back: %w", err)
		}
	}
	if err := session.Exec("RELEASE SAVEPOINT part").Error; err != nil {
		return fmt.Errorf("end a part: %w", err)
	}
	return nil
}

// spread tells an error of the whole to those parts that have none of their own.
func spread(parts []*part, err error) {
	for _, p := range parts {
		if p.err == nil || errors.Is(p.err, errAbandoned) {
			p.err = err
		}
	}
}

// enter says whether a part may go at once; otherwise it waits.
func (s *Shared) enter(p *part) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.busy {
		s.busy = true
		return true
	}
	s.waiting = append(s.waiting, p)
	return false
}

// leave takes a part back whose turn has not come.
func (s *Shared) leave(p *part) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.waiting, p)
	if at >= 0 {
		s.waiting = slices.Delete(s.waiting, at, at+1)
	}
	return at >= 0
}

// finish tells parts that the commit is over and lets those that wait begin.
func (s *Shared) finish(parts []*part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		close(p.done)
	}
	if s.busy = len(s.waiting) > 0; s.busy {
		n := min(len(s.waiting), sharedParts)
		next := slices.Clone(s.waiting[:n])
		s.waiting = slices.Delete(s.waiting, 0, n)
		next[0].lead <- next
	}
}
