package broker_test

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/broker"
	"shop/platform/event/outbox"
	"shop/platform/id"
)

func migrations() fs.FS { return os.DirFS("../outbox/testdata") }

// natsServer is a server with JetStream that tests stop and start.
type natsServer struct {
	*server.Server
	directory string
	port      int
}

func newServer(tb testing.TB) *natsServer {
	tb.Helper()
	s := &natsServer{directory: tb.TempDir(), port: -1}
	s.start(tb)
	tb.Cleanup(s.stop)
	return s
}

func (s *natsServer) start(tb testing.TB) {
	tb.Helper()
	var err error
	s.Server, err = server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: s.port, JetStream: true, StoreDir: s.directory, NoSigs: true, NoLog: true,
	})
	require.NoError(tb, err)
	s.Start()
	require.True(tb, s.ReadyForConnections(20*time.Second))
	at, isTCP := s.Addr().(*net.TCPAddr)
	require.True(tb, isTCP)
	s.port = at.Port
}

func (s *natsServer) stop() {
	s.Shutdown()
	s.WaitForShutdown()
}

// changed is an event: the n-th change of the thing that Thing names.
type changed struct {
	Thing string `json:"thing"`
	N     int    `json:"n"`
}

func (changed) EventName() string  { return "publisher.changed" }
func (changed) EventVersion() int  { return 1 }
func (c changed) EventKey() string { return c.Thing }

// listener is a subscriber with an inbox: what it is given again has no effect.
type listener struct {
	mu     sync.Mutex
	answer func(changed) error
	known  map[id.Event]bool
	got    []changed
	calls  int // all handlings
}

func newListener() *listener { return &listener{known: map[id.Event]bool{}} }

func (l *listener) answers(answer func(changed) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = answer
}

func (l *listener) handle(_ context.Context, e event.Envelope) error {
	c, err := event.Decode[changed](e)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.known[e.ID] {
		return nil
	}
	if l.answer != nil {
		if err := l.answer(c); err != nil {
			return err
		}
	}
	l.known[e.ID], l.got = true, append(l.got, c)
	return nil
}

func (l *listener) subscriber() event.Subscriber {
	return event.Subscriber{Name: "listener", Events: []string{"publisher.changed"}, Handle: l.handle}
}

func (l *listener) handled() []changed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]changed(nil), l.got...)
}

func (l *listener) called() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// waitFor waits until n events were handled.
func (l *listener) waitFor(tb testing.TB, n int) []changed {
	tb.Helper()
	eventually(tb, func() bool { return len(l.handled()) >= n })
	return l.handled()
}

// inOrder requires each thing's changes from 1 on, without a gap.
func inOrder(tb testing.TB, got []changed) {
	tb.Helper()
	last := map[string]int{}
	for _, c := range got {
		require.Equal(tb, last[c.Thing]+1, c.N, "the changes of %s", c.Thing)
		last[c.Thing] = c.N
	}
}

func eventually(tb testing.TB, condition func() bool) {
	tb.Helper()
	require.Eventually(tb, condition, 20*time.Second, 5*time.Millisecond)
}

// rig is a publisher's database and the way of its events.
type rig struct {
	db     *database.DB
	outbox *outbox.Outbox
	server *natsServer
	to     *listener
	// attempts make a dead letter.
	attempts int
}

func newRig(tb testing.TB, dialect database.Dialect) *rig {
	tb.Helper()
	db := dbtest.OpenFS(tb, dialect, "publisher", migrations())
	return &rig{db: db, outbox: outbox.New(db), server: newServer(tb), to: newListener(), attempts: 1 << 30}
}

// running runs something until stop is called or the test ends.
func running(tb testing.TB, run func(context.Context) error) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("it ended with: %v", err)
		}
	})
	tb.Cleanup(stop)
	return stop
}

func quick(int) time.Duration { return time.Millisecond }

func (r *rig) relayOptions() outbox.RelayOptions {
	return outbox.RelayOptions{
		DB: r.db, Outbox: r.outbox, Logger: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond,
		Backoff: quick, MaxAttempts: r.attempts, Subscribers: []event.Subscriber{r.to.subscriber()},
	}
}

// direct delivers without a broker.
func (r *rig) direct(tb testing.TB) (stop func()) {
	tb.Helper()
	relay, err := outbox.NewRelay(r.relayOptions())
	require.NoError(tb, err)
	return running(tb, relay.Run)
}

func (r *rig) connect(tb testing.TB) *broker.Connection {
	tb.Helper()
	c, err := broker.Connect(r.server.ClientURL(), slog.New(slog.DiscardHandler))
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// publish hands over to the broker.
func (r *rig) publish(tb testing.TB) (stop func()) {
	tb.Helper()
	options := r.relayOptions()
	options.Subscribers[0].Handle = nil // it is elsewhere
	p, err := broker.NewPublisher(broker.PublisherOptions{
		Connection: r.connect(tb), Relay: options, ConfirmEvery: 10 * time.Millisecond, AskTimeout: 5 * time.Second,
	})
	require.NoError(tb, err)
	return running(tb, p.Run)
}

// consume handles what the broker has.
func (r *rig) consume(tb testing.TB) (stop func()) {
	tb.Helper()
	c, err := broker.NewConsumer(broker.ConsumerOptions{
		Connection: r.connect(tb), Publisher: "publisher", Subscriber: r.to.subscriber(),
		Logger: slog.New(slog.DiscardHandler), Backoff: quick,
	})
	require.NoError(tb, err)
	return running(tb, c.Run)
}

// cursor is where the named cursor stands; -1: there is none.
func (r *rig) cursor(tb testing.TB, name string) int64 {
	tb.Helper()
	var at []int64
	require.NoError(tb, r.db.Read(tb.Context()).Raw(`SELECT seq FROM outbox_cursors WHERE subscriber = ?`, name).Scan(&at).Error)
	if len(at) == 0 {
		return -1
	}
	return at[0]
}

func (r *rig) failures(tb testing.TB) []outbox.Failure {
	tb.Helper()
	found, err := r.outbox.ListFailures(tb.Context(), outbox.FailureQuery{})
	require.NoError(tb, err)
	return found
}

// jetStream looks at the server from outside.
func (r *rig) jetStream(tb testing.TB) jetstream.JetStream {
	tb.Helper()
	conn, err := nats.Connect(r.server.ClientURL())
	require.NoError(tb, err)
	tb.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(tb, err)
	return js
}

func (r *rig) stream(tb testing.TB) jetstream.Stream {
	tb.Helper()
	stream, err := r.jetStream(tb).Stream(tb.Context(), "SHOP_EVENTS_PUBLISHER")
	require.NoError(tb, err)
	return stream
}
