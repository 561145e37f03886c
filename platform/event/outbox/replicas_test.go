package outbox_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/event/outbox"
	"shop/platform/fault"
)

// open holds a transaction that has appended c until the returned function is
// called, which commits it, or rolls it back when told an error.
func open(t *testing.T, db *database.DB, out *outbox.Outbox, c changed) (end func(error)) {
	t.Helper()
	appended, verdict, done := make(chan struct{}), make(chan error), make(chan error)
	go func() {
		done <- db.InTx(t.Context(), func(ctx context.Context) error {
			if err := out.Append(ctx, c); err != nil {
				return err
			}
			close(appended)
			return <-verdict
		})
	}()
	<-appended
	return func(err error) {
		verdict <- err
		require.ErrorIs(t, <-done, err)
	}
}

func TestRelay_CommitsOutOfOrder(t *testing.T) {
	t.Parallel()
	rolledBack := errors.New("rolled back")
	for name, test := range map[string]struct {
		laterFirst bool
		earlier    error
		want       []changed
	}{
		"in order":                      {false, nil, []changed{{"chair", 1}, {"chair", 2}}},
		"the later first":               {true, nil, []changed{{"chair", 1}, {"chair", 2}}},
		"the earlier rolled back":       {false, rolledBack, []changed{{"chair", 2}}},
		"the earlier rolled back after": {true, rolledBack, []changed{{"chair", 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dbtest.OpenFS(t, database.Postgres, "publisher", migrations(t))
			out := outbox.New(db)
			s := newSubscriber(nil)
			start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)

			endEarlier := open(t, db, out, changed{"chair", 1})
			endLater := open(t, db, out, changed{"chair", 2})
			if test.laterFirst {
				endLater(nil)
				endEarlier(test.earlier)
			} else {
				endEarlier(test.earlier)
				endLater(nil)
			}
			require.Equal(t, test.want, s.waitFor(t, len(test.want)))
		})
	}
}

// A long transaction elsewhere does not hold events up, and neither does one
// whose numbers are past what is there.
func TestRelay_LongTransactionElsewhere(t *testing.T) {
	t.Parallel()
	db := dbtest.OpenFS(t, database.Postgres, "publisher", migrations(t))
	out := outbox.New(db)
	s := newSubscriber(nil)
	start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, db.Write(ctx).Exec(`INSERT INTO effects (name, n) VALUES ('import', 1)`).Error)
		require.NoError(t, out.Append(database.WithoutTransaction(ctx), changed{"chair", 1}))
		s.waitFor(t, 1)
		return nil
	}))
}

func TestRelay_TwoReplicas(t *testing.T) {
	t.Parallel()
	dbs := twoProcesses(t)
	const events = 200
	var running, together, effects atomic.Int64
	var outs [2]*outbox.Outbox
	for i, db := range dbs {
		outs[i] = outbox.New(db)
		in := inbox.New(db)
		start(t, outbox.RelayOptions{DB: db, Outbox: outs[i], Subscribers: []event.Subscriber{{
			Name: "listener", Events: []string{"things.changed"},
			Handle: func(ctx context.Context, e event.Envelope) error {
				if running.Add(1) > 1 {
					together.Add(1)
				}
				defer running.Add(-1)
				return in.Once(ctx, e, func(context.Context) error { effects.Add(1); return nil })
			},
		}}})
	}
	errs := make(chan error, 2)
	for i := range dbs {
		go func() {
			var err error
			for n := 0; n < events/2 && err == nil; n++ {
				err = outs[i].Append(t.Context(), changed{"chair", n})
			}
			errs <- err
		}()
	}
	require.NoError(t, errors.Join(<-errs, <-errs))
	eventually(t, func() bool { return effects.Load() == events })
	require.Equal(t, events, count(t, dbs[0], `SELECT count(*) FROM inbox`))
	require.Zero(t, together.Load(), "events of one subscriber are not handled at the same time")
}

func TestRelay_TakesOverFromOneThatDied(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		s := newSubscriber(nil)
		stop := start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)
		stop()
		// A relay that died left its lease behind, which has run out since.
		require.NoError(t, db.Write(t.Context()).Exec(
			`UPDATE outbox_cursors SET holder = 'dead', lease_until = 1`).Error)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}))
		start(t, outbox.RelayOptions{DB: db, Outbox: out}, s)
		s.waitFor(t, 1)
	})
}

func TestRelay_LeavesALivingHolderAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		begun, finish := make(chan struct{}), make(chan struct{})
		holder := newSubscriber(func(context.Context, changed) error {
			begun <- struct{}{}
			<-finish
			return nil
		})
		// A short lease, which has to be renewed while the handler runs.
		options := outbox.RelayOptions{DB: db, Outbox: out, Lease: 300e6, Poll: 1e6}
		start(t, options, holder)
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}))
		<-begun

		other := newSubscriber(nil)
		start(t, options, other)
		first := count(t, db, `SELECT lease_until FROM outbox_cursors`)
		eventually(t, func() bool { return count(t, db, `SELECT lease_until FROM outbox_cursors`) > first+300 })
		require.Empty(t, other.handled())
		close(finish)
		holder.waitFor(t, 1)
	})
}

// A relay that begins puts the cursor back to what is confirmed, and those that
// were further begin there too: what was handed over may be lost.
func TestRelay_CursorIsPutBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		out := outbox.New(db)
		handed := make(chan int64, 10)
		options := outbox.RelayOptions{DB: db, Outbox: out, Poll: time.Millisecond, Handover: func(_ context.Context, h outbox.Handing) error {
			handed <- h.Sequence
			return nil
		}}
		start(t, options, newSubscriber(nil))
		require.NoError(t, out.Append(t.Context(), changed{"chair", 1}, removed{"chair"}, changed{"chair", 2}))
		require.EqualValues(t, 1, <-handed)
		require.EqualValues(t, 3, <-handed)
		require.NoError(t, out.Confirm(t.Context(), "listener", 2))

		tried := make(chan struct{}, 10)
		options.Handover = func(context.Context, outbox.Handing) error {
			tried <- struct{}{}
			return fault.New(fault.Unavailable, "away", "away")
		}
		stop := start(t, options, newSubscriber(nil))
		<-tried
		stop()
		require.NoError(t, out.Append(t.Context(), changed{"chair", 3}))
		require.EqualValues(t, 3, <-handed)
		require.EqualValues(t, 4, <-handed)
	})
}
