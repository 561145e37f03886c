// Package ratelimit counts requests per key (an address, an account) within
// one process. Keys that fall silent are forgotten, and the number of keys is
// bounded, so that a flood from many addresses cannot fill the memory.
package ratelimit

import (
	"fmt"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// maxKeys bounds how many keys are remembered; the least used go first.
const maxKeys = 100_000

// Limit is a number of requests within a window of time. The zero value is no
// limit.
type Limit struct {
	Requests int
	Window   time.Duration
}

// Limiter holds the state of one limit for all its keys. A nil Limiter limits
// nothing. It is safe for concurrent use.
type Limiter struct {
	limit Limit
	keys  *otter.Cache[string, *bucket]
}

// New makes a limiter; nil for no limit. A limit with only one of its two
// numbers, or a negative one, is an error.
func New(limit Limit) (*Limiter, error) {
	if limit == (Limit{}) {
		return nil, nil //nolint:nilnil // a nil Limiter is a working one that limits nothing
	}
	if limit.Requests < 1 || limit.Window <= 0 {
		return nil, fmt.Errorf("%d requests within %s are no limit", limit.Requests, limit.Window)
	}
	keys, err := otter.New(&otter.Options[string, *bucket]{
		MaximumSize: maxKeys,
		// After a window without a request the bucket would be full anyway.
		ExpiryCalculator: otter.ExpiryAccessing[string, *bucket](limit.Window),
	})
	if err != nil {
		return nil, fmt.Errorf("make rate limiter: %w", err)
	}
	return &Limiter{limit: limit, keys: keys}, nil
}

// State is what a key has left.
type State struct {
	// Allowed is false when the key has used up its share.
	Allowed bool
	// Limit is the limit in force.
	Limit Limit
	// Remaining is how many requests are left at this moment.
	Remaining int
	// RetryAfter is how long until the next one is allowed; 0 while some are left.
	RetryAfter time.Duration
	// Reset is how long until the whole share is there again.
	Reset time.Duration
}

// Take uses up one request of key's share, if one is left.
func (l *Limiter) Take(key string) State { return l.count(key, 1) }

// Peek says whether key has a request left without using it up.
func (l *Limiter) Peek(key string) State { return l.count(key, 0) }

// GiveBack returns a request that was taken and turned out not to count.
func (l *Limiter) GiveBack(key string) { l.count(key, -1) }

func (l *Limiter) count(key string, requests int) State {
	if l == nil {
		return State{Allowed: true}
	}
	b, _ := l.keys.ComputeIfAbsent(key, func() (*bucket, bool) {
		return &bucket{tokens: float64(l.limit.Requests), at: time.Now()}, false
	})
	return b.count(l.limit, float64(requests), time.Now())
}

// bucket holds the requests that a key has left; they come back evenly over the
// window.
type bucket struct {
	mu     sync.Mutex
	tokens float64
	at     time.Time
}

func (b *bucket) count(limit Limit, requests float64, now time.Time) State {
	b.mu.Lock()
	defer b.mu.Unlock()
	full := float64(limit.Requests)
	perToken := limit.Window.Seconds() / full
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(full, b.tokens+passed.Seconds()/perToken)
		b.at = now
	}
	// What floating point loses on the way must not cost anybody a request.
	const almostOne = 1 - 1e-9
	allowed := requests < 0 || b.tokens >= almostOne
	if allowed {
		b.tokens = max(0, min(full, b.tokens-requests))
	}
	state := State{Allowed: allowed, Limit: limit, Remaining: int(b.tokens + 1e-9)}
	if b.tokens < almostOne {
		state.RetryAfter = durationOf((1 - b.tokens) * perToken)
	}
	state.Reset = durationOf((full - b.tokens) * perToken)
	return state
}

func durationOf(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
