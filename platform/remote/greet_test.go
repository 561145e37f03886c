package remote_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/platform/remote"
)

// Only a far side that speaks a version of the contract that this side speaks
// too is called.
func TestGreeting_Versions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		newest, oldest       int // of this side
		farNewest, farOldest int
		refusal              string
	}{
		"Same":        {1, 1, 1, 1, ""},
		"FarNewer":    {2, 1, 3, 2, ""},
		"FarOlder":    {3, 2, 2, 1, ""},
		"FarTooOld":   {4, 3, 2, 1, "its contract of catalog is too old: it speaks versions 1 to 2, this side 3 to 4"},
		"FarTooNew":   {2, 1, 5, 3, "its contract of catalog is too new: it speaks versions 3 to 5, this side 1 to 2"},
		"OtherModule": {1, 1, 0, 0, `it hosts "cart", not catalog`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t, nil)
			said := hello("catalog")
			said.Contract, said.OldestContract = test.farNewest, test.farOldest
			if test.farNewest == 0 {
				said = hello("cart")
			}
			f.says(said)
			client := newClient(t, remote.Options{Contract: test.newest, OldestContract: test.oldest}, f.address)
			err := do(t, client, readCall)
			status := client.Status()[0]
			require.Equal(t, said, status.Hello)
			require.WithinDuration(t, time.Now(), status.GreetedAt, time.Minute)
			if test.refusal == "" {
				require.NoError(t, err)
				require.NoError(t, status.Err)
				require.Equal(t, "closed", status.Breaker)
				return
			}
			requireUnavailable(t, err, false)
			require.ErrorContains(t, err, test.refusal)
			require.ErrorContains(t, status.Err, test.refusal)
			require.Equal(t, "open", status.Breaker)
			require.Zero(t, f.arrivals.Load())

			// It is greeted again after a pause, as it may have been replaced.
			said = hello("catalog")
			said.Contract, said.OldestContract = test.newest, test.newest
			f.says(said)
			eventually(t, func() bool { return do(t, client, writeCall) == nil }, "the target is not used")
			require.EqualValues(t, 1, f.arrivals.Load())
		})
	}
}

// One caller greets, and the others wait for it.
func TestGreeting_Once(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	arrived, release := make(chan struct{}), make(chan struct{})
	greeting := *f.hello.Load()
	var slow http.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		greeting(w, r)
	}
	f.hello.Store(&slow)
	client := newClient(t, remote.Options{}, f.address)

	// The first caller gives up; its greeting goes on for the others.
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := client.Do(ctx, readCall)
		first <- err
	}()
	<-arrived
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)

	const callers = 10
	results := make(chan error, callers)
	for range callers {
		go func() { results <- do(t, client, readCall) }()
	}
	// Nobody waits longer than the own deadline.
	impatient, cancelImpatient := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancelImpatient()
	_, err := client.Do(impatient, readCall)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(release)
	for range callers {
		require.NoError(t, <-results)
	}
	require.EqualValues(t, 1, f.greetings.Load())
	require.EqualValues(t, callers, f.arrivals.Load())
}

// A target that does not answer greetings keeps nobody from the others.
func TestGreeting_Hangs(t *testing.T) {
	t.Parallel()
	hung, sound := newFar(t, nil), newFar(t, nil)
	var handler http.HandlerFunc = hang
	hung.hello.Store(&handler)
	client := newClient(t, remote.Options{Timeout: 500 * time.Millisecond}, hung.address, sound.address)
	for range 10 {
		require.NoError(t, do(t, client, writeCall))
	}
	require.EqualValues(t, 10, sound.arrivals.Load())
}

// While a target is known to be ill its callers are told so at once; only its
// first greeting is waited for, and that after a lost connection.
func TestGreeting_Ill(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	release := make(chan struct{})
	greeting := *f.hello.Load()
	var handler http.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
			greeting(w, r)
		case <-r.Context().Done():
		}
	}
	f.hello.Store(&handler)
	client := newClient(t, remote.Options{}, f.address)
	require.Error(t, client.Greet(t.Context())[0].Err)
	greeted := client.Status()[0].GreetedAt
	// Its next greeting hangs too: calls end while it is under way.
	eventually(t, func() bool {
		requireUnavailable(t, do(t, client, writeCall), false)
		return f.greetings.Load() == 2
	}, "it is not greeted again")
	require.Equal(t, greeted, client.Status()[0].GreetedAt)
	require.Zero(t, f.arrivals.Load())

	close(release)
	eventually(t, func() bool { return do(t, client, writeCall) == nil }, "it is not used again")
}

