package sqlstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
)

// errNothing is what an effect fails with that was not its turn.
var errNothing = errors.New("nothing was done")

// raise adds one to an effect, in one statement where there is a guard.
func raise(db *database.DB) func(context.Context, *sqlstore.Guard) error {
	const add = `INSERT INTO effects (name, n) `
	const again = ` ON CONFLICT (name) DO UPDATE SET n = effects.n + 1 RETURNING n`
	return func(ctx context.Context, guard *sqlstore.Guard) error {
		statement, args := database.Compose(database.SQL(add + `VALUES ('sold', 1)` + again))
		if guard != nil {
			statement, args = database.Compose(
				database.SQL(`WITH turn AS MATERIALIZED (`), guard.Turn(),
				database.SQL(`), sold AS (`+add+`SELECT 'sold', 1 FROM turn WHERE free`+again+`), record AS (`),
				guard.Record("sold"), database.SQL(`) SELECT n FROM sold`))
		}
		var sold []int64
		if err := db.Write(ctx).Raw(statement, args...).Find(&sold).Error; err != nil {
			return err
		}
		if len(sold) == 0 {
			return errNothing
		}
		return nil
	}
}

func sold(t *testing.T, db *database.DB) (n int64) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT coalesce(sum(n), 0) FROM effects`).Find(&n).Error)
	return n
}

func TestDoKnown(t *testing.T) {
	t.Parallel()
	dbtest.EachFS(t, "keeper", migrations(t), func(t *testing.T, db *database.DB) {
		store := sqlstore.New(db)
		do := func(key *idempotency.Key, in, result string) (string, error) {
			return sqlstore.DoKnown(t.Context(), store, key, "sell", in, result, raise(db))
		}
		t.Run("RepeatGivesTheFirstAnswer", func(t *testing.T) {
			before := sold(t, db)
			first, again := idempotency.NewKey("repeat"), idempotency.NewKey("repeat")
			got, err := do(first, "chair", "first")
			require.NoError(t, err)
			require.Equal(t, "first", got)
			require.False(t, first.Replayed())
			got, err = do(again, "chair", "second")
			require.NoError(t, err)
			require.Equal(t, "first", got)
			require.True(t, again.Replayed())
			require.Equal(t, before+1, sold(t, db))

			_, err = do(idempotency.NewKey("repeat"), "table", "third")
			require.ErrorIs(t, err, idempotency.ErrMismatch)
			require.Equal(t, before+1, sold(t, db))
		})
		t.Run("NoKeyRunsEveryTime", func(t *testing.T) {
			before := sold(t, db)
			for range 2 {
				_, err := do(nil, "chair", "any")
				require.NoError(t, err)
			}
			require.Equal(t, before+2, sold(t, db))
		})
		t.Run("AtOnceHasOneEffect", func(t *testing.T) {
			before := sold(t, db)
			results := make(chan string, 20)
			var clients sync.WaitGroup
			for i := range cap(results) {
				clients.Go(func() {
					for {
						got, err := do(idempotency.NewKey("at once"), "chair", string(rune('a'+i)))
						if errors.Is(err, idempotency.ErrInProgress) {
							continue
						}
						results <- got
						return
					}
				})
			}
			clients.Wait()
			close(results)
			want := <-results
			require.NotEmpty(t, want)
			for got := range results {
				require.Equal(t, want, got)
			}
			require.Equal(t, before+1, sold(t, db))
		})
		t.Run("AnExpiredRecordIsReplaced", func(t *testing.T) {
			before := sold(t, db)
			_, err := do(idempotency.NewKey("old"), "chair", "old")
			require.NoError(t, err)
			require.NoError(t, db.Write(t.Context()).Exec(
				`UPDATE idempotency_keys SET created_at = ? WHERE key = 'old'`, time.Now().UTC().Add(-25*time.Hour)).Error)
			key := idempotency.NewKey("old")
			got, err := do(key, "table", "new")
			require.NoError(t, err)
			require.Equal(t, "new", got)
			require.False(t, key.Replayed())
			require.Equal(t, before+2, sold(t, db))
		})
		t.Run("InsideATransaction", func(t *testing.T) {
			before := sold(t, db)
			undone := errors.New("undone")
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				_, err := sqlstore.DoKnown(ctx, store, idempotency.NewKey("inside"), "sell", "chair", "any", raise(db))
				require.NoError(t, err)
				return undone
			})
			require.ErrorIs(t, err, undone)
			require.Equal(t, before, sold(t, db))
		})
	})
}

// What runs is one statement on PostgreSQL, and no transaction around several.
func TestDoKnown_Statements(t *testing.T) {
	t.Parallel()
	dbtest.EachFS(t, "keeper", migrations(t), func(t *testing.T, db *database.DB) {
		ctx, counter := database.WithStatementCounter(t.Context())
		_, err := sqlstore.DoKnown(ctx, sqlstore.New(db), idempotency.NewKey("k"), "sell", "chair", "any", raise(db))
		require.NoError(t, err)
		want := map[database.Dialect]int64{database.Postgres: 1, database.SQLite: 3}
		require.Equal(t, want[db.Dialect()], counter.Statements())
	})
}
