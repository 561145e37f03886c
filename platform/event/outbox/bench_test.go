package outbox_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/outbox"
)

// BenchmarkRelay measures the time from the return of the append to
// the call of the handler, one event after the other, and the throughput of a
// backlog.
func BenchmarkRelay(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run("CommitToHandler/"+dialect.String(), func(b *testing.B) {
			out, called := benchRelay(b, dialect)
			var waits []time.Duration
			for n := 0; b.Loop(); n++ {
				require.NoError(b, out.Append(b.Context(), changed{"chair", n}))
				committed := time.Now()
				waits = append(waits, max((<-called).Sub(committed), 0))
			}
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
		})
		b.Run("Backlog/"+dialect.String(), func(b *testing.B) {
			out, called := benchRelay(b, dialect)
			const size = 1000
			events := make([]event.Event, size)
			for n := range events {
				events[n] = changed{"chair", n}
			}
			for b.Loop() {
				require.NoError(b, out.Append(b.Context(), events...))
				for range events {
					<-called
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func benchRelay(b *testing.B, dialect database.Dialect) (*outbox.Outbox, <-chan time.Time) {
	b.Helper()
	db := dbtest.OpenFS(b, dialect, "publisher", migrations(b))
	out := outbox.New(db)
	called := make(chan time.Time, 1)
	start(b, outbox.RelayOptions{
		DB: db, Outbox: out, Logger: slog.New(slog.DiscardHandler),
		Subscribers: []event.Subscriber{{
			Name: "listener", Events: []string{"things.changed"},
			Handle: func(context.Context, event.Envelope) error { called <- time.Now(); return nil },
		}},
	})
	return out, called
}
