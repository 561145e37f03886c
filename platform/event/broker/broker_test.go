package broker_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/fault"
)

func TestBroker_OneAtATimeInOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, database.Postgres)
	r.publish(t)
	r.consume(t)
	r.consume(t) // another process
	for n := 1; n <= 100; n++ {
		require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", n}, changed{"table", n}))
	}
	inOrder(t, r.to.waitFor(t, 200))
	require.Equal(t, 200, r.to.called(), "once each")
	eventually(t, func() bool { return r.cursor(t, "listener@handled") == 200 })

	// What was handled leaves the stream, and an event is known again.
	stream := r.stream(t)
	require.Zero(t, stream.CachedInfo().State.Msgs)
	require.EqualValues(t, 200, stream.CachedInfo().State.LastSeq)
	require.Equal(t, jetstream.FileStorage, stream.CachedInfo().Config.Storage)
}

// Whatever carries them, and while more and more happen: none is lost, and those
// of one key keep their order.
func TestBroker_SwitchUnderLoad(t *testing.T) {
	t.Parallel()
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dialect)
			const things, changes = 4, 150
			var load sync.WaitGroup
			step := make(chan struct{})
			for thing := range things {
				load.Go(func() {
					for n := 1; n <= changes; n++ {
						if n%50 == 0 {
							<-step
						}
						if err := r.outbox.Append(t.Context(), changed{fmt.Sprint("thing", thing), n}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			proceed := func() {
				for range things {
					step <- struct{}{}
				}
			}
			stop := r.direct(t)
			proceed()
			stop()
			stopPublishing, stopConsuming := r.publish(t), r.consume(t)
			proceed()
			r.to.waitFor(t, len(r.to.handled())+1)
			stopConsuming() // with events left in the stream, perhaps
			eventually(t, func() bool { return r.cursor(t, "listener") >= 0 })
			stopPublishing()
			r.direct(t)
			proceed()
			load.Wait()
			inOrder(t, r.to.waitFor(t, things*changes))
			require.Len(t, r.to.handled(), things*changes)
			require.EqualValues(t, -1, r.cursor(t, "listener@handled"), "the cursor itself tells again")
		})
	}
}

// What is in the stream when the shop goes back to delivering by itself, and the
// broker is out of reach, is delivered by itself.
func TestBroker_LeaveWithEventsInTheStream(t *testing.T) {
	t.Parallel()
	r := newRig(t, database.SQLite)
	stop := r.publish(t)
	stopConsuming := r.consume(t)
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}))
	r.to.waitFor(t, 1)
	stopConsuming()
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 2}, changed{"chair", 3}))
	eventually(t, func() bool { return r.cursor(t, "listener") == 3 })
	stop()
	r.server.stop()
	require.Len(t, r.to.handled(), 1)
	stop = r.direct(t)
	require.Equal(t, []changed{{"chair", 1}, {"chair", 2}, {"chair", 3}}, r.to.waitFor(t, 3))
	stop()

	// And what the stream still has does no harm when it comes back.
	r.server.start(t)
	r.publish(t)
	r.consume(t)
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 4}))
	require.Equal(t, []changed{{"chair", 1}, {"chair", 2}, {"chair", 3}, {"chair", 4}}, r.to.waitFor(t, 4))
}

func TestBroker_Restart(t *testing.T) {
	t.Parallel()
	r := newRig(t, database.SQLite)
	r.publish(t)
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
	eventually(t, func() bool { return r.cursor(t, "listener") == 2 })
	r.server.stop()
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 3})) // waits in the outbox
	r.server.start(t)
	r.consume(t)
	require.Equal(t, []changed{{"chair", 1}, {"chair", 2}, {"chair", 3}}, r.to.waitFor(t, 3))
	require.Empty(t, r.failures(t))
}

