package remote_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/idempotency"
	"shop/platform/remote"
)

// The class of a method decides whether a call is repeated.
func TestRetry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer   http.HandlerFunc
		arrivals map[string]int64
	}{
		"ConnectionReset":   {reset, map[string]int64{"read": 3, "idempotent": 3, "write": 1}},
		"HalfAnAnswer":      {cutOff, map[string]int64{"read": 3, "idempotent": 3, "write": 1}},
		"BadGateway":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, map[string]int64{"read": 3, "idempotent": 3, "write": 1}},
		"ModuleUnavailable": {answerProblem(503, "database_unavailable"), map[string]int64{"read": 3, "idempotent": 3, "write": 1}},
		"ModuleTimeout":     {answerProblem(504, "provider_timeout"), map[string]int64{"read": 3, "idempotent": 1, "write": 1}},
		"Refusal":           {answerProblem(409, "out_of_stock"), map[string]int64{"read": 1, "idempotent": 1, "write": 1}},
		"Limited":           {answerProblem(429, "too_many_requests"), map[string]int64{"read": 1, "idempotent": 1, "write": 1}},
		"Defect":            {answerProblem(500, "internal"), map[string]int64{"read": 1, "idempotent": 1, "write": 1}},
	} {
		for class, call := range map[string]remote.Call{"read": readCall, "idempotent": idempotentCall, "write": writeCall} {
			t.Run(name+"/"+class, func(t *testing.T) {
				t.Parallel()
				f := newFar(t, test.answer)
				require.Error(t, do(t, newClient(t, remote.Options{}, f.address), call))
				require.Equal(t, test.arrivals[class], f.arrivals.Load())
			})
		}
	}
}

// A repetition goes to another target, even when the one that failed has less
// to do.
func TestRetry_AnotherTarget(t *testing.T) {
	t.Parallel()
	broken, sound := newFar(t, reset), newFar(t, nil)
	client := newClient(t, remote.Options{}, broken.address, sound.address)
	client.Greet(t.Context())
	for range 4 {
		require.NoError(t, do(t, client, readCall))
	}
	require.EqualValues(t, 4, sound.arrivals.Load())
	require.NotZero(t, broken.arrivals.Load())
}

// A plain write goes to another target as long as nothing of it has left.
func TestRetry_NothingSent(t *testing.T) {
	t.Parallel()
	gone, sound := newFarAtSocket(t, nil), newFar(t, nil)
	client := newClient(t, remote.Options{}, gone.address, sound.address)
	client.Greet(t.Context())
	gone.kill()
	for range 4 {
		require.NoError(t, do(t, client, writeCall))
	}
	require.EqualValues(t, 4, sound.arrivals.Load())
	require.Zero(t, gone.arrivals.Load())
}

// However much fails, repetitions are one in ten calls, and ten.
func TestRetry_Budget(t *testing.T) {
	t.Parallel()
	// One call in three fails: not enough to leave the target alone.
	var count atomic.Int64
	f := newFar(t, func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1)%3 == 0 {
			reset(w, r)
		}
		answerJSON(w, product{})
	})
	client := newClient(t, remote.Options{}, f.address)
	const calls = 300
	failed := 0
	for range calls {
		if do(t, client, readCall) != nil {
			failed++
		}
	}
	require.LessOrEqual(t, f.arrivals.Load(), int64(calls+calls/10+10))
	require.Greater(t, f.arrivals.Load(), int64(calls+calls/10))
	require.NotZero(t, failed)
}

// All attempts of one call carry one key: the caller's, or one made for the
// call.
func TestKey(t *testing.T) {
	t.Parallel()
	keys := func(call remote.Call) []string {
		f := newFar(t, reset)
		require.Error(t, do(t, newClient(t, remote.Options{}, f.address), call))
		var keys []string
		for _, header := range f.headers() {
			keys = append(keys, header.Get(idempotency.Header))
		}
		return keys
	}
	own := idempotentCall
	own.Key = idempotency.NewKey("the caller's own")
	require.Equal(t, []string{"the caller's own", "the caller's own", "the caller's own"}, keys(own))

	made, again := keys(idempotentCall), keys(idempotentCall)
	require.Len(t, made, 3)
	require.GreaterOrEqual(t, len(made[0]), 26)
	require.Equal(t, []string{made[0], made[0], made[0]}, made)
	require.NotEqual(t, made[0], again[0])

	for _, call := range []remote.Call{readCall, writeCall, {Does: idempotent, Method: http.MethodPut, Path: "/product/1"}} {
		require.Empty(t, keys(call)[0], "a key that the route does not take")
	}
}

// A caller learns that its request was repeated, not that the client did so.
func TestKey_Replayed(t *testing.T) {
	t.Parallel()
	replay := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Idempotent-Replayed", "true")
		answerJSON(w, product{})
	}
	call := idempotentCall
	call.Key = idempotency.NewKey("k")
	require.NoError(t, do(t, newClient(t, remote.Options{}, newFar(t, replay).address), call))
	require.True(t, call.Key.Replayed())

	// The first attempt has its effect, but its answer is lost.
	var lost atomic.Bool
	f := newFar(t, func(w http.ResponseWriter, r *http.Request) {
		if !lost.Swap(true) {
			reset(w, r)
		}
		replay(w, r)
	})
	call.Key = idempotency.NewKey("k")
	require.NoError(t, do(t, newClient(t, remote.Options{}, f.address), call))
	require.False(t, call.Key.Replayed())

	// The same on a connection that was in use before.
	f = newFar(t, nil)
	client := newClient(t, remote.Options{}, f.address)
	require.NoError(t, do(t, client, readCall))
	lost.Store(false)
	f.answers(func(w http.ResponseWriter, r *http.Request) {
		if !lost.Swap(true) {
			reset(w, r)
		}
		replay(w, r)
	})
	call.Key = idempotency.NewKey("k")
	require.NoError(t, do(t, client, call))
	require.False(t, call.Key.Replayed())
}

// What is left of the deadline is not exceeded for a repetition.
func TestRetry_Cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := newFar(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		reset(w, r)
	})
	_, err := newClient(t, remote.Options{}, f.address).Do(ctx, readCall)
	require.Error(t, err)
	require.EqualValues(t, 1, f.arrivals.Load())
}
