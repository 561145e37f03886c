package ratelimit_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/ratelimit"
)

func limiter(t *testing.T, requests int) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(ratelimit.Limit{Requests: requests, Window: time.Hour})
	require.NoError(t, err)
	return l
}

func TestTake(t *testing.T) {
	t.Parallel()
	l := limiter(t, 3)
	for left := 2; left >= 0; left-- {
		s := l.Take("a")
		require.True(t, s.Allowed)
		require.Equal(t, left, s.Remaining)
	}
	s := l.Take("a")
	require.False(t, s.Allowed)
	require.Positive(t, s.RetryAfter)
	require.LessOrEqual(t, s.RetryAfter, 20*time.Minute)
	require.False(t, l.Peek("a").Allowed)
	require.True(t, l.Take("b").Allowed, "another key has its own share")
}

func TestTake_AtOnce(t *testing.T) {
	t.Parallel()
	l := limiter(t, 50)
	var allowed atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if l.Take("a").Allowed {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 50, allowed.Load())
}

func TestPeek(t *testing.T) {
	t.Parallel()
	l := limiter(t, 1)
	require.True(t, l.Peek("a").Allowed)
	require.True(t, l.Peek("a").Allowed)
	require.True(t, l.Take("a").Allowed)
	require.False(t, l.Peek("a").Allowed)
}

func TestGiveBack(t *testing.T) {
	t.Parallel()
	l := limiter(t, 1)
	require.True(t, l.Take("a").Allowed)
	l.GiveBack("a")
	require.True(t, l.Take("a").Allowed)
	require.False(t, l.Take("a").Allowed)
	l.GiveBack("a")
	l.GiveBack("a")
	require.Equal(t, 1, l.Peek("a").Remaining)
}

func TestNew(t *testing.T) {
	t.Parallel()
	none, err := ratelimit.New(ratelimit.Limit{})
	require.NoError(t, err)
	require.True(t, none.Take("a").Allowed)
	require.True(t, none.Peek("a").Allowed)
	none.GiveBack("a")
	for _, bad := range []ratelimit.Limit{{Requests: 1}, {Window: time.Second}, {Requests: -1, Window: time.Second}, {Requests: 1, Window: -1}} {
		_, err := ratelimit.New(bad)
		require.Error(t, err, bad)
	}
}
