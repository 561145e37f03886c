package outbox_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/outbox"
)

func TestPrune(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		s, _, _ := failing(1)
		options := retrying(db, out, c)
		options.Logger = slog.New(slog.DiscardHandler)
		options.MaxAttempts = 1
		options.Subscribers = []event.Subscriber{s.subscriber()}
		relay, err := outbox.NewRelay(options)
		require.NoError(t, err)
		prune := func() (removed int64) {
			removed, err := relay.Prune(t.Context())
			require.NoError(t, err)
			return removed
		}
		deliver := func(n int) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- relay.Run(ctx) }()
			s.waitFor(t, n)
			eventually(t, func() bool {
				return count(t, db, `SELECT count(*) FROM outbox WHERE seq > (SELECT seq FROM outbox_cursors)`) == 0
			})
			cancel()
			require.NoError(t, <-done)
		}

		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"table", 2}))
		deliver(1)
		require.Zero(t, prune(), "too young")

		require.NoError(t, out.Append(t.Context(), changed{"table", 3}))
		c.advance(8 * 24 * time.Hour)
		require.EqualValues(t, 1, prune(), "one is a dead letter, one not delivered yet")
		require.Len(t, failures(t, out, outbox.FailureQuery{State: outbox.DeadLetters}), 1)

		deliver(2)
		require.EqualValues(t, 1, prune())
		require.Equal(t, 1, count(t, db, `SELECT count(*) FROM outbox`))
	})
}

func TestPrune_ForgetsASubscriberThatNoReleaseHas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		gone, _, _ := failing(1)
		gone.name = "gone"
		stay := newSubscriber(nil)
		options := retrying(db, out, c)
		options.MaxAttempts = 1
		stop := start(t, options, gone, stay)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
		gone.waitFor(t, 1)
		stay.waitFor(t, 2)
		stop()

		c.advance(15 * 24 * time.Hour)
		options.PruneEvery = time.Millisecond
		start(t, options, stay)
		eventually(t, func() bool { return count(t, db, `SELECT count(*) FROM outbox`) == 0 })
		require.Empty(t, failures(t, out, outbox.FailureQuery{}))
		require.Equal(t, 1, count(t, db, `SELECT count(*) FROM outbox_cursors`))
	})
}
