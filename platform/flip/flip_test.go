package flip_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/request"
)

// greeter is a face.
type greeter interface {
	Greet(ctx context.Context, name string) (string, error)
	Paint(ctx context.Context, colour string) (string, error)
	Forget(ctx context.Context, name string) error
}

// side is one implementation of it: what it says, or how it fails.
type side struct {
	word  string
	err   error
	panic any
}

func (s *side) Greet(_ context.Context, name string) (string, error) {
	if s.panic != nil {
		panic(s.panic)
	}
	if s.err != nil {
		return "", s.err
	}
	return s.word + " " + name, nil
}

func (s *side) Paint(ctx context.Context, colour string) (string, error) { return s.Greet(ctx, colour) }

func (s *side) Forget(ctx context.Context, name string) error {
	_, err := s.Greet(ctx, name)
	return err
}

var (
	methodGreet  = contract.Method{Module: "greeter", Name: "Greet", Class: contract.Read}
	methodPaint  = contract.Method{Module: "greeter", Name: "Paint", Class: contract.IdempotentWrite}
	methodForget = contract.Method{Module: "greeter", Name: "Forget", Class: contract.Write}
)

func route(local, remote greeter, p flip.Policy, o *flip.Observer) *flip.Route[greeter] {
	return flip.New(flip.Options[greeter]{
		Module: "greeter", Methods: []contract.Method{methodGreet, methodPaint, methodForget},
		Local: local, Remote: remote, Policy: p, Observer: o,
	})
}

func greet(ctx context.Context, r *flip.Route[greeter]) (string, error) {
	return flip.Call(ctx, r, methodGreet, greeter.Greet, "Ada")
}

func paint(ctx context.Context, r *flip.Route[greeter]) (string, error) {
	return flip.Call(ctx, r, methodPaint, greeter.Paint, "Ada")
}

func forget(ctx context.Context, r *flip.Route[greeter]) error {
	return flip.Do(ctx, r, methodForget, greeter.Forget, "Ada")
}

// unreachable is what a remote client returns when nobody answers.
var unreachable = fault.New(fault.Unavailable, "greeter_unavailable", "it cannot be reached").
	WithCause(&contract.Failure{Cause: errors.New("connection refused")})

func TestCall_Sides(t *testing.T) {
	t.Parallel()
	here, there := &side{word: "here"}, &side{word: "there"}
	for name, c := range map[string]struct {
		local, remote greeter
		policy        flip.Policy
		want          string
	}{
		"OnlyLocal":          {here, nil, flip.Policy{}, "here Ada"},
		"OnlyLocalFlipped":   {here, nil, flip.Policy{Remote: 100}, "here Ada"},
		"OnlyRemote":         {nil, there, flip.Policy{}, "there Ada"},
		"BothUnflipped":      {here, there, flip.Policy{}, "here Ada"},
		"BothFlipped":        {here, there, flip.Policy{Remote: 100}, "there Ada"},
		"FallbackNotNeeded":  {here, there, flip.Policy{Remote: 100, Fallback: flip.FallbackReads}, "there Ada"},
		"ShadowIsNoAnswer":   {here, there, flip.Policy{Shadow: 100}, "here Ada"},
		"ShadowOfTheFlipped": {here, there, flip.Policy{Remote: 100, Shadow: 100}, "there Ada"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := route(c.local, c.remote, c.policy, nil)
			text, err := greet(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, c.want, text)
			require.NoError(t, forget(t.Context(), r))
			stats := r.Stats()
			require.EqualValues(t, 2, stats.Local.Calls+stats.Remote.Calls)
		})
	}
}

func TestCall_ErrNowhere(t *testing.T) {
	t.Parallel()
	r := route(nil, nil, flip.Policy{}, nil)
	_, err := greet(t.Context(), r)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, "greeter_unavailable", fault.From(err).Code)
	require.Error(t, forget(t.Context(), r))
}

// A policy is in force for the next call, and a call ends where it began.
func TestSetPolicy(t *testing.T) {
	t.Parallel()
	r := route(&side{word: "here"}, &side{word: "there"}, flip.Policy{}, nil)
	for _, c := range []struct {
		remote int
		want   string
	}{{100, "there Ada"}, {0, "here Ada"}, {100, "there Ada"}} {
		r.SetPolicy(flip.Policy{Remote: c.remote})
		require.Equal(t, flip.Policy{Remote: c.remote}, r.Policy())
		text, err := greet(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, c.want, text)
	}
}

