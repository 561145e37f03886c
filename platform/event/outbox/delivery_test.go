package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/event/outbox"
	"shop/platform/fault"
)

func TestRelay_DeliversWhatWasCommitted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		s := newSubscriber(nil)
		start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)

		const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		ctx := event.WithTraceParent(t.Context(), parent)
		require.NoError(t, out.Append(ctx, changed{"chair", 1}, removed{"chair"}, changed{"chair", 2}))
		rolledBack := errors.New("rolled back")
		require.ErrorIs(t, db.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, out.Append(ctx, changed{"chair", 99}))
			return rolledBack
		}), rolledBack)
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
			return out.Append(ctx, changed{"chair", 3})
		}))

		got := s.waitFor(t, 3)
		require.Empty(t, cmp.Diff([]changed{{"chair", 1}, {"chair", 2}, {"chair", 3}}, got))
		first := s.all[0]
		require.Equal(t, "things.changed", first.Name)
		require.Equal(t, 3, first.Version)
		require.Equal(t, "chair", first.Key)
		require.Equal(t, parent, first.TraceParent)
		require.Equal(t, time.UTC, first.At.Location())
		require.WithinDuration(t, time.Now(), first.At, time.Minute)
		require.Empty(t, s.all[2].TraceParent)
		require.NotEqual(t, s.all[0].ID, s.all[1].ID)
	})
}

func TestRelay_DifferentKeysAtTheSameTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		tables := make(chan struct{})
		s := newSubscriber(func(ctx context.Context, c changed) error {
			if c.Thing == "table" {
				close(tables)
				return nil
			}
			select {
			case <-tables:
			case <-ctx.Done():
			}
			return ctx.Err()
		})
		start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}, changed{"table", 1}))
		require.Len(t, s.waitFor(t, 3), 3)
		require.Equal(t, []int{1, 2}, s.numbers("chair"))
	})
}

// What could not be delivered is not passed, although others after it were.
func TestRelay_WaitingEventIsNotPassed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, c := outbox.New(db), newClock()
		away := newSubscriber(func(_ context.Context, c changed) error {
			if c.Thing == "chair" {
				return fault.New(fault.Unavailable, "chairs_unavailable", "chairs cannot be reached")
			}
			return nil
		})
		stop := start(t, retrying(db, out, c), away)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"table", 1}, changed{"chair", 2}, changed{"table", 2}))
		eventually(t, func() bool {
			c.advance(time.Minute)
			return len(away.numbers("table")) > 0
		})
		stop()
		back := newSubscriber(nil)
		start(t, retrying(db, out, c), back)
		back.waitFor(t, 4)
		require.Equal(t, []int{1, 2}, back.numbers("chair"))
		require.Equal(t, []int{1, 2}, back.numbers("table"), "again, since they come after what waits")
	})
}

func TestRelay_ManyEventsInOneAppend(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		var events []event.Event
		for n := range 2500 {
			events = append(events, changed{"chair", n})
		}
		require.NoError(t, out.Append(t.Context(), events...))
		require.NoError(t, out.Append(t.Context()))
		s := newSubscriber(nil)
		start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)
		for i, c := range s.waitFor(t, len(events)) {
			require.Equal(t, i, c.N)
		}
	})
}

func TestRelay_NewSubscriberStartsWithTheOldest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
		first := newSubscriber(nil)
		stop := start(t, outbox.RelayOptions{DB: db, Outbox: out}, first)
		first.waitFor(t, 2)
		stop()

		require.NoError(t, out.Append(t.Context(), changed{"chair", 3}))
		late := newSubscriber(nil)
		late.name = "latecomer"
		again := newSubscriber(nil)
		start(t, outbox.RelayOptions{DB: db, Outbox: out}, again, late)
		require.Equal(t, []changed{{"chair", 1}, {"chair", 2}, {"chair", 3}}, late.waitFor(t, 3))
		require.Equal(t, []changed{{"chair", 3}}, again.waitFor(t, 1))
	})
}

func TestRelay_SlowSubscriberHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		finish := make(chan struct{})
		slow := newSubscriber(func(context.Context, changed) error { <-finish; return nil })
		slow.name = "slow"
		quick := newSubscriber(nil)
		start(t, outbox.RelayOptions{DB: db, Outbox: out}, slow, quick)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
		quick.waitFor(t, 2)
		require.Empty(t, slow.handled())
		close(finish)
		slow.waitFor(t, 2)
	})
}

