package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"shop/modules/catalog"
	"shop/platform/id"
)

// Bounds of a batch.
const (
	batchCalls   = 128
	batchLines   = 1000
	batchTimeout = 15 * time.Second
)

// queue lets calls that want the same products at the same time share one
// transaction, so that a product sells faster than its row can be locked and
// unlocked by one buyer after the other. A call whose products nobody else wants
// goes at once and alone. Those that come while it is under way wait for its
// end, and then go together; the first of them runs the batch for all.
type queue struct {
	// run takes the stock for a batch and answers each call.
	run func(ctx context.Context, batch []*call)

	mu sync.Mutex
	// wanted counts by how many calls, under way or waiting, a product is wanted.
	wanted map[id.Product]int
	// busy are the products of the calls under way.
	busy    map[id.Product]bool
	waiting []*call
}

// call is one Reserve, and its answer.
type call struct {
	Taking

	result catalog.Reservation
	err    error
	// lead hands the batch over that the call has to run; done says that it is
	// answered.
	lead chan []*call
	done chan struct{}
}

// errAbandoned is the answer to a call whose batch panicked.
var errAbandoned = errors.New("the batch of the reservation was abandoned")

func newQueue(run func(context.Context, []*call)) *queue {
	return &queue{run: run, wanted: map[id.Product]int{}, busy: map[id.Product]bool{}}
}

// do answers a taking. When ctx ends while others run the batch that it is in,
// whether the stock was taken is not known.
func (q *queue) do(ctx context.Context, t Taking) (catalog.Reservation, error) {
	c := &call{Taking: t, err: errAbandoned, lead: make(chan []*call, 1), done: make(chan struct{})}
	if q.enter(c) {
		q.perform(ctx, []*call{c})
		return c.result, c.err
	}
	select {
	case batch := <-c.lead:
		q.performForAll(ctx, batch)
	case <-c.done:
	case <-ctx.Done():
		if q.leave(c) {
			return catalog.Reservation{}, ctx.Err()
		}
		select {
		case batch := <-c.lead: // the others rely on it
			q.performForAll(ctx, batch)
		default:
			return catalog.Reservation{}, ctx.Err()
		}
	}
	return c.result, c.err
}

// performForAll runs a batch that must not end with the caller who runs it.
func (q *queue) performForAll(ctx context.Context, batch []*call) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchTimeout)
	defer cancel()
	q.perform(ctx, batch)
}

func (q *queue) perform(ctx context.Context, batch []*call) {
	defer q.finish(batch)
	q.run(ctx, batch)
}

// enter says whether a call may go at once; otherwise it waits.
func (q *queue) enter(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	free := !slices.ContainsFunc(c.Lines, func(l catalog.ReserveLine) bool { return q.wanted[l.Product] > 0 })
	for _, line := range c.Lines {
		q.wanted[line.Product]++
		if free {
			q.busy[line.Product] = true
		}
	}
	if !free {
		q.waiting = append(q.waiting, c)
	}
	return free
}

// leave takes a call back that has not been put into a batch.
func (q *queue) leave(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.Index(q.waiting, c)
	if at < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, at, at+1)
	q.forget(c)
	return true
}

func (q *queue) forget(c *call) {
	for _, line := range c.Lines {
		if q.wanted[line.Product]--; q.wanted[line.Product] == 0 {
			delete(q.wanted, line.Product)
		}
	}
}

// finish tells the calls of a batch that they are answered, and lets the next
// one begin.
func (q *queue) finish(batch []*call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range batch {
		q.forget(c)
		for _, line := range c.Lines {
			delete(q.busy, line.Product)
		}
		close(c.done)
	}
	if next := q.next(); len(next) > 0 {
		next[0].lead <- next
	}
}

// next takes the calls out of those that wait that can go now, in their order:
// none overtakes one that wants the same product.
func (q *queue) next() []*call {
	var next, rest []*call
	blocked := map[id.Product]bool{}
	lines := 0
	for _, c := range q.waiting {
		stands := len(next) == batchCalls || len(next) > 0 && lines+len(c.Lines) > batchLines ||
			slices.ContainsFunc(c.Lines, func(l catalog.ReserveLine) bool { return q.busy[l.Product] || blocked[l.Product] })
		if !stands {
			next = append(next, c)
			lines += len(c.Lines)
			continue
		}
		rest = append(rest, c)
		for _, line := range c.Lines {
			blocked[line.Product] = true
		}
	}
	q.waiting = rest
	for _, c := range next {
		for _, line := range c.Lines {
			q.busy[line.Product] = true
		}
	}
	return next
}
