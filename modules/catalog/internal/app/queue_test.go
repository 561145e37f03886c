package app

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/id"
)

// gate is a store's end of a queue: each batch waits until it is let through.
type gate struct {
	batches [][]*call
	pass    chan struct{}
	panics  bool
}

func (g *gate) run(ctx context.Context, batch []*call) {
	g.batches = append(g.batches, batch)
	<-g.pass
	if g.panics {
		panic("broken")
	}
	for _, c := range batch {
		c.result, c.err = catalog.Reservation{Key: c.Key}, ctx.Err()
	}
}

func (g *gate) sizes() (sizes []int) {
	for _, batch := range g.batches {
		sizes = append(sizes, len(batch))
	}
	return sizes
}

func want(products ...id.Product) Taking {
	t := Taking{Key: id.NewCheckout()}
	for _, p := range products {
		t.Lines = append(t.Lines, catalog.ReserveLine{Product: p, Quantity: 1})
	}
	return t
}

// ask makes a call that ends when it is answered.
func ask(t *testing.T, ctx context.Context, q *queue, taking Taking) <-chan error {
	t.Helper()
	answer := make(chan error, 1)
	go func() {
		defer func() { recover() }() //nolint:errcheck // a panic is the test's own
		r, err := q.do(ctx, taking)
		if err == nil && r.Key != taking.Key {
			t.Errorf("the answer of another call")
		}
		answer <- err
	}()
	synctest.Wait()
	return answer
}

func TestQueue_SharesWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{pass: make(chan struct{})}
		q := newQueue(g.run)
		a, b, c := id.NewProduct(), id.NewProduct(), id.NewProduct()
		answers := []<-chan error{
			ask(t, t.Context(), q, want(a)),
			ask(t, t.Context(), q, want(a)),
			ask(t, t.Context(), q, want(a, b)),
			ask(t, t.Context(), q, want(b)), // behind the one before, though b is free
			ask(t, t.Context(), q, want(c)), // wanted by nobody else
		}
		require.Equal(t, []int{1, 1}, g.sizes())
		require.Equal(t, c, g.batches[1][0].Lines[0].Product)
		g.pass <- struct{}{} // either
		g.pass <- struct{}{}
		synctest.Wait()
		require.Equal(t, []int{1, 1, 3}, g.sizes())
		g.pass <- struct{}{}
		for _, answer := range answers {
			require.NoError(t, <-answer)
		}
		require.Empty(t, q.wanted)
		require.Empty(t, q.busy)
		require.Empty(t, q.waiting)
	})
}

func TestQueue_BoundsABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{pass: make(chan struct{})}
		q := newQueue(g.run)
		a := id.NewProduct()
		var answers []<-chan error
		for range 1 + batchCalls + 2 {
			answers = append(answers, ask(t, t.Context(), q, want(a)))
		}
		close(g.pass)
		for _, answer := range answers {
			require.NoError(t, <-answer)
		}
		require.Equal(t, []int{1, batchCalls, 2}, g.sizes())
	})
}

// A caller who goes away takes nobody with him: not before his call is in a
// batch, nor when the others of the batch rely on him to run it.
func TestQueue_CallersGoAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{pass: make(chan struct{})}
		q := newQueue(g.run)
		a := id.NewProduct()
		ctx, cancel := context.WithCancel(t.Context())
		later, cancelLater := context.WithCancel(t.Context())
		first := ask(t, t.Context(), q, want(a))
		gone := ask(t, ctx, q, want(a))
		leader := ask(t, later, q, want(a))
		follower := ask(t, t.Context(), q, want(a))
		cancel()
		require.ErrorIs(t, <-gone, context.Canceled)
		g.pass <- struct{}{}
		require.NoError(t, <-first)
		synctest.Wait()
		require.Equal(t, []int{1, 2}, g.sizes())
		cancelLater()
		synctest.Wait()
		g.pass <- struct{}{}
		require.NoError(t, <-leader)
		require.NoError(t, <-follower)
		require.Empty(t, q.wanted)
	})
}

func TestQueue_SurvivesAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{pass: make(chan struct{}), panics: true}
		q := newQueue(g.run)
		a := id.NewProduct()
		_ = ask(t, t.Context(), q, want(a))
		_ = ask(t, t.Context(), q, want(a)) // leads the next batch
		follower := ask(t, t.Context(), q, want(a))
		g.pass <- struct{}{}
		synctest.Wait()
		g.pass <- struct{}{}
		require.ErrorIs(t, <-follower, errAbandoned)
		require.Empty(t, q.wanted)
		require.Empty(t, q.busy)
	})
}
