package remote_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/remote"
)

// A call goes to the target with the fewest calls under way, equal ones in turn.
func TestTargets_LeastLoaded(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	busy, free := newFar(t, nil), newFar(t, nil)
	client := newClient(t, remote.Options{}, busy.address, free.address)
	client.Greet(t.Context())
	for range 20 {
		require.NoError(t, do(t, client, readCall))
	}
	require.EqualValues(t, 10, busy.arrivals.Load())
	require.EqualValues(t, 10, free.arrivals.Load())

	busy.answers(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		answerJSON(w, product{})
	})
	results := make(chan error, 2)
	for range 2 { // one of them lands on the busy one
		go func() { results <- do(t, client, readCall) }()
	}
	<-arrived
	require.NoError(t, <-results)
	before := busy.arrivals.Load()
	for range 10 {
		require.NoError(t, do(t, client, readCall))
	}
	require.Equal(t, before, busy.arrivals.Load())
	close(release)
	require.NoError(t, <-results)
}

// A target that fails is left alone, and used again when it is well.
func TestBreaker(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	f := newFar(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	client := newClient(t, remote.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, f.address)
	for range 5 {
		requireUnavailable(t, do(t, client, writeCall), true)
	}
	status := client.Status()[0]
	require.Equal(t, "open", status.Breaker)
	require.EqualValues(t, 5, status.Calls)
	require.EqualValues(t, 5, status.Failures)
	requireUnavailable(t, do(t, client, writeCall), false)
	require.EqualValues(t, 5, f.arrivals.Load())

	// One call at a time tries whether it is well again.
	eventually(t, func() bool { _ = do(t, client, writeCall); return f.arrivals.Load() == 6 }, "nobody tries")
	require.Equal(t, "open", client.Status()[0].Breaker)
	f.answers(nil)
	eventually(t, func() bool { return do(t, client, writeCall) == nil }, "it is not used again")
	require.Equal(t, "closed", client.Status()[0].Breaker)
	require.Contains(t, log.String(), "target fails")
	require.Contains(t, log.String(), "target is well again")
	require.Contains(t, log.String(), "target="+f.address)
}

// What a module refuses, and what it waits for itself, is no failure of the
// target: its other operations go on.
func TestBreaker_AnswersOfTheModule(t *testing.T) {
	t.Parallel()
	for _, answer := range []http.HandlerFunc{
		answerProblem(404, "product_not_found"), answerProblem(500, "internal"), answerProblem(503, "sign_in_busy"),
		answerProblem(503, "payment_provider_unavailable"),
	} {
		f := newFar(t, answer)
		client := newClient(t, remote.Options{}, f.address)
		for range 20 {
			require.Error(t, do(t, client, writeCall))
		}
		require.EqualValues(t, 20, f.arrivals.Load())
		require.Equal(t, "closed", client.Status()[0].Breaker)
	}
	f := newFar(t, answerProblem(503, "database_unavailable"))
	client := newClient(t, remote.Options{}, f.address)
	for range 20 {
		require.Error(t, do(t, client, writeCall))
	}
	require.Equal(t, "open", client.Status()[0].Breaker)
}

// Callers with hardly any time do not take a target away from others.
func TestBreaker_ImpatientCallers(t *testing.T) {
	t.Parallel()
	f := newFar(t, hang)
	client := newClient(t, remote.Options{}, f.address)
	client.Greet(t.Context())
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := client.Do(ctx, writeCall)
		cancel()
		require.Error(t, err)
	}
	require.Equal(t, "closed", client.Status()[0].Breaker)
}

// While one of two targets is dead, calls go to the other.
func TestTargets_OneDies(t *testing.T) {
	t.Parallel()
	dying, sound := newFarAtSocket(t, nil), newFar(t, nil)
	client := newClient(t, remote.Options{}, dying.address, sound.address)
	client.Greet(t.Context())
	dying.kill()
	for range 50 {
		require.NoError(t, do(t, client, readCall))
	}
	require.EqualValues(t, 50, sound.arrivals.Load())
	dying.start(t)
	eventually(t, func() bool { return do(t, client, readCall) == nil && dying.arrivals.Load() > 0 }, "it is not used again")
}

// Connections that ended while they were idle fail no call, not even a plain
// write; who answers next is greeted first.
func TestConnections_EndedWhileIdle(t *testing.T) {
	t.Parallel()
	f := newFarAtSocket(t, nil)
	client := newClient(t, remote.Options{}, f.address)
	client.Greet(t.Context())
	const callers = 4
	for round := range int64(5) {
		// All at once, so that each has a connection.
		var together sync.WaitGroup
		together.Add(callers)
		f.answers(func(w http.ResponseWriter, _ *http.Request) {
			together.Done()
			together.Wait()
			answerJSON(w, product{})
		})
		results := make(chan error, callers)
		for range callers {
			go func() { results <- do(t, client, writeCall) }()
		}
		for range callers {
			require.NoError(t, <-results)
		}
		f.answers(nil)
		greetings := f.greetings.Load()
		f.server.CloseClientConnections()
		require.NoError(t, do(t, client, writeCall))
		require.Equal(t, greetings+1, f.greetings.Load())
		require.Equal(t, (round+1)*(callers+1), f.arrivals.Load())
	}
	status := client.Status()[0]
	require.Equal(t, f.arrivals.Load(), status.Calls)
	require.Zero(t, status.Failures)
}

// Connections are used again, and one that is closed is no more.
func TestConnections_Reuse(t *testing.T) {
	t.Parallel()
	var remotes sync.Map
	f := newFar(t, func(w http.ResponseWriter, r *http.Request) {
		remotes.Store(r.RemoteAddr, true)
		answerJSON(w, product{})
	})
	connections := func() (n int) {
		remotes.Range(func(any, any) bool { n++; return true })
		return n
	}
	client := newClient(t, remote.Options{}, f.address)
	for range 20 {
		require.NoError(t, do(t, client, writeCall))
	}
	require.Equal(t, 1, connections())
	client.Close()
	require.NoError(t, do(t, client, writeCall))
	require.NoError(t, do(t, client, writeCall))
	require.Equal(t, 3, connections())
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String is what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
