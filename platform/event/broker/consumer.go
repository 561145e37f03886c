package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"shop/platform/event"
	"shop/platform/event/outbox"
	"shop/platform/fault"
)

const (
	// ackWait is how long a process that died keeps an event.
	ackWait = 15 * time.Second
	// handleTimeout is the deadline of one handling.
	handleTimeout = time.Minute
	// longestPause bounds the pause after a subscriber could not be reached.
	longestPause = 5 * time.Second
	// mostDeliveries is how often one event may find its subscriber out of reach
	// (about six minutes) before it goes home: perhaps it is the event.
	mostDeliveries = 100
)

// ConsumerOptions are what a Consumer is made of. Connection, Publisher,
// Subscriber and Logger are needed.
type ConsumerOptions struct {
	Connection *Connection
	// Publisher is the module whose events they are.
	Publisher string
	// Subscriber is who handles them.
	Subscriber event.Subscriber
	Logger     *slog.Logger
	// Tracer makes a span of each handling, child of what caused the event.
	Tracer trace.Tracer
	// Observe is told of every handling, for metrics. It must not block.
	Observe func(outbox.Delivery)
	// Backoff is the pause after the given number of times (from 1) that the
	// subscriber could not be reached. Default: 1 s, doubled up to 5 s, minus up to
	// half at random.
	Backoff func(times int) time.Duration
}

// Consumer handles the events of one publisher for one subscriber. Every process
// that hosts the subscriber runs one; the server gives each event to one of
// them, and the next when that is done.
type Consumer struct{ ConsumerOptions }

// NewConsumer checks the options and makes a Consumer.
func NewConsumer(o ConsumerOptions) (*Consumer, error) {
	if o.Connection == nil || o.Publisher == "" || o.Subscriber.Name == "" || o.Subscriber.Handle == nil || o.Logger == nil {
		return nil, errors.New("a consumer needs a connection, a publisher, a subscriber that handles, and a logger")
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider().Tracer("")
	}
	if o.Observe == nil {
		o.Observe = func(outbox.Delivery) {}
	}
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	o.Logger = o.Logger.With(slog.String("publisher", o.Publisher), slog.String("subscriber", o.Subscriber.Name))
	return &Consumer{o}, nil
}

// Run handles until ctx is done, then brings the event in hand to its end and
// returns nil.
func (c *Consumer) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for lane := range lanes {
		running.Go(func() {
			again(ctx, c.Logger, "the delivery of events", func(ctx context.Context) error { return c.lane(ctx, strconv.Itoa(lane)) })
		})
	}
	running.Wait()
	return nil
}

// lane handles the events of one lane.
func (c *Consumer) lane(ctx context.Context, lane string) error {
	stream, err := c.Connection.stream(ctx, c.Publisher)
	if err != nil {
		return err
	}
	blocked := &blocks{connection: c.Connection, stream: stream, publisher: c.Publisher, subscriber: c.Subscriber.Name}
	return c.Connection.consume(ctx, stream, jetstream.ConsumerConfig{
		Durable: c.Subscriber.Name + "-" + lane, Description: "events of " + c.Publisher + " for " + c.Subscriber.Name,
		// One at a time, whoever takes it: that is the order.
		FilterSubject: subjectsFor(c.Publisher, c.Subscriber.Name) + "." + lane + ".>", MaxAckPending: 1,
	}, func(ctx context.Context, m jetstream.Msg) { c.take(ctx, blocked, m) })
}

// take handles one message. What becomes of it when the server does not hear of
// the end: it comes again, and the inbox knows it.
func (c *Consumer) take(ctx context.Context, keys *blocks, m jetstream.Msg) {
	var e event.Envelope
	sequence, err := sequenceOf(m.Headers(), m.Subject())
	if err = errors.Join(err, json.Unmarshal(m.Data(), &e)); err != nil {
		c.Logger.ErrorContext(ctx, "a message is no event", slog.Any("error", err))
		_ = m.Term()
		return
	}
	defer c.keep(ctx, m)()
	// What has begun is brought to its end also while the process stops.
	ctx = context.WithoutCancel(ctx)
	last, err := keys.last(ctx, m, e.Key)
	switch to := m.Headers().Get(headerReply); {
	case err != nil:
	case to != "":
		c.attemptOnce(ctx, m, e, to, func() error {
			if last == 0 || sequence < last {
				return nil // later ones are at home, or on their way
			}
			return keys.free(ctx, e.Key)
		})
	default:
		err = c.fresh(ctx, keys, m, e, sequence, last)
	}
	if err != nil {
		c.Logger.WarnContext(ctx, "an event begins anew", slog.String("event_id", e.ID.String()), slog.Any("error", err))
		_ = m.NakWithDelay(pauseAfterTrouble)
	}
}

