package broker_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/broker"
)

// BenchmarkRelay measures through NATS what the benchmark of that name in
// package outbox measures for direct delivery.
func BenchmarkRelay(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run("CommitToHandler/"+dialect.String(), func(b *testing.B) {
			r, called := benchRig(b, dialect)
			var waits []time.Duration
			for n := 0; b.Loop(); n++ {
				require.NoError(b, r.outbox.Append(b.Context(), changed{"chair", n}))
				committed := time.Now()
				waits = append(waits, max((<-called).Sub(committed), 0))
			}
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
		})
		b.Run("Backlog/"+dialect.String(), func(b *testing.B) {
			r, called := benchRig(b, dialect)
			const size = 1000
			events := make([]event.Event, size)
			for n := range events {
				events[n] = changed{"chair", n}
			}
			for b.Loop() {
				require.NoError(b, r.outbox.Append(b.Context(), events...))
				for range events {
					<-called
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func benchRig(b *testing.B, dialect database.Dialect) (*rig, <-chan time.Time) {
	b.Helper()
	r := newRig(b, dialect)
	called := make(chan time.Time, 1)
	subscriber := r.to.subscriber()
	subscriber.Handle = func(context.Context, event.Envelope) error { called <- time.Now(); return nil }
	r.publish(b)
	c, err := broker.NewConsumer(broker.ConsumerOptions{
		Connection: r.connect(b), Publisher: "publisher", Subscriber: subscriber, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(b, err)
	running(b, c.Run)
	// The first event also waits until everybody is there.
	require.NoError(b, r.outbox.Append(b.Context(), changed{"chair", 0}))
	<-called
	return r, called
}
