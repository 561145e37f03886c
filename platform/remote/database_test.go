package remote_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/remote"
)

const (
	firstDatabase  = "0123456789abcdef0123456789abcdef"
	secondDatabase = "fedcba9876543210fedcba9876543210"
)

// reading is the greeting of a process that reads the database.
func reading(id string, epoch int64) remote.Hello {
	h := hello("catalog")
	h.Database.ID, h.Database.Epoch = id, epoch
	return h
}

// Only a target that reads the required database is called.
func TestRequireDatabase(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		says    remote.Hello
		refusal string
	}{
		"Same":    {reading(firstDatabase, 1), ""},
		"Other":   {reading(secondDatabase, 1), "it reads the database fedcba98 (epoch 1), not 01234567 (epoch 1)"},
		"Epoch":   {reading(firstDatabase, 2), "it reads the database 01234567 (epoch 2), not 01234567 (epoch 1)"},
		"Unnamed": {reading("", 0), "it reads the database without a name, not 01234567 (epoch 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t, nil)
			f.says(test.says)
			client := newClient(t, remote.Options{}, f.address)
			client.RequireDatabase(firstDatabase, 1)
			err := do(t, client, readCall)
			if test.refusal == "" {
				require.NoError(t, err)
				require.NoError(t, client.Greet(t.Context())[0].Err)
				return
			}
			requireUnavailable(t, err, false)
			require.ErrorContains(t, err, test.refusal)
			require.Zero(t, f.arrivals.Load())
			greeting := client.Greet(t.Context())[0]
			require.ErrorContains(t, greeting.Err, test.refusal)
			require.Equal(t, test.says, greeting.Hello)
			require.ErrorContains(t, client.Status()[0].Err, test.refusal)
			require.Equal(t, "open", client.Status()[0].Breaker)
		})
	}
}

// A requirement holds at once for targets that have been greeted before.
func TestRequireDatabase_Later(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	client := newClient(t, remote.Options{}, f.address)
	client.RequireDatabase(firstDatabase, 1)
	require.NoError(t, do(t, client, readCall))

	client.RequireDatabase(secondDatabase, 1)
	require.ErrorContains(t, client.Status()[0].Err, "not fedcba98")
	requireUnavailable(t, do(t, client, writeCall), false)
	require.EqualValues(t, 1, f.arrivals.Load())

	// What was refused is greeted once more before it is called.
	before := f.greetings.Load()
	client.RequireDatabase(firstDatabase, 1)
	eventually(t, func() bool { return do(t, client, readCall) == nil }, "it is not used again")
	require.Greater(t, f.greetings.Load(), before)

	// Without a requirement another database may be adopted.
	f.says(reading(secondDatabase, 1))
	require.Error(t, client.Greet(t.Context())[0].Err)
	client.RequireDatabase("", 0)
	eventually(t, func() bool { return do(t, client, readCall) == nil }, "it is not used without a requirement")
}

// A target that comes back with another database is not called, not even once.
func TestRequireDatabase_AfterRestart(t *testing.T) {
	t.Parallel()
	f := newFarAtSocket(t, nil)
	client := newClient(t, remote.Options{}, f.address)
	client.RequireDatabase(firstDatabase, 1)
	require.NoError(t, do(t, client, readCall))
	f.kill()
	f.says(reading(secondDatabase, 1))
	f.start(t)
	greetings := f.greetings.Load()
	eventually(t, func() bool { _ = do(t, client, writeCall); return f.greetings.Load() > greetings }, "it is not greeted")
	eventually(t, func() bool {
		err := client.Status()[0].Err
		return err != nil && strings.Contains(err.Error(), "it reads the database fedcba98")
	}, "it is not refused")
	requireUnavailable(t, do(t, client, writeCall), false)
	require.EqualValues(t, 1, f.arrivals.Load())
}

// That holds too when no connection was left that could have told that it had gone,
// as the last call was given up.
func TestRequireDatabase_AfterUnseenRestart(t *testing.T) {
	t.Parallel()
	f := newFarAtSocket(t, hang)
	client := newClient(t, remote.Options{}, f.address)
	client.RequireDatabase(firstDatabase, 1)
	client.Greet(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() {
		_, err := client.Do(ctx, writeCall)
		given <- err
	}()
	eventually(t, func() bool { return f.arrivals.Load() == 1 }, "the call does not arrive")
	cancel()
	require.ErrorIs(t, <-given, context.Canceled)
	f.kill()
	f.answers(nil)
	f.says(reading(secondDatabase, 1))
	f.start(t)
	err := do(t, client, writeCall)
	requireUnavailable(t, err, false)
	require.ErrorContains(t, err, "it reads the database fedcba98")
	require.EqualValues(t, 1, f.arrivals.Load())
}

// Without a requirement the targets must read one database, that of the first:
// another is adopted when none reads that any more.
func TestTargets_OneDatabase(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	first, second := newFarAtSocket(t, nil), newFar(t, nil)
	client := newClient(t, remote.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, first.address, second.address)
	client.Greet(t.Context())
	second.says(reading(secondDatabase, 1))
	require.ErrorContains(t, client.Greet(t.Context())[1].Err, "it reads the database fedcba98 (epoch 1), not 01234567 (epoch 1)")
	before := second.arrivals.Load()
	for range 20 {
		require.NoError(t, do(t, client, writeCall))
	}
	require.Equal(t, before, second.arrivals.Load())
	require.NotContains(t, log.String(), "another database")

	// A connection that is lost does not make the way free; who answers there next
	// may read the same.
	first.server.CloseClientConnections()
	require.Error(t, client.Greet(t.Context())[1].Err)
	require.NoError(t, do(t, client, readCall))

	first.kill()
	eventually(t, func() bool { return do(t, client, readCall) == nil }, "the other is not used when the first has gone")
	require.Contains(t, log.String(), `level=WARN msg="another database is used`)
	require.Contains(t, log.String(), `former="01234567 (epoch 1)" database="fedcba98 (epoch 1)"`)

	first.start(t)
	require.ErrorContains(t, client.Greet(t.Context())[0].Err, "it reads the database 01234567 (epoch 1), not fedcba98 (epoch 1)")
}