// fresh handles what was not tried before, and sends it home when that fails, and
// when earlier events of its key are there. In this order: block, send,
// acknowledge. A crash in between sends it home again.
func (c *Consumer) fresh(ctx context.Context, keys *blocks, m jetstream.Msg, e event.Envelope, sequence, last int64) error {
	var cause error
	if last == 0 && m.Headers().Get(headerWaits) == "" {
		var outcome outbox.Outcome
		outcome, cause = c.handle(ctx, e)
		if n := deliveries(m); outcome == outbox.Unavailable && n < mostDeliveries {
			_ = m.NakWithDelay(c.Backoff(n)) // perhaps another process reaches it
			return nil
		}
		if outcome == outbox.Handled {
			_ = m.Ack()
			return nil
		}
	}
	if e.Key != "" && sequence > last {
		if err := keys.block(ctx, e.Key, sequence); err != nil {
			return err
		}
	}
	if err := c.sendHome(ctx, sequence, e, cause); err != nil {
		return err
	}
	_ = m.Ack()
	return nil
}

// deliveries is how often the server has given m to somebody.
func deliveries(m jetstream.Msg) int {
	known, err := m.Metadata()
	if err != nil {
		return 1
	}
	return int(min(known.NumDelivered, mostDeliveries))
}

// attemptOnce handles what the publisher tries again, and tells it; handled is
// called before it is told of a success.
func (c *Consumer) attemptOnce(ctx context.Context, m jetstream.Msg, e event.Envelope, to string, handled func() error) {
	until, err := strconv.ParseInt(m.Headers().Get(headerUntil), 10, 64)
	if err != nil || time.Now().UnixMilli() > until { // nobody waits: it comes again
		_ = m.Ack()
		return
	}
	outcome, err := c.handle(ctx, e)
	answer := reply{Outcome: outcome}
	if err != nil {
		answer.Error = err.Error()
	} else if err := handled(); err != nil {
		c.Logger.WarnContext(ctx, "an event makes a detour", slog.Any("error", err))
	}
	body, err := json.Marshal(answer)
	if err == nil {
		err = c.Connection.conn.Publish(to, body)
	}
	if err != nil {
		c.Logger.WarnContext(ctx, "the publisher does not hear of a retry", slog.Any("error", err))
	}
	_ = m.Ack()
}

// keep tells the server that the message is being worked on until stop is
// called.
func (c *Consumer) keep(ctx context.Context, m jetstream.Msg) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		ticker := time.NewTicker(ackWait / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				_ = m.InProgress()
			}
		}
	}()
	return cancel
}

// handle calls the subscriber, says what came of it, and tells the log and the
// observer.
func (c *Consumer) handle(ctx context.Context, e event.Envelope) (outcome outbox.Outcome, err error) {
	ctx, span := c.Tracer.Start(event.WithTraceParent(ctx, e.TraceParent), "handle "+e.Name,
		trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	began := time.Now()
	err = c.call(ctx, e)
	log := c.Logger.With("event", e.Name, "event_id", e.ID.String())
	switch {
	case err == nil:
		outcome = outbox.Handled
	case fault.KindOf(err) == fault.Unavailable:
		outcome = outbox.Unavailable
		log.WarnContext(ctx, "subscriber cannot be reached, its events wait", "error", err)
	default:
		outcome = outbox.Failed
		log.WarnContext(ctx, "event failed, will be tried again", "error", err)
	}
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, string(outcome))
	}
	c.Observe(outbox.Delivery{
		Subscriber: c.Subscriber.Name, Event: e.Name, Outcome: outcome,
		Latency: began.Sub(e.At), Took: time.Since(began),
	})
	return outcome, err
}

// call contains a panic of the handler and gives it a deadline.
func (c *Consumer) call(ctx context.Context, e event.Envelope) (err error) {
	ctx, cancel := context.WithTimeout(ctx, handleTimeout)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			c.Logger.ErrorContext(ctx, "event handler panicked", "event", e.Name, "panic", cause, "stack", string(debug.Stack()))
			err = fmt.Errorf("handler panicked: %v", cause)
		}
	}()
	return c.Subscriber.Handle(ctx, e)
}

// backoff doubles from 1 s to longestPause. Up to half is taken off at random,
// so that what failed together does not come back together.
func backoff(attempts int) time.Duration {
	pause := min(longestPause, time.Second<<min(attempts-1, 10))
	return pause - mathrand.N(pause/2+1) //nolint:gosec // no secret
}
