package gormstore

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/database"
)

// gate is a commit that ends when it is let through.
type gate struct {
	open    chan error
	mu      sync.Mutex
	batches [][]*pending
}

func (g *gate) commit(_ context.Context, batch []*pending) {
	g.mu.Lock()
	g.batches = append(g.batches, batch)
	g.mu.Unlock()
	err := <-g.open
	for _, p := range batch {
		p.err = err
	}
}

// sizes are how many requests each commit had.
func (g *gate) sizes() (sizes []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, batch := range g.batches {
		sizes = append(sizes, len(batch))
	}
	return sizes
}

func rows(n int) *pending { return newPending(make([]stats.Entry, n), nil) }

// The first commits at once, those that come meanwhile share the next commit,
// as many as its bound allows; and what would exceed the queue is refused.
func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		q := &queue{limits: limits{commitRows: 4, commitBytes: 1 << 20, waitingRows: 6, waitingBytes: 1 << 20}, commit: g.commit}
		answers := make(chan error, 16)
		send := func(ctx context.Context, n int) {
			go func() { answers <- q.do(ctx, rows(n)) }()
			synctest.Wait()
		}
		send(t.Context(), 9) // alone, whatever its size
		require.Equal(t, []int{1}, g.sizes())
		for range 3 {
			send(t.Context(), 1)
		}
		leaving, leave := context.WithCancel(t.Context())
		send(leaving, 1)
		send(t.Context(), 2)
		require.True(t, q.full())
		require.ErrorIs(t, q.do(t.Context(), rows(1)), stats.ErrBusy)
		leave()
		require.ErrorIs(t, <-answers, context.Canceled, "what no commit has taken is taken out")
		require.False(t, q.full())
		send(t.Context(), 1)

		g.open <- nil
		synctest.Wait()
		require.Equal(t, []int{1, 3}, g.sizes(), "3 rows and 2 more exceed a commit")
		require.NoError(t, <-answers)
		broken := errors.New("no disk")
		g.open <- broken
		synctest.Wait()
		require.Equal(t, []int{1, 3, 2}, g.sizes())
		for range 3 {
			require.ErrorIs(t, <-answers, broken)
		}
		g.open <- nil
		for range 2 {
			require.NoError(t, <-answers)
		}
		synctest.Wait()
		send(t.Context(), 1) // idle again
		require.Equal(t, []int{1, 3, 2, 1}, g.sizes())
		g.open <- nil
		require.NoError(t, <-answers)
	})
}

// When as many wait as are worth it, a commit of them begins beside the one that
// runs, up to as many as may; and when they are no longer worth it, one goes on.
func TestQueueBeside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		q := &queue{limits: limits{commitRows: 10, commitBytes: 1 << 20, waitingRows: 100, waitingBytes: 1 << 20, commits: 2}, commit: g.commit}
		answers := make(chan error, 16)
		send := func(n int) {
			go func() { answers <- q.do(t.Context(), rows(n)) }()
			synctest.Wait()
		}
		send(1)
		send(1)
		require.Equal(t, []int{1}, g.sizes(), "one waits for the commit that runs")
		send(1)
		require.Equal(t, []int{1, 2}, g.sizes(), "two are worth another")
		send(1)
		send(1)
		send(1)
		require.Equal(t, []int{1, 2}, g.sizes(), "a third would be too many")
		g.open <- nil
		synctest.Wait()
		require.Equal(t, []int{1, 2, 3}, g.sizes())
		send(1)
		g.open <- nil // either of them
		synctest.Wait()
		require.Equal(t, []int{1, 2, 3}, g.sizes(), "one is worth none beside")
		g.open <- nil
		synctest.Wait()
		require.Equal(t, []int{1, 2, 3, 1}, g.sizes(), "and is left to none")
		g.open <- nil
		for range 7 {
			require.NoError(t, <-answers)
		}
		synctest.Wait()
		require.Zero(t, q.running)
	})
}

// One that gave up waits for the commit that has it, and leads the one that it
// was to lead.
func TestQueueGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		q := &queue{limits: usual(database.SQLite), commit: g.commit}
		ctx, cancel := context.WithCancel(t.Context())
		answers := make(chan error, 2)
		for range 2 {
			go func() { answers <- q.do(ctx, rows(1)) }()
			synctest.Wait()
		}
		g.open <- nil // the second commit begins
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.Len(t, answers, 1)
		g.open <- nil
		for range 2 {
			require.NoError(t, <-answers)
		}
	})
}

// A commit that breaks off answers all the same, and the next one goes on.
func TestQueueAfterPanic(t *testing.T) {
	t.Parallel()
	q := &queue{limits: usual(database.SQLite), commit: func(context.Context, []*pending) { panic("a defect") }}
	p := rows(1)
	require.Panics(t, func() { _ = q.do(t.Context(), p) })
	<-p.done
	require.ErrorIs(t, p.err, errAbandoned)
	q.commit = func(_ context.Context, batch []*pending) { batch[0].err = nil }
	require.NoError(t, q.do(t.Context(), rows(1)))
}
