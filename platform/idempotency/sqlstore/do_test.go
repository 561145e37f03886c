package sqlstore_test

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
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

//go:embed testdata
var testdata embed.FS

func migrations(tb testing.TB) fs.FS {
	tb.Helper()
	files, err := fs.Sub(testdata, "testdata")
	require.NoError(tb, err)
	return files
}

type order struct {
	Number int       `json:"number"`
	Buyer  id.User   `json:"buyer"`
	At     time.Time `json:"at"`
}

// do is Do of a store, or DoMemory of a memory.
type do func(ctx context.Context, key *idempotency.Key, operation string, in any,
	fn func(context.Context) (order, error)) (order, error)

// each runs a test over the memory and over the store on either database.
func each(t *testing.T, test func(t *testing.T, do do)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		var memory idempotency.Memory
		test(t, func(ctx context.Context, key *idempotency.Key, operation string, in any,
			fn func(context.Context) (order, error),
		) (order, error) {
			return idempotency.DoMemory(ctx, &memory, key, operation, in, fn)
		})
	})
	dbtest.EachFS(t, "keeper", migrations(t), func(t *testing.T, db *database.DB) {
		t.Parallel()
		test(t, over(sqlstore.New(db)))
	})
}

func over(store *sqlstore.Store) do {
	return func(ctx context.Context, key *idempotency.Key, operation string, in any,
		fn func(context.Context) (order, error),
	) (order, error) {
		return sqlstore.Do(ctx, store, key, operation, in, fn)
	}
}

// counter returns an fn that numbers its calls.
func counter(buyer id.User) (fn func(context.Context) (order, error), calls *atomic.Int64) {
	calls = new(atomic.Int64)
	return func(context.Context) (order, error) {
		return order{Number: int(calls.Add(1)), Buyer: buyer, At: time.Now().UTC()}, nil
	}, calls
}

func TestDo_RepeatGivesTheFirstAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, do do) {
		fn, calls := counter(id.NewUser())
		first := idempotency.NewKey("k")
		want, err := do(t.Context(), first, "order", "chair", fn)
		require.NoError(t, err)
		require.False(t, first.Replayed())

		again := idempotency.NewKey("k")
		got, err := do(t.Context(), again, "order", "chair", fn)
		require.NoError(t, err)
		require.True(t, again.Replayed())
		require.Equal(t, want, got)
		require.EqualValues(t, 1, calls.Load())

		_, err = do(t.Context(), idempotency.NewKey("other"), "order", "chair", fn)
		require.NoError(t, err)
		require.EqualValues(t, 2, calls.Load(), "another key is another request")
	})
}

func TestDo_NoKeyRunsEveryTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, do do) {
		fn, calls := counter(id.NewUser())
		for range 3 {
			_, err := do(t.Context(), nil, "order", "chair", fn)
			require.NoError(t, err)
		}
		require.EqualValues(t, 3, calls.Load())
	})
}

func TestDo_ErrMismatch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, do do) {
		fn, calls := counter(id.NewUser())
		_, err := do(t.Context(), idempotency.NewKey("k"), "order", "chair", fn)
		require.NoError(t, err)
		key := idempotency.NewKey("k")
		_, err = do(t.Context(), key, "order", "table", fn)
		require.ErrorIs(t, err, idempotency.ErrMismatch)
		require.False(t, key.Replayed())
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestDo_ErrInProgress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, do do) {
		fn, calls := counter(id.NewUser())
		running, finish := make(chan struct{}), make(chan struct{})
		done := make(chan error, 1)
		go func() {
			_, err := do(t.Context(), idempotency.NewKey("k"), "order", "chair",
				func(ctx context.Context) (order, error) {
					close(running)
					<-finish
					return fn(ctx)
				})
			done <- err
		}()
		<-running
		_, err := do(t.Context(), idempotency.NewKey("k"), "order", "chair", fn)
		require.ErrorIs(t, err, idempotency.ErrInProgress)
		close(finish)
		require.NoError(t, <-done)

		key := idempotency.NewKey("k")
		_, err = do(t.Context(), key, "order", "chair", fn)
		require.NoError(t, err)
		require.True(t, key.Replayed())
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestDo_ErrorIsNotRecorded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, do do) {
		fn, calls := counter(id.NewUser())
		refused := errors.New("out of stock")
		_, err := do(t.Context(), idempotency.NewKey("k"), "order", "chair",
			func(context.Context) (order, error) { return order{}, refused })
		require.ErrorIs(t, err, refused)

		require.Panics(t, func() {
			_, _ = do(t.Context(), idempotency.NewKey("k"), "order", "chair",
				func(context.Context) (order, error) { panic("crash") })
		})

		key := idempotency.NewKey("k")
		_, err = do(t.Context(), key, "order", "chair", fn)
		require.NoError(t, err)
		require.False(t, key.Replayed())
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestDo_KeyBelongsToActorAndOperation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, do do) {
		ada, bob := id.NewUser(), id.NewUser()
		for _, buyer := range []id.User{ada, bob} {
			ctx := identity.With(t.Context(), identity.Actor{User: buyer})
			fn, _ := counter(buyer)
			key := idempotency.NewKey("k")
			got, err := do(ctx, key, "order", "chair", fn)
			require.NoError(t, err)
			require.False(t, key.Replayed())
			require.Equal(t, buyer, got.Buyer)

			other := idempotency.NewKey("k")
			_, err = do(ctx, other, "refund", "chair", fn)
			require.NoError(t, err)
			require.False(t, other.Replayed())
		}
	})
}

func TestDo_ConcurrentRequestsHaveOneEffect(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, do do) {
		fn, calls := counter(id.NewUser())
		var clients sync.WaitGroup
		errs := make(chan error, 20)
		for range cap(errs) {
			clients.Go(func() {
				_, err := do(t.Context(), idempotency.NewKey("k"), "order", "chair", fn)
				for errors.Is(err, idempotency.ErrInProgress) {
					_, err = do(t.Context(), idempotency.NewKey("k"), "order", "chair", fn)
				}
				errs <- err
			})
		}
		clients.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		require.NotZero(t, calls.Load())
		got, err := do(t.Context(), idempotency.NewKey("k"), "order", "chair", fn)
		require.NoError(t, err)
		require.Positive(t, got.Number)
	})
}
