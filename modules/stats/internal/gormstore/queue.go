package gormstore

import (
	"context"
	"errors"
	"slices"
	"sync"

	"shop/modules/stats"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
)

// limits bound what one commit stores, how many there are at a time and what
// waits for one. A request that alone exceeds those of a commit has one for
// itself.
type limits struct {
	commitRows, commitBytes   int
	waitingRows, waitingBytes int
	// commits is how many may run at a time; 0 is 1.
	commits int
}

// worth says whether what waits is worth a commit beside those that run.
func (l limits) worth(rows, bytes int) bool {
	const share = 5 // of a commit
	return rows >= l.commitRows/share || bytes >= l.commitBytes/share
}

// usual limits: 64 clients with the most that a request may have all find room,
// and what waits is stored within seconds. SQLite has one writer. On PostgreSQL
// a commit keeps one core of the server busy, so there are several, and half of
// the connections stay free for others; and COPY with its trigger takes less for
// a row of 2,000 than of 5,000.
func usual(dialect database.Dialect) limits {
	l := limits{commitRows: 5000, commitBytes: 4 << 20, waitingRows: 100_000, waitingBytes: 64 << 20}
	if dialect == database.Postgres {
		l.commitRows, l.commits = 2000, 3
	}
	return l
}

// errAbandoned is what a request gets whose commit ended without an answer.
var errAbandoned = errors.New("the commit was broken off")

// pending is a request on its way into a commit.
type pending struct {
	entries []stats.Entry
	bytes   int
	guard   *sqlstore.Guard // nil without an idempotency key
	event   id.Event        // zero without an event to note
	leads   chan []*pending // takes the commit that it is to lead
	done    chan struct{}   // closed when err is the answer
	err     error
}

func newPending(entries []stats.Entry, guard *sqlstore.Guard) *pending {
	p := &pending{entries: entries, guard: guard, leads: make(chan []*pending, 1), done: make(chan struct{}), err: errAbandoned}
	const fixed = 64 // identifiers and time
	for i := range entries {
		p.bytes += fixed + len(entries[i].Action) + len(entries[i].Data)
	}
	return p
}

// queue lets concurrent requests share a commit. The first one commits at once,
// in its caller's goroutine; those that come meanwhile wait, and when it is done
// the first of them commits for them all. So nobody waits when nothing is going
// on, and the more there is to do the more each commit stores. When so many
// entries wait that a commit of them is worth it, it begins beside.
type queue struct {
	limits limits
	// commit stores requests and sets the err of each. It runs limits.commits
	// times at once at most.
	commit func(context.Context, []*pending)

	mu          sync.Mutex
	running     int // commits
	waiting     []*pending
	rows, bytes int // of those waiting
}

// full says whether a request would be refused.
func (q *queue) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running > 0 && (q.rows >= q.limits.waitingRows || q.bytes >= q.limits.waitingBytes)
}

// do returns when p is committed or refused; an event, of which few come at a
// time, always finds room. A request that is in a commit
// already waits for its end also when ctx ends before, since the commit reads
// what belongs to the caller.
func (q *queue) do(ctx context.Context, p *pending) error {
	q.mu.Lock()
	switch {
	case q.running == 0:
		q.running = 1
		q.mu.Unlock()
		q.lead(ctx, []*pending{p})
		return p.err
	case p.event.IsZero() && (q.rows+len(p.entries) > q.limits.waitingRows || q.bytes+p.bytes > q.limits.waitingBytes):
		q.mu.Unlock()
		return stats.ErrBusy
	}
	q.waiting = append(q.waiting, p)
	q.rows, q.bytes = q.rows+len(p.entries), q.bytes+p.bytes
	if q.running < q.limits.commits && q.limits.worth(q.rows, q.bytes) {
		q.running++
		q.begin()
	}
	q.mu.Unlock()

	select {
	case batch := <-p.leads:
		q.lead(ctx, batch)
		return p.err
	case <-p.done:
		return p.err
	case <-ctx.Done():
	}
	if q.leave(p) {
		return ctx.Err()
	}
	select {
	case batch := <-p.leads: // the others wait for it
		q.lead(ctx, batch)
	case <-p.done:
	}
	return p.err
}

// lead commits and hands on to the first of those that came meanwhile.
func (q *queue) lead(ctx context.Context, batch []*pending) {
	defer q.next()
	defer func() {
		for _, p := range batch {
			close(p.done)
		}
	}()
	q.commit(context.WithoutCancel(ctx), batch)
}

// next follows a commit that ended.
func (q *queue) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 || q.running > 1 && !q.limits.worth(q.rows, q.bytes) {
		q.running--
		return
	}
	q.begin()
}

// begin lets the first of those that wait commit for as many as one commit
// takes.
func (q *queue) begin() {
	n, rows, bytes := 0, 0, 0
	for _, p := range q.waiting {
		if n > 0 && (rows+len(p.entries) > q.limits.commitRows || bytes+p.bytes > q.limits.commitBytes) {
			break
		}
		n, rows, bytes = n+1, rows+len(p.entries), bytes+p.bytes
	}
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.rows, q.bytes = q.rows-rows, q.bytes-bytes
	batch[0].leads <- batch
}

// leave takes a request out of the queue, unless it is in a commit already.
func (q *queue) leave(p *pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, p)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.rows, q.bytes = q.rows-len(p.entries), q.bytes-p.bytes
	return true
}
