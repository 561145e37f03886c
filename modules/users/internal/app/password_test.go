package app

import (
	"context"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/fault"
)

func newTestPasswords(t *testing.T, atOnce, waiting int) *passwords {
	t.Helper()
	p, err := newPasswords(Settings{
		PasswordMemory: 64, PasswordIterations: 1, PasswordsAtOnce: atOnce, PasswordsWaiting: waiting,
	})
	require.NoError(t, err)
	return p
}

// occupy takes a slot until release is called.
func occupy(t *testing.T, p *passwords) (release func(), done chan error) {
	t.Helper()
	taken, leave := make(chan struct{}), make(chan struct{})
	done = make(chan error, 1)
	go func() {
		done <- p.inTurn(t.Context(), func() error {
			close(taken)
			<-leave
			return nil
		})
	}()
	<-taken
	return func() { close(leave) }, done
}

func TestHashingIsBounded(t *testing.T) {
	p := newTestPasswords(t, 1, 1)
	release, occupant := occupy(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	waiter := make(chan error, 1)
	go func() { waiter <- p.inTurn(ctx, func() error { return nil }) }()
	require.Eventually(t, func() bool { return p.present.Load() == 2 }, time.Minute, time.Millisecond)

	err := p.inTurn(t.Context(), func() error { return nil })
	require.ErrorIs(t, err, users.ErrBusy)
	require.Positive(t, fault.From(err).RetryAfter)

	cancel()
	require.ErrorIs(t, <-waiter, context.Canceled, "who has gone does not wait")
	release()
	require.NoError(t, <-occupant)
	require.NoError(t, p.inTurn(t.Context(), func() error { return nil }))
	require.Zero(t, p.present.Load())
}

// An unknown account is checked against a hash that costs what a known one's
// costs, and that nothing matches.
func TestNobodyCostsTheSame(t *testing.T) {
	p := newTestPasswords(t, 1, 0)
	params, _, key, err := argon2id.DecodeHash(p.nobody)
	require.NoError(t, err)
	require.Equal(t, *p.params, *params)
	require.Len(t, key, int(p.params.KeyLength))
	match, outdated, err := p.matches("", p.nobody)
	require.NoError(t, err)
	require.False(t, match)
	require.False(t, outdated)
	another := newTestPasswords(t, 1, 0)
	require.NotEqual(t, p.nobody, another.nobody)
}
