// Package recent remembers for a moment whose a session is, so that not every
// request of a signed-in user asks where sessions are kept: the database, or
// another process.
package recent

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"shop/modules/users"
)

// Both memories may stand one behind the other: a process asks another one,
// which has the answer in memory. An end of a session is then seen everywhere
// when both times have passed, and that is promised to take a second at most.
const (
	// OfDatabase is how long an answer of the database is believed.
	OfDatabase = 500 * time.Millisecond
	// OfProcess is how long an answer of another process is believed.
	OfProcess = 400 * time.Millisecond
)

const (
	// kept bounds the memory to a few MB.
	kept = 16_384
	// patience is how long a lookup may take, whoever waits for it.
	patience = 5 * time.Second
)

// Sessions finds sessions, most of them in memory. K is what names one where
// they are kept.
//
// What this process changes is seen at once: Forget starts a new generation,
// and entries are looked up by generation. A lookup that began before a change
// was committed puts its finding under the old generation, where nobody looks
// any more; so there is no moment in which it could bring an ended session
// back. Time is part of the key in the same way, shifted by the token so that
// not all entries become stale in the same moment.
type Sessions[K comparable] struct {
	freshness  time.Duration
	now        func() time.Time
	lookup     func(ctx context.Context, token K) (users.Session, error)
	seed       maphash.Seed
	generation atomic.Uint64
	cache      *otter.Cache[key[K], users.Session]
}

type key[K comparable] struct {
	token      K
	generation uint64
	period     int64
}

// New makes an empty memory. lookup asks where sessions are kept; what it found
// is believed for freshness, an error never.
func New[K comparable](
	freshness time.Duration, now func() time.Time, lookup func(ctx context.Context, token K) (users.Session, error),
) (*Sessions[K], error) {
	cache, err := otter.New(&otter.Options[key[K], users.Session]{
		MaximumSize:      kept,
		ExpiryCalculator: otter.ExpiryWriting[key[K], users.Session](2 * freshness),
	})
	if err != nil {
		return nil, fmt.Errorf("make the memory of sessions: %w", err)
	}
	return &Sessions[K]{freshness: freshness, now: now, lookup: lookup, seed: maphash.MakeSeed(), cache: cache}, nil
}

// Find is the session of a token. Errors: those of the lookup.
func (s *Sessions[K]) Find(ctx context.Context, token K) (users.Session, error) {
	shift := maphash.Comparable(s.seed, token) % uint64(s.freshness)
	return s.cache.Get(ctx, key[K]{ //nolint:wrapcheck // says what the lookup says
		token:      token,
		generation: s.generation.Load(),
		period:     (s.now().UnixNano() + int64(shift)) / int64(s.freshness),
	}, s)
}

// Load implements otter.Loader; the cache calls it once for all who ask for the
// same key at the same time. So it does not end with the request of the first.
func (s *Sessions[K]) Load(ctx context.Context, k key[K]) (users.Session, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return s.lookup(ctx, k.token)
}

// Reload implements otter.Loader; without refreshing, the cache never calls it.
func (s *Sessions[K]) Reload(ctx context.Context, k key[K], _ users.Session) (users.Session, error) {
	return s.Load(ctx, k)
}

// Forget makes this process ask again for every session. Call it after a change
// was committed, or may have been.
func (s *Sessions[K]) Forget() { s.generation.Add(1) }
