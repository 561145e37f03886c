// Package broker carries events from the process of their publisher to those
// that host their subscribers, through NATS JetStream.
//
// Of each publisher there is one stream, in which each subscriber has subjects
// of its own. The publisher's relay hands over to it, in order, what it would
// else deliver itself, in a few lanes by key; the subscriber's durable consumer of
// each lane takes one event at a time, however many processes host the module. What was handled leaves the
// stream, so that nothing in it ever grows too old. What failed goes home: to the
// failures in the publisher's database, where the relay tries it again and
// operators find it, whatever carried it there. What comes after it of the same
// key follows it there, and the others go on.
//
// The publisher keeps every event until the subscriber has handled it, not only
// until the stream has it (outbox.Outbox.Confirm). So the stream may be lost
// with its server, and the shop may go back to delivering without a broker:
// what was not handled is handed over again.
package broker

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"shop/platform/event"
)

const (
	// requestTimeout bounds one request to the server.
	requestTimeout = 5 * time.Second
	// pauseAfterTrouble is how long to wait before the next attempt to work.
	pauseAfterTrouble = time.Second
	// drainTimeout is how long the end of a consumer waits for what the server has
	// sent already.
	drainTimeout = 250 * time.Millisecond
	// duplicateWindow is how long the server knows an event again.
	duplicateWindow = 2 * time.Minute
)

// The headers of messages.
const (
	// headerSequence is the event's number in the publisher's outbox.
	headerSequence = "Shop-Sequence"
	// headerWaits says that earlier events of its key were not handled.
	headerWaits = "Shop-Waits"
	// headerReply is where somebody waits for what comes of a single attempt, and
	// headerUntil until when, in milliseconds since 1970.
	headerReply = "Shop-Reply"
	headerUntil = "Shop-Until"
)

// Connection is one to a server or cluster. It is safe for concurrent use.
type Connection struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	logger *slog.Logger

	mu sync.Mutex
	// requests ends those that wait for an answer, by their number.
	requests map[int]context.CancelFunc
	last     int
}

// Connect makes a Connection to the server at url, which need not be there yet:
// it is tried again and again. An error says that the url is none.
func Connect(url string, logger *slog.Logger) (*Connection, error) {
	c := &Connection{logger: logger, requests: map[int]context.CancelFunc{}}
	conn, err := nats.Connect(
		url, nats.Name("shop events"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(pauseAfterTrouble), nats.Timeout(requestTimeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			c.giveUp()
			if err != nil { // else it was closed here
				logger.Warn("the connection to NATS is lost: events wait", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { logger.Info("the connection to NATS is back: events go on") }),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use JetStream of NATS: %w", err)
	}
	c.conn, c.js = conn, js
	return c, nil
}

// giveUp ends the requests whose answers were lost with the connection.
func (c *Connection) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range c.requests {
		end()
	}
}

// request is the context of a request to the server.
func (c *Connection) request(ctx context.Context) (context.Context, context.CancelFunc) {
	return c.within(ctx, requestTimeout)
}

// within is a context that ends after a time, or with the connection.
func (c *Connection) within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	n := c.last
	c.requests[n] = cancel
	return ctx, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.requests, n)
	}
}

// Close ends it.
func (c *Connection) Close() { c.conn.Close() }

// streamOf is the name of a publisher's stream.
func streamOf(publisher string) string { return "SHOP_EVENTS_" + strings.ToUpper(publisher) }

// subjectsFor are where a subscriber finds its events.
func subjectsFor(publisher, subscriber string) string {
	return "shop.events." + publisher + ".to." + subscriber
}

// lanes is how many events a subscriber is given at the same time, of different
// keys. All processes have to agree.
const lanes = 4

// laneOf is where an event goes: those of one key to the same lane.
func laneOf(e event.Envelope) string {
	key := e.Key
	if key == "" {
		key = e.ID.String() // it has no order
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return strconv.Itoa(int(h.Sum32() % lanes))
}

// subjectHome is where a subscriber puts what it did not handle.
func subjectHome(publisher, subscriber string) string {
	return "shop.events." + publisher + ".home." + subscriber
}

// subjectOfBlocked is where the keys are of which a subscriber did not handle all.
func subjectOfBlocked(publisher, subscriber string) string {
	return "shop.events." + publisher + ".blocked." + subscriber
}

// sequenceOf is an event's number in the outbox by a message about it.
func sequenceOf(header nats.Header, subject string) (int64, error) {
	sequence, err := strconv.ParseInt(header.Get(headerSequence), 10, 64)
	if err != nil || sequence < 1 {
		return 0, fmt.Errorf("a message on %s names no event of the shop", subject)
	}
	return sequence, nil
}

// stream finds a publisher's stream, or makes it. An operator may have made it
// with other settings, such as more replicas.
func (c *Connection) stream(ctx context.Context, publisher string) (jetstream.Stream, error) {
	ctx, cancel := c.request(ctx)
	defer cancel()
	name := streamOf(publisher)
	stream, err := c.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = c.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: name, Description: "Events of " + publisher + " on their way to their subscribers",
			Subjects: []string{"shop.events." + publisher + ".>"},
			// Only what is not handled is kept, for as long as that takes.
			Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage,
			// A full server refuses: the events wait in the outbox.
			Discard: jetstream.DiscardNew, Duplicates: duplicateWindow, Replicas: 1,
		})
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process was first
			stream, err = c.js.Stream(ctx, name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the stream %s of NATS: %w", name, err)
	}
	return stream, nil
}

// again does work until ctx ends, with a pause after each failure, of which the
// first in a row is logged.
func again(ctx context.Context, log *slog.Logger, what string, work func(context.Context) error) {
	told := false
	for ctx.Err() == nil {
		began := time.Now()
		err := work(ctx)
		if ctx.Err() != nil {
			return
		}
		if told = told && time.Since(began) < time.Minute; err != nil && !told {
			log.WarnContext(ctx, "NATS is waited for", slog.String("for", what), slog.Any("error", err))
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(pauseAfterTrouble):
		}
	}
}
