package ratelimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/ratelimit"
)

func TestTake(t *testing.T) {
	l, err := ratelimit.New(ratelimit.Limit{Requests: 3, Window: time.Hour})
	require.NoError(t, err)
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

func TestPeekUsesNothing(t *testing.T) {
	l, err := ratelimit.New(ratelimit.Limit{Requests: 1, Window: time.Hour})
	require.NoError(t, err)
	require.True(t, l.Peek("a").Allowed)
	require.True(t, l.Peek("a").Allowed)
	require.True(t, l.Take("a").Allowed)
	require.False(t, l.Peek("a").Allowed)
}

func TestNoLimit(t *testing.T) {
	l, err := ratelimit.New(ratelimit.Limit{})
	require.NoError(t, err)
	require.True(t, l.Take("a").Allowed)
	require.True(t, l.Peek("a").Allowed)
}
