package ratelimit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The clock is an argument here, so that nobody has to wait.
func TestBucket(t *testing.T) {
	t.Parallel()
	limit := Limit{Requests: 3, Window: 30 * time.Second}
	start := time.Unix(0, 0)
	b := &bucket{tokens: 3, at: start}
	for step, c := range []struct {
		after    time.Duration
		requests float64
		want     State
	}{
		{0, 0, State{true, limit, 3, 0, 0}},
		{0, 1, State{true, limit, 2, 0, 10 * time.Second}},
		{0, 1, State{true, limit, 1, 0, 20 * time.Second}},
		{0, 1, State{true, limit, 0, 10 * time.Second, 30 * time.Second}},
		{0, 1, State{false, limit, 0, 10 * time.Second, 30 * time.Second}},
		{5 * time.Second, 0, State{false, limit, 0, 5 * time.Second, 25 * time.Second}},
		{10 * time.Second, 1, State{true, limit, 0, 10 * time.Second, 30 * time.Second}},
		{10 * time.Second, -1, State{true, limit, 1, 0, 20 * time.Second}},
		{9 * time.Second, 0, State{true, limit, 1, 0, 20 * time.Second}}, // a clock that goes back
		{time.Hour, 0, State{true, limit, 3, 0, 0}},
		{time.Hour, -1, State{true, limit, 3, 0, 0}}, // never more than all
	} {
		got := b.count(limit, c.requests, start.Add(c.after))
		require.Equal(t, c.want.Allowed, got.Allowed, step)
		require.Equal(t, c.want.Remaining, got.Remaining, step)
		require.InDelta(t, c.want.RetryAfter, got.RetryAfter, float64(time.Millisecond), step)
		require.InDelta(t, c.want.Reset, got.Reset, float64(time.Millisecond), step)
		require.Equal(t, limit, got.Limit)
	}
}
