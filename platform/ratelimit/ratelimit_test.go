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

func TestParse(t *testing.T) {
	for text, want := range map[string]ratelimit.Limit{
		"60/1m": {Requests: 60, Window: time.Minute}, "1/24h": {Requests: 1, Window: 24 * time.Hour}, "off": {}, "": {},
	} {
		got, err := ratelimit.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		again, err := ratelimit.Parse(got.String())
		require.NoError(t, err)
		require.Equal(t, want, again)
	}
	for _, text := range []string{"60", "x/1m", "0/1m", "-1/1m", "60/", "60/-1m", "60/minute"} {
		_, err := ratelimit.Parse(text)
		require.Error(t, err, text)
	}
}
