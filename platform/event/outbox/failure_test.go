package outbox_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/fault"
)

var errBroken = errors.New("broken")

// failing is a subscriber that cannot handle the n-th changes of a chair while
// broken is set.
func failing(n int) (s *subscriber, broken *atomic.Bool, attempts *atomic.Int64) {
	broken, attempts = new(atomic.Bool), new(atomic.Int64)
	broken.Store(true)
	return newSubscriber(func(_ context.Context, c changed) error {
		if c == (changed{"chair", n}) && broken.Load() {
			attempts.Add(1)
			return errBroken
		}
		return nil
	}), broken, attempts
}

// retrying are the options of a relay whose pauses are a minute by a clock that
// the test moves.
func retrying(db *database.DB, out *outbox.Outbox, c *clock) outbox.RelayOptions {
	return outbox.RelayOptions{
		DB: db, Outbox: out, Poll: 2 * time.Millisecond, Now: c.now, MaxAttempts: 3,
		Backoff: func(attempts int) time.Duration { return time.Duration(attempts) * time.Minute },
	}
}

func failures(t *testing.T, out *outbox.Outbox, q outbox.FailureQuery) []outbox.Failure {
	t.Helper()
	found, err := out.ListFailures(t.Context(), q)
	require.NoError(t, err)
	return found
}

func TestRelay_FailureBlocksItsKeyOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		s, broken, attempts := failing(1)
		start(t, retrying(db, out, c), s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"table", 1}, changed{"chair", 2}))
		s.waitFor(t, 1)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 3}, changed{"table", 2}))
		s.waitFor(t, 2)
		require.Equal(t, []int{1, 2}, s.numbers("table"))

		var set []outbox.Failure
		eventually(t, func() bool {
			set = failures(t, out, outbox.FailureQuery{Subscriber: "listener"})
			return len(set) == 3
		})
		require.Equal(t, 1, set[0].Attempts)
		require.Equal(t, "broken", set[0].Error)
		require.False(t, set[0].NextAt.IsZero())
		require.Zero(t, set[1].Attempts, "the second change waits behind the first")
		require.True(t, set[1].NextAt.IsZero())

		c.advance(2 * time.Minute)
		eventually(t, func() bool { return failures(t, out, outbox.FailureQuery{})[0].Attempts == 2 })
		require.EqualValues(t, 2, attempts.Load())
		broken.Store(false)
		c.advance(3 * time.Minute)
		s.waitFor(t, 5)
		require.Equal(t, []int{1, 2, 3}, s.numbers("chair"))
		eventually(t, func() bool { return len(failures(t, out, outbox.FailureQuery{})) == 0 })
	})
}

func TestRelay_DeadLetterAndReplay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		s, broken, attempts := failing(1)
		start(t, retrying(db, out, c), s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
		for want := range int64(3) {
			eventually(t, func() bool { return attempts.Load() == want+1 })
			eventually(t, func() bool {
				set := failures(t, out, outbox.FailureQuery{})
				return len(set) > 0 && set[0].Attempts == int(want+1)
			})
			c.advance(time.Hour)
		}
		// Three attempts were enough: it no longer stands in the way.
		s.waitFor(t, 1)
		require.Equal(t, []int{2}, s.numbers("chair"))
		var dead []outbox.Failure
		eventually(t, func() bool {
			dead = failures(t, out, outbox.FailureQuery{})
			return len(dead) == 1 && dead[0].Dead
		})
		require.Equal(t, 3, dead[0].Attempts)
		require.JSONEq(t, `{"thing":"chair","n":1}`, string(dead[0].Event.Payload))
		require.Len(t, failures(t, out, outbox.FailureQuery{State: outbox.DeadLetters, Subscriber: "listener"}), 1)
		require.Empty(t, failures(t, out, outbox.FailureQuery{Subscriber: "other"}))
		require.Empty(t, failures(t, out, outbox.FailureQuery{AfterSubscriber: "listener", AfterSequence: dead[0].Sequence}))

		_, err := out.Replay(t.Context(), "listener")
		require.ErrorIs(t, err, outbox.ErrNoEvents)
		none, err := out.Replay(t.Context(), "other", dead[0].Event.ID)
		require.NoError(t, err)
		require.Zero(t, none)
		broken.Store(false)
		n, err := out.Replay(t.Context(), "listener", dead[0].Event.ID)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		c.advance(time.Hour)
		s.waitFor(t, 2)
		require.Equal(t, []int{2, 1}, s.numbers("chair"))
		eventually(t, func() bool { return len(failures(t, out, outbox.FailureQuery{})) == 0 })
	})
}