// Publishers append under the lock of the thing, each beginning with another
// write, so that the order of their transactions' ids is not that of the locks.
func TestRelay_OrderPerKeyWithConcurrentAppenders(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		const appenders, changes = 8, 25
		things := []string{"chair", "table", "lamp"}
		out := outbox.New(db)
		s := newSubscriber(nil)
		start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)

		errs := make(chan error, appenders)
		for appender := range appenders {
			go func() {
				var err error
				for i := 0; i < changes && err == nil; i++ {
					err = change(t.Context(), db, out, fmt.Sprint("appender", appender), things[i%len(things)])
				}
				errs <- err
			}()
		}
		for range appenders {
			require.NoError(t, <-errs)
		}
		s.waitFor(t, appenders*changes)
		for _, thing := range things {
			numbers := s.numbers(thing)
			for i, n := range numbers {
				require.Equal(t, i+1, n, "%s: %v", thing, numbers)
			}
		}
		require.Len(t, s.handled(), appenders*changes)
	})
}

// change counts a thing up and appends the event of it.
func change(ctx context.Context, db *database.DB, out *outbox.Outbox, first, thing string) error {
	const count = `INSERT INTO effects (name, n) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = effects.n + 1 RETURNING n`
	return db.InTx(ctx, func(ctx context.Context) error {
		var n int
		if err := db.Write(ctx).Raw(count, first).Scan(&n).Error; err != nil {
			return err
		}
		if err := db.Write(ctx).Raw(count, thing).Scan(&n).Error; err != nil {
			return err
		}
		return out.Append(ctx, changed{thing, n})
	})
}

func TestRelay_CrashAfterTheEffectRepeatsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out, in := outbox.New(db), inbox.New(db)
		var deliveries, effects atomic.Int64
		handle := func(ctx context.Context, e event.Envelope) error {
			deliveries.Add(1)
			return in.Once(ctx, e, func(context.Context) error { effects.Add(1); return nil })
		}
		run := func(want int64) {
			stop := start(t, outbox.RelayOptions{DB: db, Outbox: out, Subscribers: []event.Subscriber{
				{Name: "listener", Events: []string{"things.changed"}, Handle: handle},
			}})
			eventually(t, func() bool { return deliveries.Load() == want })
			stop()
		}
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"table", 2}))
		run(2)
		// What a crash between the handler's commit and the cursor's leaves behind.
		require.NoError(t, db.Write(t.Context()).Exec(`UPDATE outbox_cursors SET seq = 0`).Error)
		run(4)
		require.EqualValues(t, 2, effects.Load())
	})
}

func TestRelay_StopWaitsForTheHandlerInFlight(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		begun, finish := make(chan struct{}, 1), make(chan struct{})
		s := newSubscriber(func(ctx context.Context, _ changed) error {
			begun <- struct{}{}
			<-finish
			return ctx.Err() // not cancelled by the stop
		})
		stop := start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
		<-begun
		var stopping sync.WaitGroup
		stopping.Go(stop)
		close(finish)
		stopping.Wait()
		require.NotEmpty(t, s.handled())
		handled := len(s.handled())

		require.Equal(t, handled, count(t, db, `SELECT seq FROM outbox_cursors`))
		require.Zero(t, count(t, db, `SELECT count(*) FROM outbox_cursors WHERE holder <> ''`), "the lease was given back")
	})
}

func TestRelay_IdleWritesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		s := newSubscriber(nil)
		other := newSubscriber(nil)
		other.name, other.events = "other", []string{"things.removed"}
		start(t, outbox.RelayOptions{DB: db, Outbox: out, Poll: time.Millisecond}, s, other)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}))
		s.waitFor(t, 1)
		const position = `SELECT seq FROM outbox_cursors WHERE holder = '' AND subscriber = 'listener'`
		eventually(t, func() bool { return count(t, db, position) == 1 })
		require.NoError(t, out.Append(t.Context(), removed{"chair"}))
		other.waitFor(t, 1)
		// The cursor of the first stays where its last event was: passing by the
		// second one was no reason to write.
		require.Equal(t, 1, count(t, db, position))
	})
}

func TestNewRelay_Refuses(t *testing.T) {
	t.Parallel()
	db := dbtest.OpenFS(t, database.SQLite, "publisher", migrations(t))
	for name, subscribers := range map[string][]event.Subscriber{
		"no name":    {{Events: []string{"things.changed"}, Handle: newSubscriber(nil).handle}},
		"no events":  {{Name: "listener", Handle: newSubscriber(nil).handle}},
		"no handler": {{Name: "listener", Events: []string{"things.changed"}}},
		"twice":      {newSubscriber(nil).subscriber(), newSubscriber(nil).subscriber()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := outbox.NewRelay(outbox.RelayOptions{
				DB: db, Outbox: outbox.New(db), Logger: slog.New(slog.DiscardHandler), Subscribers: subscribers,
			})
			require.ErrorContains(t, err, "subscriber")
		})
	}
	_, err := outbox.NewRelay(outbox.RelayOptions{})
	require.Error(t, err)
}
