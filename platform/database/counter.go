package database

import (
	"context"
	"sync/atomic"
)

// Counter counts statements. It is safe for concurrent use.
type Counter struct {
	statements atomic.Int64
	outer      *Counter
}

type counterKey struct{}

// WithStatementCounter is ctx with a counter of the statements that run under
// it, on any database: what one request costs. BEGIN and COMMIT do not count.
// A counter that ctx already carries goes on counting.
func WithStatementCounter(ctx context.Context) (context.Context, *Counter) {
	outer, _ := ctx.Value(counterKey{}).(*Counter)
	counter := &Counter{outer: outer}
	return context.WithValue(ctx, counterKey{}, counter), counter
}

// Statements is how many have run so far.
func (c *Counter) Statements() int64 { return c.statements.Load() }

func countStatement(ctx context.Context) {
	counter, _ := ctx.Value(counterKey{}).(*Counter)
	for ; counter != nil; counter = counter.outer {
		counter.statements.Add(1)
	}
}