func TestRelay_ReplayAll(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		s, broken, _ := failing(1)
		options := retrying(db, out, c)
		options.MaxAttempts = 1
		start(t, options, s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 1}))
		eventually(t, func() bool { return len(failures(t, out, outbox.FailureQuery{State: outbox.DeadLetters})) == 2 })
		broken.Store(false)
		n, err := out.ReplayAll(t.Context(), "listener")
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		c.advance(time.Hour)
		s.waitFor(t, 2)
	})
}

func TestRelay_PanicIsAFailure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		s := newSubscriber(func(_ context.Context, c changed) error {
			if c.Thing == "chair" {
				panic("no chair\x00\xff")
			}
			return nil
		})
		start(t, retrying(db, out, c), s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"table", 1}))
		s.waitFor(t, 1)
		eventually(t, func() bool { return len(failures(t, out, outbox.FailureQuery{})) == 1 })
		require.Equal(t, "handler panicked: no chair??", failures(t, out, outbox.FailureQuery{})[0].Error)
	})
}

func TestRelay_UnreachableSubscriberWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		var away atomic.Bool
		away.Store(true)
		var attempts atomic.Int64
		s := newSubscriber(func(context.Context, changed) error {
			if away.Load() {
				attempts.Add(1)
				return fault.New(fault.Unavailable, "email_unavailable", "email cannot be reached")
			}
			return nil
		})
		start(t, retrying(db, out, c), s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"table", 1}))
		eventually(t, func() bool { // more often than makes a dead letter
			c.advance(time.Minute)
			return attempts.Load() > 5
		})
		require.Empty(t, failures(t, out, outbox.FailureQuery{}))
		away.Store(false)
		eventually(t, func() bool {
			c.advance(time.Minute)
			return len(s.handled()) == 2
		})
		require.ElementsMatch(t, []changed{{"chair", 1}, {"table", 1}}, s.handled())
	})
}

func TestRelay_Observe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		s, _, _ := failing(1)
		options := retrying(db, out, c)
		options.MaxAttempts = 1
		seen := make(chan outbox.Delivery, 2)
		options.Observe = func(d outbox.Delivery) { seen <- d }
		start(t, options, s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
		for _, want := range []outbox.Outcome{outbox.Dead, outbox.Handled} {
			got := <-seen
			require.Equal(t, want, got.Outcome)
			require.Equal(t, "listener", got.Subscriber)
			require.Equal(t, "things.changed", got.Event)
			require.Positive(t, got.Latency)
		}
	})
}

func TestOutbox_Backlog(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		names := []string{"things.changed"}
		backlog := func() outbox.Backlog {
			b, err := out.Backlog(t.Context(), "listener", names)
			require.NoError(t, err)
			return b
		}
		require.Zero(t, backlog())
		require.NoError(t, out.Append(t.Context(), removed{"chair"}, changed{"chair", 1}, changed{"chair", 2}, changed{"table", 1}))
		none := backlog()
		require.Equal(t, 3, none.Waiting, "nobody has ever delivered")
		require.WithinDuration(t, time.Now(), none.Oldest, time.Minute)

		s, _, _ := failing(1)
		options := retrying(db, out, c)
		options.MaxAttempts = 2
		stop := start(t, options, s)
		s.waitFor(t, 1)
		eventually(t, func() bool { return len(failures(t, out, outbox.FailureQuery{})) == 2 })
		stop()
		require.Equal(t, outbox.Backlog{Waiting: 2, Oldest: none.Oldest}, backlog(), "what failed, and what waits for it")
		require.NoError(t, out.Confirm(t.Context(), "listener", 3))
		require.Equal(t, 3, backlog().Waiting, "what was handed over is not handled")

		c.advance(time.Hour)
		start(t, options, s)
		eventually(t, func() bool { return backlog() == outbox.Backlog{Dead: 1} })
	})
}
