package lifecycle_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/lifecycle"
)

// diary records what happens in which order.
type diary struct {
	mu      sync.Mutex
	entries []string
}

func (d *diary) write(entry string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, entry)
}

func (d *diary) worker(name string, started chan<- string) lifecycle.Component {
	return lifecycle.Worker(name, func(ctx context.Context) error {
		started <- name
		<-ctx.Done()
		d.write(name + " stopped")
		return ctx.Err()
	})
}

func (d *diary) closer(name string) lifecycle.Component {
	return lifecycle.Closer(name, func() error {
		d.write(name + " closed")
		return nil
	})
}

func TestSignalStopsInReverseOrder(t *testing.T) {
	t.Parallel()
	var d diary
	started, signals := make(chan string, 2), make(chan os.Signal, 1)
	go func() {
		<-started
		<-started
		signals <- os.Interrupt
	}()
	err := lifecycle.Run(t.Context(), lifecycle.Options{
		Signals:  signals,
		Stopping: func() { d.write("not ready") },
	}, d.closer("database"), d.worker("relay", started), d.worker("queue", started))
	require.NoError(t, err)
	require.Equal(t, []string{"not ready", "queue stopped", "relay stopped", "database closed"}, d.entries)
}

func TestEndOfContextStops(t *testing.T) {
	t.Parallel()
	var d diary
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan string, 1)
	go func() { <-started; cancel() }()
	require.NoError(t, lifecycle.Run(ctx, lifecycle.Options{}, d.closer("database"), d.worker("relay", started)))
	require.Equal(t, []string{"relay stopped", "database closed"}, d.entries)
}

func TestFirstFailureStopsAllAndIsReturned(t *testing.T) {
	t.Parallel()
	var d diary
	broken := errors.New("address in use")
	started := make(chan string, 1)
	err := lifecycle.Run(t.Context(), lifecycle.Options{},
		d.closer("database"), d.worker("relay", started),
		lifecycle.Worker("listener", func(context.Context) error { <-started; return broken }))
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "listener: ")
	require.Equal(t, []string{"relay stopped", "database closed"}, d.entries)
}

func TestWorkerThatIsDoneStopsNothing(t *testing.T) {
	t.Parallel()
	signals, finished := make(chan os.Signal, 1), make(chan struct{})
	go func() { <-finished; signals <- os.Interrupt }()
	require.NoError(t, lifecycle.Run(t.Context(), lifecycle.Options{Signals: signals},
		lifecycle.Worker("import", func(context.Context) error { close(finished); return nil })))
}

func TestSecondSignalReturnsAtOnce(t *testing.T) {
	t.Parallel()
	signals, stopping, release := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	defer close(release)
	signals <- os.Interrupt
	go func() { <-stopping; signals <- os.Interrupt }()
	err := lifecycle.Run(t.Context(), lifecycle.Options{Signals: signals, Timeout: time.Hour},
		lifecycle.Closer("stubborn", func() error { close(stopping); <-release; return nil }))
	require.ErrorIs(t, err, lifecycle.ErrInterrupted)
}

func TestTimeoutGivesUpOnAPartAndStillClosesTheOthers(t *testing.T) {
	t.Parallel()
	var d diary
	signals, release := make(chan os.Signal, 1), make(chan struct{})
	defer close(release)
	signals <- os.Interrupt
	err := lifecycle.Run(t.Context(), lifecycle.Options{Signals: signals, Timeout: time.Millisecond},
		d.closer("database"),
		lifecycle.Worker("stubborn", func(context.Context) error { <-release; return nil }))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "stop stubborn: ")
	require.Equal(t, []string{"database closed"}, d.entries)
}

func TestServerAnswersWhatIsInFlight(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	signals, stopping := make(chan os.Signal, 1), make(chan struct{})
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			signals <- os.Interrupt
			<-stopping // the answer is written after the stop has begun
			_, _ = io.WriteString(w, "done")
		}),
	}
	result := make(chan error, 1)
	go func() {
		result <- lifecycle.Run(t.Context(), lifecycle.Options{
			Signals: signals, Timeout: time.Minute, Stopping: func() { close(stopping) },
		}, lifecycle.Server("public", server, listener))
	}()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	require.NoError(t, err)
	response, err := new(http.Client).Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "done", string(body))
	require.NoError(t, <-result)
	_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.Error(t, err, "the listener is closed")
}
