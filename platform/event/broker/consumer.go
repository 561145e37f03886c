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
	// longestPause bounds the pause before the next attempt, since all that comes
	// later waits for it.
	longestPause = 5 * time.Second
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
	// MaxAttempts is the number of failed attempts that makes a dead letter.
	// Default 10.
	MaxAttempts int
	// Backoff is the pause after the given number of failed attempts (from 1).
	// Default: 1 s, doubled up to 5 s, minus up to half at random.
	Backoff func(attempts int) time.Duration
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
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 10
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
	again(ctx, c.Logger, "the delivery of events", func(ctx context.Context) error {
		stream, err := c.Connection.stream(ctx, c.Publisher)
		if err != nil {
			return err
		}
		return consume(ctx, stream, jetstream.ConsumerConfig{
			Durable: c.Subscriber.Name, Description: "events of " + c.Publisher + " for " + c.Subscriber.Name,
			// One at a time, whoever takes it: that is the order.
			FilterSubject: subjectsFor(c.Publisher, c.Subscriber.Name) + ".>", MaxAckPending: 1,
		}, c.take)
	})
	return nil
}

// take handles one message. What becomes of it when the server does not hear of
// the end: it comes again, and the inbox knows it.
func (c *Consumer) take(ctx context.Context, m jetstream.Msg) {
	var e event.Envelope
	if err := json.Unmarshal(m.Data(), &e); err != nil {
		c.Logger.ErrorContext(ctx, "a message is no event", slog.Any("error", err))
		_ = m.Term()
		return
	}
	defer c.keep(ctx, m)()
	if to := m.Headers().Get(headerReply); to != "" {
		c.attemptOnce(ctx, m, e, to)
		return
	}
	for attempt := 1; ; attempt++ {
		outcome, err := c.handle(ctx, e, attempt)
		switch outcome {
		case outbox.Handled:
			_ = m.Ack()
			return
		case outbox.Unavailable:
			_ = m.NakWithDelay(c.Backoff(deliveries(m))) // perhaps another process reaches it
			return
		case outbox.Dead:
			if err := c.sendHome(context.WithoutCancel(ctx), m.Headers().Get(headerSequence), e, attempt, err); err != nil {
				c.Logger.WarnContext(ctx, "a dead letter begins anew", slog.Any("error", err))
				_ = m.NakWithDelay(pauseAfterTrouble)
				return
			}
			_ = m.Ack()
			return
		case outbox.Failed:
		}
		select {
		case <-ctx.Done():
			_ = m.Nak() // another process may have it at once
			return
		case <-time.After(c.Backoff(attempt)):
		}
	}
}

// deliveries is how often the server has given m to somebody.
func deliveries(m jetstream.Msg) int {
	known, err := m.Metadata()
	if err != nil {
		return 1
	}
	return int(min(known.NumDelivered, 10))
}

// attemptOnce handles what the publisher itself tries again, and tells it.
func (c *Consumer) attemptOnce(ctx context.Context, m jetstream.Msg, e event.Envelope, to string) {
	until, err := strconv.ParseInt(m.Headers().Get(headerUntil), 10, 64)
	if err != nil || time.Now().UnixMilli() > until { // nobody waits: it comes again
		_ = m.Ack()
		return
	}
	outcome, err := c.handle(ctx, e, 1)
	answer := reply{Outcome: outcome}
	if err != nil {
		answer.Error = err.Error()
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
func (c *Consumer) handle(ctx context.Context, e event.Envelope, attempt int) (outcome outbox.Outcome, err error) {
	// What has begun is brought to its end also while the process stops.
	ctx, span := c.Tracer.Start(event.WithTraceParent(context.WithoutCancel(ctx), e.TraceParent), "handle "+e.Name,
		trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	began := time.Now()
	err = c.call(ctx, e)
	log := c.Logger.With("event", e.Name, "event_id", e.ID.String(), "attempt", attempt)
	switch {
	case err == nil:
		outcome = outbox.Handled
	case fault.KindOf(err) == fault.Unavailable:
		outcome = outbox.Unavailable
		log.WarnContext(ctx, "subscriber cannot be reached, its events wait", "error", err)
	case attempt >= c.MaxAttempts:
		outcome = outbox.Dead
		log.ErrorContext(ctx, "event failed too often and is a dead letter now", "error", err)
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
