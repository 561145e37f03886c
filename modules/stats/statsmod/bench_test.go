package statsmod_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/modules/stats/statsmod"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
)

// BenchmarkRecord lets clients record at the same time, and then the same
// clients store the same rows with nothing in between: by COPY, or on SQLite by
// a batched insert, into a table with the key and one index, without counting.
// Ratio is how many times as many entries a second the first are; an operation
// is both.
func BenchmarkRecord(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		for _, clients := range []int{1, 64} {
			for _, entries := range []int{1, stats.MaxActions} {
				b.Run(fmt.Sprintf("%s/clients=%d/entries=%d", dialect, clients, entries), func(b *testing.B) {
					db := dbtest.Open(b, dialect, "stats")
					service, plain := recorder(b, db), newPlain(b, db)
					var recording, storing time.Duration
					for b.Loop() {
						recording += together(b, clients, entries, func(ctx context.Context, actions []stats.Action) error {
							_, err := service.Record(ctx, stats.RecordInput{Actions: actions})
							return err //nolint:wrapcheck // of the benchmark
						})
						storing += together(b, clients, entries, plain.store)
					}
					total := float64(b.N * clients * entries)
					b.ReportMetric(total/recording.Seconds(), "entries/s")
					b.ReportMetric(total/storing.Seconds(), "plain/s")
					b.ReportMetric(storing.Seconds()/recording.Seconds(), "ratio")
				})
			}
		}
	}
}

// recorder is statistics by the clock of the machine.
func recorder(b *testing.B, db *database.DB) stats.Service {
	b.Helper()
	built, err := statsmod.New(statsmod.Deps{
		Deps: module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)},
	})
	require.NoError(b, err)
	return built.Service
}

// together is how long clients take who each store that many entries at once.
func together(b *testing.B, clients, entries int, store func(context.Context, []stats.Action) error) time.Duration {
	b.Helper()
	work := make([][]stats.Action, clients)
	for c := range work {
		user := id.NewUser()
		for i := range entries {
			work[c] = append(work[c], stats.Action{
				UserID: user, Action: "product.viewed", At: time.Now(),
				Data: json.RawMessage(`{"product_id":"prod_01h455vb4pex5vsknk084sn02q","position":` + strconv.Itoa(i%100) + `}`),
			})
		}
	}
	failures := make([]error, clients)
	var running sync.WaitGroup
	begin := time.Now()
	for c, actions := range work {
		running.Go(func() {
			failures[c] = store(identity.With(b.Context(), identity.Actor{User: actions[0].UserID}), actions)
		})
	}
	running.Wait()
	took := time.Since(begin)
	for _, err := range failures {
		require.NoError(b, err)
	}
	return took
}

// plain stores rows as one would who has nothing else to do with them.
type plain struct{ db *database.DB }

func newPlain(b *testing.B, db *database.DB) plain {
	b.Helper()
	table := `CREATE TABLE plain_entries (id uuid PRIMARY KEY, user_id uuid NOT NULL, action text NOT NULL, data json NOT NULL, at timestamptz NOT NULL)`
	if db.Dialect() == database.SQLite {
		table = `CREATE TABLE plain_entries (id BLOB NOT NULL PRIMARY KEY, user_id BLOB NOT NULL, action TEXT NOT NULL, data TEXT NOT NULL, at INTEGER NOT NULL)`
	}
	for _, statement := range []string{table, `CREATE INDEX plain_entries_at_id_idx ON plain_entries (at, id)`} {
		require.NoError(b, db.Write(b.Context()).Exec(statement).Error)
	}
	return plain{db}
}

func (p plain) store(ctx context.Context, actions []stats.Action) error {
	if p.db.Dialect() == database.Postgres && len(actions) > 1 {
		columns := []string{"id", "user_id", "action", "data", "at"}
		return p.db.Copy(ctx, "plain_entries", columns, len(actions), func(n int) ([]any, error) { //nolint:wrapcheck // of the benchmark
			a := &actions[n]
			return []any{pgtype.UUID{Bytes: id.NewLogEntry(), Valid: true}, pgtype.UUID{Bytes: a.UserID, Valid: true}, a.Action, []byte(a.Data), a.At}, nil
		})
	}
	const batch = 200
	if len(actions) <= batch {
		return p.insert(ctx, actions)
	}
	return p.db.InTx(ctx, func(ctx context.Context) error { //nolint:wrapcheck // of the benchmark
		for len(actions) > 0 {
			n := min(batch, len(actions))
			if err := p.insert(ctx, actions[:n]); err != nil {
				return err
			}
			actions = actions[n:]
		}
		return nil
	})
}

func (p plain) insert(ctx context.Context, actions []stats.Action) error {
	values := make([]any, 0, 5*len(actions))
	for _, a := range actions {
		var at any = a.At
		if p.db.Dialect() == database.SQLite {
			at = a.At.UnixMicro()
		}
		values = append(values, id.NewLogEntry(), a.UserID, a.Action, string(a.Data), at)
	}
	rows := strings.Repeat(", (?, ?, ?, ?, ?)", len(actions))[2:]
	return p.db.Write(ctx).Exec("INSERT INTO plain_entries (id, user_id, action, data, at) VALUES "+rows, values...).Error //nolint:wrapcheck // of the benchmark
}
