package remote

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"shop/platform/contract"
)

// failsafe-go's retry policy would run each call as a closure within an
// execution, with several allocations even when nothing fails; and its budget
// bounds the share of what is under way at one moment, so that with little
// traffic every call could be repeated. Here the good case costs one atomic
// operation, and the bound holds over any number of calls.

const (
	// burst is how many repetitions may come at once before calls have paid for
	// them: with little traffic a call can be repeated at all.
	burst = 10
	// price is how many calls pay for one repetition: 10 %.
	price = 10
)

// budget bounds repetitions, so that they do not double the load on a module
// that fails because of its load: never more than one in ten calls, and ten.
type budget struct{ credit atomic.Int64 }

func newBudget() *budget {
	b := &budget{}
	b.credit.Store(burst * price)
	return b
}

// earn is called for each call.
func (b *budget) earn() {
	for {
		credit := b.credit.Load()
		if credit >= burst*price || b.credit.CompareAndSwap(credit, credit+1) {
			return
		}
	}
}

// spend reports whether one repetition more may be made.
func (b *budget) spend() bool {
	for {
		credit := b.credit.Load()
		if credit < price {
			return false
		}
		if b.credit.CompareAndSwap(credit, credit-price) {
			return true
		}
	}
}

// repeatable reports whether the class of a call lets it be made again after err.
// What a module itself answers a write with is its answer ("the provider has not
// said yet"): a repetition would ask for something else.
func (m *message) repeatable(ctx context.Context, err error) bool {
	failure := failureIn(err)
	if failure == nil || m.over(ctx) != nil {
		return false
	}
	switch m.Does.Class {
	case contract.Read:
		return true
	case contract.IdempotentWrite:
		return !failure.Answered
	default:
		return !failure.Sent
	}
}

// Pauses before a repetition: doubled each time, and spread, so that callers who
// failed together do not come back together.
const firstPause = 20 * time.Millisecond

// pause waits before a repetition. It is false when the deadline leaves no time
// for that.
func (m *message) pause(ctx context.Context, retry int) bool {
	d := firstPause << retry
	d = d/2 + rand.N(d) //nolint:gosec // not a secret
	if time.Until(m.deadline) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
