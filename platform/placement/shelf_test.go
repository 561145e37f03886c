package placement_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/flip"
	"shop/platform/placement"
	"shop/platform/remote"
)

// shelf is a store that several processes share, and that can be away.
type shelf struct {
	others chan placement.Record // what other processes save

	mu       sync.Mutex
	revision uint64
	away     bool
}

func newShelf() *shelf { return &shelf{others: make(chan placement.Record)} }

func (*shelf) Name() string { return "nats" }

func (s *shelf) Save(
	_ context.Context, _ string, _ placement.Record, _ placement.Fields, after uint64,
) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.away:
		return 0, errors.New("it is away")
	case after > 0 && after != s.revision:
		return 0, placement.ErrSuperseded
	}
	s.revision++
	return s.revision, nil
}

func (s *shelf) Watch(ctx context.Context, changed func(string, placement.Record, uint64)) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-s.others:
			s.mu.Lock()
			s.revision++
			revision := s.revision
			s.mu.Unlock()
			changed("catalog", r, revision)
		}
	}
}

func (s *shelf) goAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// A change that comes from another replica does not wait for the next greeting.
func TestRun_GreetsSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		r := newRig(t, options{store: s, says: []remote.Greeting{silent("http://a")}}).run(t)
		<-time.After(time.Second)
		r.far.say(answering("http://a", ours))
		s.others <- placement.Record{Change: "theirs", Remote: 25}
		synctest.Wait()
		require.Equal(t, 25, r.route.Policy().Remote)
		require.Contains(t, r.logs.String(), "source=nats")
		require.NotContains(t, r.logs.String(), "actor=")
	})
}

// When the process that walks a ramp has gone, another one goes on.
func TestRamp_Orphaned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		r := newRig(t, options{store: s}).run(t)
		after := func(d time.Duration) int {
			<-time.After(d)
			synctest.Wait()
			return r.route.Policy().Remote
		}
		after(300 * time.Millisecond)
		s.others <- placement.Record{Change: "theirs", Remote: 1, Ramp: &placement.Ramp{
			Steps: []int{1, 25, 100}, Every: 10 * time.Second, NextAt: time.Now().UTC().Add(10 * time.Second), Walker: "gone",
		}}
		require.Equal(t, 1, after(14*time.Second), "it may be late")
		require.Equal(t, 25, after(3*time.Second))
		require.Equal(t, 25, after(6*time.Second), "the step lasts")
		require.Equal(t, 100, after(6*time.Second))
		require.Contains(t, r.logs.String(), "source=ramp")
	})
}

// Calls can be taken back while the store is away; what was done is kept later.
func TestChange_BackWhileAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		r := newRig(t, options{store: s}).run(t)
		r.change(t, placement.Change{Remote: new(50), Shadow: new(5)})
		s.goAway(true)
		_, err := r.Change(t.Context(), "catalog", placement.Change{Remote: new(60)})
		require.ErrorIs(t, err, placement.ErrStore)
		state := r.change(t, placement.Change{Remote: new(25), Shadow: new(0), Fallback: new(flip.FallbackReads)})
		require.Equal(t, flip.Policy{Remote: 25, Fallback: flip.FallbackReads}, r.route.Policy())
		require.Equal(t, "memory", state.StoredIn)
		<-time.After(time.Minute)
		synctest.Wait()
		require.Equal(t, "memory", r.state(t).StoredIn)
		s.goAway(false)
		<-time.After(2 * time.Second)
		synctest.Wait()
		require.Equal(t, "nats", r.state(t).StoredIn)
		require.Equal(t, 25, r.route.Policy().Remote)
	})
}