// The log hears when a target goes and when it comes back, not each reason why it
// is still away.
func TestGreeting_Log(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	logged := func(text string) int { return strings.Count(log.String(), text) }
	f := newFar(t, nil)
	greeting := *f.hello.Load()
	client := newClient(t, remote.Options{Timeout: 50 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))}, f.address)
	for round := range 2 {
		f.hello.Store(&greeting)
		eventually(t, func() bool { return client.Greet(t.Context())[0].Err == nil }, "it is not greeted")
		require.NoError(t, client.Greet(t.Context())[0].Err)
		require.Equal(t, round+1, logged("target greeted"))
		require.Equal(t, round, logged("target cannot be used"))
		for _, answer := range []http.HandlerFunc{hang, hang, reset, answerProblem(http.StatusServiceUnavailable, "starting")} {
			f.hello.Store(&answer)
			require.Error(t, client.Greet(t.Context())[0].Err)
		}
		require.Equal(t, round+1, logged("target cannot be used"))
	}
}

// Another build that has taken the place of a process is greeted before it is
// called.
func TestGreeting_AfterRestart(t *testing.T) {
	t.Parallel()
	f := newFarAtSocket(t, nil)
	client := newClient(t, remote.Options{}, f.address)
	require.NoError(t, do(t, client, readCall))
	f.kill()
	requireUnavailable(t, do(t, client, writeCall), false)
	require.Equal(t, "open", client.Status()[0].Breaker)

	said := hello("catalog")
	said.Build, said.Contract, said.OldestContract = "next", 2, 2
	f.says(said)
	f.start(t)
	eventually(t, func() bool { return client.Status()[0].Hello.Build == "next" || do(t, client, writeCall) == nil }, "it is not greeted again")
	require.ErrorContains(t, client.Status()[0].Err, "too new")
	require.EqualValues(t, 1, f.arrivals.Load())

	said.Contract, said.OldestContract = 2, 1
	f.says(said)
	eventually(t, func() bool { return do(t, client, writeCall) == nil }, "it is not used")
}

// Another process that has taken an address does not host the module.
func TestGreeting_AfterMisdirection(t *testing.T) {
	t.Parallel()
	f := newFar(t, answerProblem(http.StatusMisdirectedRequest, "misdirected"))
	client := newClient(t, remote.Options{}, f.address)
	requireUnavailable(t, do(t, client, writeCall), true)
	f.says(hello("cart"))
	requireUnavailable(t, do(t, client, writeCall), false)
	require.EqualValues(t, 1, f.arrivals.Load())
}

func TestGreet(t *testing.T) {
	t.Parallel()
	sound, old, down := newFar(t, nil), newFar(t, nil), newFarAtSocket(t, nil)
	before := hello("catalog")
	before.Build, before.Contract, before.OldestContract = "before", 1, 1
	old.says(before)
	now := hello("catalog")
	now.Contract, now.OldestContract = 3, 2
	sound.says(now)
	down.kill()
	client := newClient(t, remote.Options{Contract: 3, OldestContract: 2}, sound.address, old.address, down.address)
	greetings := client.Greet(t.Context())
	require.Len(t, greetings, 3)
	require.Empty(t, cmp.Diff(remote.Greeting{Target: sound.address, Hello: now}, greetings[0]))
	require.Equal(t, old.address, greetings[1].Target)
	require.Equal(t, before, greetings[1].Hello)
	require.ErrorContains(t, greetings[1].Err, "too old")
	require.Equal(t, down.address, greetings[2].Target)
	require.ErrorContains(t, greetings[2].Err, "connect")
	require.ErrorContains(t, greetings[2].Err, down.address)

	// Each time anew; and what was found holds for the calls.
	require.EqualValues(t, 1, sound.greetings.Load())
	client.Greet(t.Context())
	require.EqualValues(t, 2, sound.greetings.Load())
	require.NoError(t, do(t, client, readCall))
	require.EqualValues(t, 2, sound.greetings.Load())

	// Who did not wait has found nothing out.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, client.Greet(ctx)[0].Err, context.Canceled)
	require.NoError(t, client.Status()[0].Err)
	require.NoError(t, do(t, client, readCall))
}
