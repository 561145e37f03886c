package broker_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/broker"
	"shop/platform/event/outbox"
)

var errBusy = errors.New("busy")

// Whatever carries events, one that fails holds up those of its key, and nobody
// else's.
func TestFailureBlocksItsKeyOnly(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, *rig){
		"direct":    func(t *testing.T, r *rig) { t.Helper(); r.direct(t) },
		"with NATS": func(t *testing.T, r *rig) { t.Helper(); r.publish(t); r.consume(t); r.consume(t) },
	} {
		for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
			t.Run(name+"/"+dialect.String(), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, dialect)
				var broken atomic.Bool
				broken.Store(true)
				r.to.answers(func(c changed) error {
					if c == (changed{"chair", 1}) && broken.Load() {
						return errBusy
					}
					return nil
				})
				start(t, r)
				require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}, changed{"table", 1}, changed{"chair", 2}))
				r.to.waitFor(t, 1)
				require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 3}, changed{"table", 2}))
				require.Equal(t, []changed{{"table", 1}, {"table", 2}}, r.to.waitFor(t, 2))

				var set []outbox.Failure
				eventually(t, func() bool {
					set = r.failures(t)
					return len(set) == 3 && set[0].Attempts > 2
				})
				require.Equal(t, "busy", set[0].Error)
				require.False(t, set[0].NextAt.IsZero())
				for _, behind := range set[1:] {
					require.Zero(t, behind.Attempts, "it waits behind the first")
					require.True(t, behind.NextAt.IsZero())
				}
				broken.Store(false)
				r.to.waitFor(t, 5)
				eventually(t, func() bool { return len(r.failures(t)) == 0 })
				require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 4}, changed{"table", 3}))
				inOrder(t, r.to.waitFor(t, 7))
			})
		}
	}
}

// Whatever carries events, a subscriber is given those of different keys at the
// same time.
func TestDifferentKeysAtTheSameTime(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, *rig, event.Subscriber){
		"direct": func(t *testing.T, r *rig, s event.Subscriber) {
			t.Helper()
			options := r.relayOptions()
			options.Subscribers = []event.Subscriber{s}
			relay, err := outbox.NewRelay(options)
			require.NoError(t, err)
			running(t, relay.Run)
		},
		"with NATS": func(t *testing.T, r *rig, s event.Subscriber) {
			t.Helper()
			r.publish(t)
			c, err := broker.NewConsumer(broker.ConsumerOptions{
				Connection: r.connect(t), Publisher: "publisher", Subscriber: s, Logger: slog.New(slog.DiscardHandler),
			})
			require.NoError(t, err)
			running(t, c.Run)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, database.SQLite)
			tables, done := make(chan struct{}), make(chan struct{})
			s := r.to.subscriber()
			s.Handle = func(ctx context.Context, e event.Envelope) error {
				if e.Key == "table" {
					close(tables)
					return nil
				}
				select {
				case <-tables:
					close(done)
				case <-ctx.Done():
				}
				return ctx.Err()
			}
			start(t, r, s)
			require.NoError(t, r.outbox.Append(t.Context(), changed{"chair", 1}, changed{"table", 1}))
			<-done
		})
	}
}

// Handlers fail at random, processes come and go, and the broker loses its
// disk: every event has its effect, in the order of its key.
func TestBroker_TroubleOfAllKinds(t *testing.T) {
	t.Parallel()
	r := newRig(t, database.Postgres)
	var calm atomic.Bool
	r.to.answers(func(changed) error {
		if !calm.Load() && rand.IntN(4) == 0 {
			return errBusy
		}
		return nil
	})
	const changes, rounds = 12, 3
	things := []string{"bed", "chair", "lamp", "table"}
	var load sync.WaitGroup
	next := make([]chan struct{}, len(things))
	for i, thing := range things {
		next[i] = make(chan struct{}, rounds)
		load.Go(func() {
			for n := range changes * rounds {
				if n%changes == 0 {
					<-next[i]
				}
				if err := r.outbox.Append(t.Context(), changed{thing, n + 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	proceed := func() {
		for _, n := range next {
			n <- struct{}{}
		}
	}
	stopPublishing, stopConsuming := r.publish(t), r.consume(t)
	r.publish(t)
	r.consume(t)
	proceed()
	r.to.waitFor(t, len(things)*changes/2)
	stopPublishing()
	stopConsuming()
	proceed()
	r.to.waitFor(t, len(things)*changes)
	r.publish(t)
	r.consume(t)
	r.server.stop()
	require.NoError(t, os.RemoveAll(filepath.Join(r.server.directory, "jetstream")))
	r.server.start(t)
	proceed()
	load.Wait()
	calm.Store(true)
	inOrder(t, r.to.waitFor(t, len(things)*changes*rounds))
	require.Len(t, r.to.handled(), len(things)*changes*rounds)
	eventually(t, func() bool { return len(r.failures(t)) == 0 })
}
