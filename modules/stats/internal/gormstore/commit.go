package gormstore

import (
	"context"
	"errors"
	"time"

	"shop/modules/stats"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
)

// commitTime bounds a commit, which no request's own deadline ends.
const commitTime = 30 * time.Second

// errTaken tells a request with a key that it is a repeat, or that another
// process is at it.
var errTaken = errors.New("the idempotency key is taken")

// Insert implements app.Store. Concurrent calls share a commit.
func (s *Store) Insert(ctx context.Context, entries []stats.Entry) error {
	return s.queue.do(ctx, newPending(entries, nil))
}

// Note implements app.Store. Concurrent calls share a commit.
func (s *Store) Note(ctx context.Context, e event.Envelope, entry stats.Entry) error {
	p := newPending([]stats.Entry{entry}, nil)
	p.event = e.ID
	return s.queue.do(ctx, p)
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
	entries, plain := gathered(batch)
	err := s.partitioned(ctx, entries, func() error {
		if plain {
			return s.insert(ctx, entries)
		}
		return s.storeOnce(ctx, batch)
	})
	if err == nil && plain {
		for _, p := range batch {
			p.err = nil
		}
	}
	return err
}

// storeOnce stores those requests of a batch whose keys are free, and the events
// that were not noted before, together with the records of both.
func (s *Store) storeOnce(ctx context.Context, batch []*pending) error {
	taken := map[*pending]bool{}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		clear(taken)
		guards, err := s.claim(ctx, batch, taken)
		if err != nil {
			return err
		}
		entries, err := s.fresh(ctx, batch)
		if err != nil {
			return err
		}
		for _, p := range batch {
			if p.event.IsZero() && !taken[p] {
				entries = append(entries, p.entries...)
			}
		}
		if err := s.insert(ctx, entries); err != nil {
			return err
		}
		return s.once.RecordAll(ctx, guards)
	})
	if err != nil {
		return err
	}
	for _, p := range batch {
		p.err = nil
		if taken[p] {
			p.err = errTaken
		}
	}
	return nil
}

// claim returns the guards of the requests whose keys are free, and marks those
// of the others as taken.
func (s *Store) claim(ctx context.Context, batch []*pending, taken map[*pending]bool) (claimed []*sqlstore.Guard, err error) {
	var keyed []*pending
	var guards []*sqlstore.Guard
	for _, p := range batch {
		if p.guard != nil {
			keyed, guards = append(keyed, p), append(guards, p.guard)
		}
	}
	if len(guards) == 0 {
		return nil, nil
	}
	free, err := s.once.Claim(ctx, guards)
	if err != nil {
		return nil, err
	}
	for i, guard := range guards {
		if free[i] {
			claimed = append(claimed, guard)
		} else {
			taken[keyed[i]] = true
		}
	}
	return claimed, nil
}

// fresh returns the entries of the events that were not noted before. One event
// may come after another publisher's that says that its user is gone: what he
// did counts, and nothing of it is his.
func (s *Store) fresh(ctx context.Context, batch []*pending) ([]stats.Entry, error) {
	var events []id.Event
	var users []id.User
	for _, p := range batch {
		if !p.event.IsZero() {
			events, users = append(events, p.event), append(users, p.entries[0].UserID)
		}
	}
	if len(events) == 0 {
		return nil, nil
	}
	fresh, err := s.inbox.Fresh(ctx, events)
	if err != nil {
		return nil, err
	}
	removed, err := s.removed(ctx, users)
	if err != nil {
		return nil, err
	}
	entries := make([]stats.Entry, 0, len(batch))
	for _, p := range batch {
		if !fresh[p.event] {
			continue
		}
		delete(fresh, p.event) // it may have come twice
		entry := p.entries[0]
		if removed[entry.UserID] {
			entry.UserID, entry.Data = id.User{}, nil
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// gathered is what a batch stores; plain says that this is all there is to it.
func gathered(batch []*pending) (entries []stats.Entry, plain bool) {
	n, plain := 0, true
	for _, p := range batch {
		n += len(p.entries)
		plain = plain && p.guard == nil && p.event.IsZero()
	}
	if len(batch) == 1 {
		return batch[0].entries, plain
	}
	entries = make([]stats.Entry, 0, n)
	for _, p := range batch {
		entries = append(entries, p.entries...)
	}
	return entries, plain
}
