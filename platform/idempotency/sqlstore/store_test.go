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
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
)

// effect is an fn that changes the database of the store.
func effect(db *database.DB) func(context.Context) (order, error) {
	return func(ctx context.Context) (order, error) {
		return order{Buyer: id.NewUser()}, db.Write(ctx).Exec(
			`INSERT INTO effects (name, n) VALUES ('order', 1) ON CONFLICT (name) DO UPDATE SET n = effects.n + 1`).Error
	}
}

func count(t *testing.T, db *database.DB, query string) (n int) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).Raw(query).Scan(&n).Error)
	return n
}

func TestStore_EffectAndRecordCommitTogether(t *testing.T) {
	t.Parallel()
	dbtest.EachFS(t, "keeper", migrations(t), func(t *testing.T, db *database.DB) {
		store := sqlstore.New(db)
		crash := errors.New("crash")
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			_, err := sqlstore.Do(ctx, store, idempotency.NewKey("k"), "order", "chair", effect(db))
			require.NoError(t, err)
			return crash
		})
		require.ErrorIs(t, err, crash)
		require.Zero(t, count(t, db, `SELECT count(*) FROM effects`))
		require.Zero(t, count(t, db, `SELECT count(*) FROM idempotency_keys`))

		key := idempotency.NewKey("k")
		_, err = sqlstore.Do(t.Context(), store, key, "order", "chair", effect(db))
		require.NoError(t, err)
		require.False(t, key.Replayed())
		require.Equal(t, 1, count(t, db, `SELECT n FROM effects`))
		require.Equal(t, 1, count(t, db, `SELECT count(*) FROM idempotency_keys`))
	})
}

// Two processes on one PostgreSQL: each with a pool and a store of its own.
func TestStore_TwoProcesses(t *testing.T) {
	t.Parallel()
	url := dbtest.Postgres(t)
	var stores []*sqlstore.Store
	var dbs []*database.DB
	for range 2 {
		db, err := database.Open(t.Context(), database.Options{Module: "keeper", URL: url})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, database.Migrate(t.Context(), db, migrations(t)))
		dbs, stores = append(dbs, db), append(stores, sqlstore.New(db))
	}

	t.Run("ErrInProgress", func(t *testing.T) {
		t.Parallel()
		_, err := sqlstore.Do(t.Context(), stores[0], idempotency.NewKey("held"), "order", "chair",
			func(context.Context) (order, error) {
				_, err := sqlstore.Do(t.Context(), stores[1], idempotency.NewKey("held"), "order", "chair", effect(dbs[1]))
				require.ErrorIs(t, err, idempotency.ErrInProgress)
				return order{Buyer: id.NewUser()}, nil
			})
		require.NoError(t, err)
	})

	t.Run("one effect a key", func(t *testing.T) {
		t.Parallel()
		const keys = 25
		var clients sync.WaitGroup
		errs := make(chan error, 4*keys)
		for client := range 4 {
			clients.Go(func() {
				store, db := stores[client%2], dbs[client%2]
				for k := range keys {
					for {
						key := idempotency.NewKey(string(rune('a' + k)))
						_, err := sqlstore.Do(t.Context(), store, key, "order", "chair", effect(db))
						if !errors.Is(err, idempotency.ErrInProgress) {
							errs <- err
							break
						}
					}
				}
			})
		}
		clients.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, keys, count(t, dbs[0], `SELECT n FROM effects`))
	})
}

func TestStore_Prune(t *testing.T) {
	t.Parallel()
	dbtest.EachFS(t, "keeper", migrations(t), func(t *testing.T, db *database.DB) {
		store := sqlstore.New(db)
		_, err := sqlstore.Do(t.Context(), store, idempotency.NewKey("k"), "order", "chair", effect(db))
		require.NoError(t, err)

		removed, err := store.Prune(t.Context(), time.Now().Add(23*time.Hour))
		require.NoError(t, err)
		require.Zero(t, removed)
		removed, err = store.Prune(t.Context(), time.Now().Add(25*time.Hour))
		require.NoError(t, err)
		require.EqualValues(t, 1, removed)
		require.Zero(t, count(t, db, `SELECT count(*) FROM idempotency_keys`))
	})
}

func TestStore_ExpiredAnswerIsReplaced(t *testing.T) {
	t.Parallel()
	dbtest.EachFS(t, "keeper", migrations(t), func(t *testing.T, db *database.DB) {
		store := sqlstore.New(db)
		for _, in := range []string{"chair", "table"} {
			key := idempotency.NewKey("k")
			_, err := sqlstore.Do(t.Context(), store, key, "order", in, effect(db))
			require.NoError(t, err)
			require.False(t, key.Replayed())
			require.NoError(t, db.Write(t.Context()).Exec(
				`UPDATE idempotency_keys SET created_at = ?`, time.Now().UTC().Add(-25*time.Hour)).Error)
		}
		require.Equal(t, 2, count(t, db, `SELECT n FROM effects`))
	})
}

func TestStore_Forget(t *testing.T) {
	t.Parallel()
	dbtest.EachFS(t, "keeper", migrations(t), func(t *testing.T, db *database.DB) {
		store := sqlstore.New(db)
		ada, bob := identity.Actor{User: id.NewUser()}, identity.Actor{User: id.NewUser()}
		for _, actor := range []identity.Actor{ada, bob} {
			ctx := identity.With(t.Context(), actor)
			_, err := sqlstore.Do(ctx, store, idempotency.NewKey("k"), "order", "chair", effect(db))
			require.NoError(t, err)
		}
		require.NoError(t, store.Forget(t.Context(), ada.String()))
		for _, test := range []struct {
			actor    identity.Actor
			replayed bool
		}{{ada, false}, {bob, true}} {
			key := idempotency.NewKey("k")
			_, err := sqlstore.Do(identity.With(t.Context(), test.actor), store, key, "order", "chair", effect(db))
			require.NoError(t, err)
			require.Equal(t, test.replayed, key.Replayed())
		}
	})
}
