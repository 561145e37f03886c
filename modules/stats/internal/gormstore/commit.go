package gormstore

import (
	"context"
	"errors"
	"time"

	"shop/modules/stats"
	"shop/platform/database"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
)

// commitTime bounds a commit, which no request's own deadline ends.
const commitTime = 30 * time.Second

// errTaken tells a request with a key that it is a repeat, or that another
// process is at it.
var errTaken = errors.New("the idempotency key is taken")

// Insert implements app.Store. Outside a transaction concurrent calls share a
// commit.
func (s *Store) Insert(ctx context.Context, entries []stats.Entry) error {
	if database.InTransaction(ctx) {
		return s.insert(ctx, entries)
	}
	return s.queue.do(ctx, newPending(entries, nil))
}

// Record implements app.Once. On PostgreSQL the record of the key goes into the
// commit that the request shares with others. SQLite, where a commit costs
// little and no statement can take turns, has a transaction for each key.
func (s *Store) Record(
	ctx context.Context, key *idempotency.Key, operation string, in any, result stats.Recorded, entries []stats.Entry,
) (stats.Recorded, error) {
	if s.queue.full() {
		return stats.Recorded{}, stats.ErrBusy
	}
	var recorded stats.Recorded
	var refused error
	err := s.partitioned(ctx, entries, func() (err error) {
		recorded, err = sqlstore.DoKnown(ctx, s.once, key, operation, in, result, func(ctx context.Context, guard *sqlstore.Guard) error {
			switch {
			case refused != nil:
				return refused // the long way would go round the queue
			case guard == nil:
				return s.insert(ctx, entries)
			}
			err := s.queue.do(ctx, newPending(entries, guard))
			if errors.Is(err, stats.ErrBusy) {
				refused = err
			}
			return err
		})
		return err
	})
	return recorded, err
}

// commit stores the requests of a batch. When it fails for a reason that may be
// one request's, each is stored by itself, so that none fails for another's
// sake.
func (s *Store) commit(ctx context.Context, batch []*pending) {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	err := s.store(ctx, batch)
	if err == nil {
		return
	}
	alone := len(batch) == 1 || errors.Is(err, database.ErrUnavailable) || ctx.Err() != nil
	for _, p := range batch {
		p.err = err
		if alone {
			continue
		}
		if err := s.store(ctx, []*pending{p}); err != nil {
			p.err = err
		}
	}
}

// store stores requests, all or none, and says to each how it went; an error is
// that of all.
func (s *Store) store(ctx context.Context, batch []*pending) error {
	entries, guards := gathered(batch)
	err := s.partitioned(ctx, entries, func() error {
		if len(guards) == 0 {
			return s.insert(ctx, entries)
		}
		return s.storeGuarded(ctx, batch, guards)
	})
	if err == nil && len(guards) == 0 {
		for _, p := range batch {
			p.err = nil
		}
	}
	return err
}

// storeGuarded stores those requests of a batch whose keys are free, together
// with the records of the keys.
func (s *Store) storeGuarded(ctx context.Context, batch []*pending, guards []*sqlstore.Guard) error {
	taken := map[*sqlstore.Guard]bool{}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		clear(taken)
		free, err := s.once.Claim(ctx, guards)
		if err != nil {
			return err
		}
		claimed := make([]*sqlstore.Guard, 0, len(guards))
		for i, guard := range guards {
			if free[i] {
				claimed = append(claimed, guard)
			} else {
				taken[guard] = true
			}
		}
		var entries []stats.Entry
		for _, p := range batch {
			if !taken[p.guard] {
				entries = append(entries, p.entries...)
			}
		}
		if err := s.insert(ctx, entries); err != nil {
			return err
		}
		return s.once.RecordAll(ctx, claimed)
	})
	if err != nil {
		return err
	}
	for _, p := range batch {
		p.err = nil
		if taken[p.guard] {
			p.err = errTaken
		}
	}
	return nil
}

// gathered is what a batch stores, and the guards of those with a key.
func gathered(batch []*pending) (entries []stats.Entry, guards []*sqlstore.Guard) {
	if len(batch) == 1 && batch[0].guard == nil {
		return batch[0].entries, nil
	}
	n := 0
	for _, p := range batch {
		n += len(p.entries)
		if p.guard != nil {
			guards = append(guards, p.guard)
		}
	}
	entries = make([]stats.Entry, 0, n)
	for _, p := range batch {
		entries = append(entries, p.entries...)
	}
	return entries, guards
}
