package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"shop/platform/event"
	"shop/platform/event/outbox"
	"shop/platform/id"
)

// unhandled is an event on its way home.
type unhandled struct {
	Subscriber string   `json:"subscriber"`
	Event      id.Event `json:"event"`
	Attempts   int      `json:"attempts"`
	Error      string   `json:"error,omitempty"`
}

// sendHome stores an event where its publisher finds it: one that was tried and
// failed, or without a cause one that waits for others.
func (c *Consumer) sendHome(ctx context.Context, sequence int64, e event.Envelope, cause error) error {
	u := unhandled{Subscriber: c.Subscriber.Name, Event: e.ID}
	if cause != nil {
		u.Attempts, u.Error = 1, cause.Error()
	}
	body, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("write what is not handled: %w", err)
	}
	m := nats.NewMsg(subjectHome(c.Publisher, c.Subscriber.Name))
	m.Data = body
	m.Header.Set(headerSequence, strconv.FormatInt(sequence, 10))
	ctx, cancel := c.Connection.request(ctx)
	defer cancel()
	if _, err := c.Connection.js.PublishMsg(ctx, m, jetstream.WithExpectStream(streamOf(c.Publisher))); err != nil {
		return fmt.Errorf("send an event home: %w", err)
	}
	return nil
}

// takeHome moves what was not handled to the failures in the publisher's
// database, in its order.
func (p *Publisher) takeHome(ctx context.Context) error {
	stream, err := p.Connection.stream(ctx, p.name)
	if err != nil {
		return err
	}
	return p.Connection.consume(ctx, stream, jetstream.ConsumerConfig{
		Durable: "home", Description: "events that were not handled, on their way into the database of " + p.name,
		FilterSubject: subjectHome(p.name, "*"), MaxAckPending: 1,
	}, p.setAside)
}

func (p *Publisher) setAside(ctx context.Context, m jetstream.Msg) {
	var u unhandled
	sequence, err := sequenceOf(m.Headers(), m.Subject())
	if err = errors.Join(err, json.Unmarshal(m.Data(), &u)); err != nil {
		p.Relay.Logger.ErrorContext(ctx, "what was not handled cannot be read", slog.String("publisher", p.name), slog.Any("error", err))
		_ = m.Term() // it comes again if this is lost
		return
	}
	err = p.failures.SetAside(ctx, outbox.Unhandled{
		Subscriber: u.Subscriber, Sequence: sequence, Event: u.Event, Attempts: u.Attempts, Error: u.Error,
	})
	if err != nil {
		p.Relay.Logger.ErrorContext(ctx, "an event that was not handled waits for its database", slog.String("publisher", p.name), slog.Any("error", err))
		_ = m.NakWithDelay(pauseAfterTrouble) // as above
		return
	}
	_ = m.Ack() // as above
}

// consume calls handle for one message after the other until ctx ends, the
// server is gone, or it no longer knows the consumer.
func (c *Connection) consume(ctx context.Context, stream jetstream.Stream, config jetstream.ConsumerConfig, handle func(context.Context, jetstream.Msg)) error {
	config.AckPolicy, config.DeliverPolicy = jetstream.AckExplicitPolicy, jetstream.DeliverAllPolicy
	config.AckWait, config.MaxDeliver = ackWait, -1
	opening, cancel := c.request(ctx)
	defer cancel()
	consumer, err := stream.CreateOrUpdateConsumer(opening, config)
	if err != nil {
		return fmt.Errorf("open the consumer %s of NATS: %w", config.Durable, err)
	}
	messages, err := consumer.Messages(
		jetstream.PullMaxMessages(32), jetstream.PullExpiry(20*time.Second), jetstream.PullHeartbeat(time.Second),
	)
	if err != nil {
		return fmt.Errorf("read from the consumer %s of NATS: %w", config.Durable, err)
	}
	defer giveBack(ctx, messages)
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("read from the consumer %s of NATS: %w", config.Durable, err)
		}
		handle(ctx, m)
	}
}

// giveBack ends messages: what the server has sent already it may give to
// another process at once, else not before ackWait.
func giveBack(ctx context.Context, messages jetstream.MessagesContext) {
	messages.Drain()
	// A server that is gone never says that it sends no more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return
		}
		_ = m.Nak() // it comes again in any case
	}
}
