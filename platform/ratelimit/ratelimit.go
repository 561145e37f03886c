// Package ratelimit counts requests per key (an address, an account) within
// one process. Keys that fall silent are forgotten, and the number of keys is
// bounded, so that a flood from many addresses cannot fill the memory.
package ratelimit

import (
	"fmt"
	"math"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
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
// nothing.
type Limiter struct {
	limit Limit
	keys  *otter.Cache[string, *rate.Limiter]
}

// New makes a limiter; nil for no limit.
func New(limit Limit) (*Limiter, error) {
	if limit == (Limit{}) {
		return nil, nil //nolint:nilnil // a nil Limiter is a working one that limits nothing
	}
	keys, err := otter.New(&otter.Options[string, *rate.Limiter]{
		MaximumSize:      maxKeys,
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](limit.Window),
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
}

// Take uses up one request of key's share, if one is left.
func (l *Limiter) Take(key string) State {
	if l == nil {
		return State{Allowed: true}
	}
	bucket := l.bucket(key)
	return l.state(bucket, bucket.Allow())
}

// Peek says whether key has a request left without using it up.
func (l *Limiter) Peek(key string) State {
	if l == nil {
		return State{Allowed: true}
	}
	bucket := l.bucket(key)
	return l.state(bucket, bucket.Tokens() >= 1)
}

func (l *Limiter) bucket(key string) *rate.Limiter {
	bucket, _ := l.keys.ComputeIfAbsent(key, func() (*rate.Limiter, bool) {
		every := l.limit.Window / time.Duration(l.limit.Requests)
		return rate.NewLimiter(rate.Every(every), l.limit.Requests), false
	})
	return bucket
}

func (l *Limiter) state(bucket *rate.Limiter, allowed bool) State {
	tokens := bucket.Tokens()
	s := State{Allowed: allowed, Limit: l.limit, Remaining: max(0, int(tokens))}
	if tokens < 1 {
		missing := (1 - tokens) / float64(bucket.Limit())
		s.RetryAfter = time.Duration(math.Ceil(missing * float64(time.Second)))
	}
	return s
}