// A server that loses what it had accepted loses no event, whether it comes back
// empty, filled again by others before anyone looks, or with what it had before.
func TestBroker_LosesItsDisk(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		restored bool
		others   int
	}{"empty": {false, 0}, "filled again": {false, 3}, "of before": {true, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, database.SQLite)
			r.publish(t)
			stop := r.consume(t)
			require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}))
			r.to.waitFor(t, 1)
			eventually(t, func() bool { return r.cursor(t, "listener@handled") == 1 })
			stop()
			disk, backup := filepath.Join(r.server.directory, "jetstream"), filepath.Join(t.TempDir(), "backup")
			if test.restored {
				r.server.stop()
				require.NoError(t, os.CopyFS(backup, os.DirFS(disk)))
				r.server.start(t)
			}
			require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 2}, changed{"chair", 3}))
			eventually(t, func() bool { return r.cursor(t, "listener") == 3 })
			config := r.stream(t).CachedInfo().Config
			r.server.stop()
			require.NoError(t, os.RemoveAll(disk))
			if test.restored {
				require.NoError(t, os.CopyFS(disk, os.DirFS(backup)))
			}
			r.server.start(t)
			for range test.others {
				js := r.jetStream(t)
				_, err := js.CreateOrUpdateStream(t.Context(), config)
				require.NoError(t, err)
				_, err = js.Publish(t.Context(), "shop.events.publisher.to.other.changed", nil)
				require.NoError(t, err)
			}
			r.consume(t)
			require.Equal(t, []changed{{"chair", 1}, {"chair", 2}, {"chair", 3}}, r.to.waitFor(t, 3))
			require.Equal(t, 3, r.to.called(), "only what was not handled")
		})
	}
}

func TestBroker_FailuresKeepTheOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, database.SQLite)
	trouble := []error{
		errors.New("busy"), fault.New(fault.Unavailable, "away", "away"), fault.New(fault.Unavailable, "away", "away"), errors.New("busy"),
	}
	r.to.answers(func(changed) error {
		if len(trouble) == 0 {
			return nil
		}
		err := trouble[0]
		trouble = trouble[1:]
		return err
	})
	r.publish(t)
	r.consume(t)
	r.consume(t)
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}, changed{"chair", 3}))
	require.Equal(t, []changed{{"chair", 1}, {"chair", 2}, {"chair", 3}}, r.to.waitFor(t, 3))
	require.Equal(t, 7, r.to.called())
	eventually(t, func() bool { return len(r.failures(t)) == 0 })
}

func TestBroker_DeadLetterAndReplay(t *testing.T) {
	t.Parallel()
	r := newRig(t, database.Postgres)
	r.attempts = 3
	broken := errors.New("no chair")
	r.to.answers(func(c changed) error {
		if c.Thing == "chair" {
			return broken
		}
		return nil
	})
	r.publish(t)
	stop := r.consume(t)
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}, changed{"table", 1}))
	require.Equal(t, []changed{{"table", 1}}, r.to.waitFor(t, 1))
	eventually(t, func() bool { f := r.failures(t); return len(f) == 1 && f[0].Dead })
	dead := r.failures(t)[0]
	require.Equal(t, "listener", dead.Subscriber)
	require.Equal(t, 3, dead.Attempts)
	require.Equal(t, "no chair", dead.Error)
	eventually(t, func() bool { return r.cursor(t, "listener@handled") == 2 })

	// Replayed in vain it is a failure again, and no dead letter yet.
	n, err := r.outbox.Replay(t.Context(), "listener", dead.Event.ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	eventually(t, func() bool { f := r.failures(t); return len(f) == 1 && f[0].Attempts > 0 && !f[0].Dead })
	r.to.answers(nil)
	require.Equal(t, []changed{{"table", 1}, {"chair", 1}}, r.to.waitFor(t, 2))
	eventually(t, func() bool { return len(r.failures(t)) == 0 })
	stop()
}

// What had failed before there was a broker goes on through it.
func TestBroker_FailuresOfBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t, database.SQLite)
	r.to.answers(func(changed) error { return errors.New("busy") })
	stop := r.direct(t)
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}, changed{"chair", 2}))
	eventually(t, func() bool { return len(r.failures(t)) == 2 })
	stop()
	r.to.answers(nil)
	r.publish(t)
	r.consume(t)
	require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 3}))
	require.Equal(t, []changed{{"chair", 1}, {"chair", 2}, {"chair", 3}}, r.to.waitFor(t, 3))
	eventually(t, func() bool { return len(r.failures(t)) == 0 })
}