// A share is one of actors: each is led to the same side by every replica, and
// stays on the remote side while the share grows.
func TestShare_Sticky(t *testing.T) {
	t.Parallel()
	replica := func(share int) *flip.Route[greeter] {
		return route(&side{word: "here"}, &side{word: "there"}, flip.Policy{Remote: share}, nil)
	}
	const actors = 4000
	contexts := make([]context.Context, actors)
	for i := range contexts {
		contexts[i] = request.WithID(t.Context(), fmt.Sprintf("request-%d", i)) //nolint:fatcontext // each is one of its own
		if i%2 == 0 {
			contexts[i] = identity.With(t.Context(), identity.Actor{User: id.NewUser()})
		}
	}
	remote := map[int]bool{}
	for _, share := range []int{1, 25, 50, 99} {
		first, second := replica(share), replica(share)
		count := 0
		for i, ctx := range contexts {
			text, err := greet(ctx, first)
			require.NoError(t, err)
			again, err := greet(ctx, second)
			require.NoError(t, err)
			require.Equal(t, text, again)
			if text == "there Ada" {
				remote[i] = true
				count++
			} else {
				require.False(t, remote[i], "an actor went back while the share grew")
			}
		}
		require.InDelta(t, share, float64(count)*100/actors, 3)
	}
}

// What another process asked for is done here, whatever the policy of the
// module says; the calls that it causes to others go by theirs.
func TestArrived(t *testing.T) {
	t.Parallel()
	r := route(&side{word: "here"}, &side{word: "there"}, flip.Policy{Remote: 100}, nil)
	text, err := greet(flip.Arrived(t.Context(), "greeter"), r)
	require.NoError(t, err)
	require.Equal(t, "here Ada", text)
	text, err = greet(flip.Arrived(t.Context(), "other"), r)
	require.NoError(t, err)
	require.Equal(t, "there Ada", text)
}

func TestFallback(t *testing.T) {
	t.Parallel()
	refusal := fault.New(fault.NotFound, "missing", "it is not there")
	for name, c := range map[string]struct {
		err      error
		fallback flip.Fallback
		want     error
	}{
		"Unreachable":        {unreachable, flip.FallbackReads, nil},
		"UnreachableWithout": {unreachable, flip.FallbackNone, unreachable},
		"Refused":            {refusal, flip.FallbackReads, refusal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := route(&side{word: "here"}, &side{err: c.err}, flip.Policy{Remote: 100, Fallback: c.fallback}, nil)
			text, err := greet(t.Context(), r)
			if c.want == nil {
				require.NoError(t, err)
				require.Equal(t, "here Ada", text)
				require.EqualValues(t, 1, r.Stats().Fallbacks)
				require.EqualValues(t, 1, r.Stats().Remote.Errors)
			} else {
				require.ErrorIs(t, err, c.want)
				require.Zero(t, r.Stats().Fallbacks)
			}
			// Nothing that writes is answered by the other side.
			_, err = paint(t.Context(), r)
			require.ErrorIs(t, err, c.err)
			require.ErrorIs(t, forget(t.Context(), r), c.err)
		})
	}
}

// Whoever has gone needs no fallback.
func TestFallback_CallerHasGone(t *testing.T) {
	t.Parallel()
	r := route(&side{word: "here"}, &side{err: unreachable}, flip.Policy{Remote: 100, Fallback: flip.FallbackReads}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := greet(ctx, r)
	require.ErrorIs(t, err, unreachable)
	require.Zero(t, r.Stats().Local.Calls)
}

func TestCall_ErrInTransaction(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, database.SQLite, "users")
	r := route(&side{}, nil, flip.Policy{}, nil)
	for name, do := range map[string]func(context.Context) error{
		"Call": func(ctx context.Context) error { _, err := greet(ctx, r); return err },
		"Do":   func(ctx context.Context) error { return forget(ctx, r) },
	} {
		err := db.InTx(t.Context(), do)
		require.ErrorIs(t, err, flip.ErrInTransaction, name)
		require.ErrorContains(t, err, "greeter.", name)
		require.Equal(t, fault.Internal, fault.KindOf(err), name)
		require.NoError(t, do(t.Context()), name)
	}
}

func TestFallback_Text(t *testing.T) {
	t.Parallel()
	for _, f := range []flip.Fallback{flip.FallbackNone, flip.FallbackReads} {
		text, err := f.MarshalText()
		require.NoError(t, err)
		var read flip.Fallback
		require.NoError(t, read.UnmarshalText(text))
		require.Equal(t, f, read)
	}
	var f flip.Fallback
	require.ErrorContains(t, f.UnmarshalText([]byte("writes")), "none or reads")
}

func TestPolicy_Mixed(t *testing.T) {
	t.Parallel()
	for _, p := range []flip.Policy{{Remote: 1}, {Remote: 99}, {Shadow: 1}, {Remote: 100, Fallback: flip.FallbackReads}} {
		require.True(t, p.Mixed(), p)
	}
	for _, p := range []flip.Policy{{}, {Remote: 100}} {
		require.False(t, p.Mixed(), p)
	}
}
