package outbox_test

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/outbox"
)

//go:embed testdata
var testdata embed.FS

func migrations(tb testing.TB) fs.FS {
	tb.Helper()
	files, err := fs.Sub(testdata, "testdata")
	require.NoError(tb, err)
	return files
}

// each runs a test over a publisher's database of either kind.
func each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	dbtest.EachFS(t, "publisher", migrations(t), func(t *testing.T, db *database.DB) {
		t.Parallel()
		test(t, db)
	})
}

// changed is an event: the n-th change of the thing that Thing names.
type changed struct {
	Thing string `json:"thing"`
	N     int    `json:"n"`
}

func (changed) EventName() string  { return "things.changed" }
func (changed) EventVersion() int  { return 3 }
func (c changed) EventKey() string { return c.Thing }

// removed is an event that few subscribe to.
type removed struct {
	Thing string `json:"thing"`
}

func (removed) EventName() string  { return "things.removed" }
func (removed) EventVersion() int  { return 1 }
func (r removed) EventKey() string { return r.Thing }

// subscriber records what it is given, and answers what answer says.
type subscriber struct {
	name   string
	events []string
	answer func(context.Context, changed) error

	mu  sync.Mutex
	got []changed
	all []event.Envelope
}

func newSubscriber(answer func(context.Context, changed) error) *subscriber {
	return &subscriber{name: "listener", events: []string{"things.changed"}, answer: answer}
}

func (s *subscriber) handle(ctx context.Context, e event.Envelope) error {
	c, err := event.Decode[changed](e)
	if err != nil {
		return err
	}
	if s.answer != nil {
		if err := s.answer(ctx, c); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.all = append(s.got, c), append(s.all, e)
	return nil
}

func (s *subscriber) subscriber() event.Subscriber {
	return event.Subscriber{Name: s.name, Events: s.events, Handle: s.handle}
}

// handled is what was handled without an error so far.
func (s *subscriber) handled() []changed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]changed(nil), s.got...)
}

// numbers are the N of what was handled of one thing.
func (s *subscriber) numbers(thing string) []int {
	numbers := []int{}
	for _, c := range s.handled() {
		if c.Thing == thing {
			numbers = append(numbers, c.N)
		}
	}
	return numbers
}

// waitFor waits until n events were handled.
func (s *subscriber) waitFor(tb testing.TB, n int) []changed {
	tb.Helper()
	eventually(tb, func() bool { return len(s.handled()) >= n })
	return s.handled()
}

func eventually(tb testing.TB, condition func() bool) {
	tb.Helper()
	require.Eventually(tb, condition, 20*time.Second, time.Millisecond)
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// start runs a relay until stop is called or the test ends.
func start(tb testing.TB, options outbox.RelayOptions, subscribers ...*subscriber) (stop func()) {
	tb.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	for _, s := range subscribers {
		options.Subscribers = append(options.Subscribers, s.subscriber())
	}
	relay, err := outbox.NewRelay(options)
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("the relay ended with: %v", err)
		}
	})
	tb.Cleanup(stop)
	return stop
}

// twoProcesses opens one PostgreSQL database twice.
func twoProcesses(t *testing.T) [2]*database.DB {
	t.Helper()
	url := dbtest.Postgres(t)
	var dbs [2]*database.DB
	for i := range dbs {
		db, err := database.Open(t.Context(), database.Options{Module: "publisher", URL: url})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, database.Migrate(t.Context(), db, migrations(t)))
		dbs[i] = db
	}
	return dbs
}

func count(tb testing.TB, db *database.DB, query string) (n int) {
	tb.Helper()
	require.NoError(tb, db.Read(tb.Context()).Raw(query).Scan(&n).Error)
	return n
}
