package module_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/module"
)

func TestEach(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var sum, busy, most atomic.Int64
	err := module.Each(t.Context(), 2, []int64{1, 2, 3, 4, 5}, func(_ context.Context, n int64) error {
		if now := busy.Add(1); now > most.Load() {
			most.Store(now)
		}
		defer busy.Add(-1)
		sum.Add(n)
		if n == 2 {
			return broken
		}
		return nil
	})
	require.ErrorIs(t, err, broken)
	require.EqualValues(t, 15, sum.Load(), "the others are tried")
	require.LessOrEqual(t, most.Load(), int64(2))
}

func TestEach_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	var done []int
	require.NoError(t, module.Each(ctx, 1, []int{1, 2, 3}, func(_ context.Context, n int) error {
		end()
		done = append(done, n)
		return nil
	}))
	require.NotContains(t, done, 3)
}
