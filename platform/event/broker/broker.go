// Package broker carries events from the process of their publisher to those
// that host their subscribers, through NATS JetStream.
//
// Of each publisher there is one stream, in which each subscriber has subjects
// of its own. The publisher's relay hands over to it, in order, what it would
// else deliver itself; the subscriber's durable consumer takes one event at a
// time, however many processes host the module. What was handled leaves the
// stream, so that nothing in it ever grows too old. A dead letter goes home: to
// the failures in the publisher's database, where operators find it whatever
// carried it there.
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
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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
}

// Connect makes a Connection to the server at url, which need not be there yet:
// it is tried again and again. An error says that the url is none.
func Connect(url string, logger *slog.Logger) (*Connection, error) {
	conn, err := nats.Connect(
		url, nats.Name("shop events"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(pauseAfterTrouble), nats.Timeout(requestTimeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
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
	return &Connection{conn: conn, js: js, logger: logger}, nil
}

// Close ends it.
func (c *Connection) Close() { c.conn.Close() }

// streamOf is the name of a publisher's stream.
func streamOf(publisher string) string { return "SHOP_EVENTS_" + strings.ToUpper(publisher) }

// subjectsFor are where a subscriber finds its events.
func subjectsFor(publisher, subscriber string) string {
	return "shop.events." + publisher + ".to." + subscriber
}

// subjectOfDead is where a subscriber puts its dead letters.
func subjectOfDead(publisher, subscriber string) string {
	return "shop.events." + publisher + ".dead." + subscriber
}

// stream finds a publisher's stream, or makes it. An operator may have made it
// with other settings, such as more replicas.
func (c *Connection) stream(ctx context.Context, publisher string) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
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
