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

// deadLetter is an event on its way home.
type deadLetter struct {
	Subscriber string   `json:"subscriber"`
	Event      id.Event `json:"event"`
	Attempts   int      `json:"attempts"`
	Error      string   `json:"error"`
}

// sendHome stores a dead letter where its publisher finds it.
func (c *Consumer) sendHome(ctx context.Context, sequence string, e event.Envelope, attempts int, cause error) error {
	body, err := json.Marshal(deadLetter{c.Subscriber.Name, e.ID, attempts, cause.Error()})
	if err != nil {
		return fmt.Errorf("write the dead letter: %w", err)
	}
	m := nats.NewMsg(subjectOfDead(c.Publisher, c.Subscriber.Name))
	m.Data = body
	m.Header.Set(headerSequence, sequence)
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if _, err := c.Connection.js.PublishMsg(ctx, m, jetstream.WithExpectStream(streamOf(c.Publisher))); err != nil {
		return fmt.Errorf("send the dead letter home: %w", err)
	}
	return nil
}

// takeHome moves dead letters to the failures in the publisher's database.
func (p *Publisher) takeHome(ctx context.Context) error {
	stream, err := p.Connection.stream(ctx, p.name)
	if err != nil {
		return err
	}
	return consume(ctx, stream, jetstream.ConsumerConfig{
		Durable: "home", Description: "dead letters on their way into the database of " + p.name,
		FilterSubject: subjectOfDead(p.name, "*"), MaxAckPending: 100,
	}, func(ctx context.Context, m jetstream.Msg) { p.bury(ctx, m) })
}

func (p *Publisher) bury(ctx context.Context, m jetstream.Msg) {
	var dead deadLetter
	sequence, err := strconv.ParseInt(m.Headers().Get(headerSequence), 10, 64)
	if err = errors.Join(err, json.Unmarshal(m.Data(), &dead)); err != nil {
		p.Relay.Logger.ErrorContext(ctx, "a dead letter cannot be read", slog.String("publisher", p.name), slog.Any("error", err))
		_ = m.Term() // it comes again if this is lost
		return
	}
	err = p.Relay.Outbox.Bury(ctx, outbox.DeadLetter{
		Subscriber: dead.Subscriber, Sequence: sequence, Event: dead.Event, Attempts: dead.Attempts, Error: dead.Error,
	})
	if err != nil {
		p.Relay.Logger.ErrorContext(ctx, "a dead letter waits for its database", slog.String("publisher", p.name), slog.Any("error", err))
		_ = m.NakWithDelay(pauseAfterTrouble) // as above
		return
	}
	_ = m.Ack() // as above
}

// consume calls handle for one message after the other until ctx ends, the
// server is gone, or it no longer knows the consumer.
func consume(ctx context.Context, stream jetstream.Stream, config jetstream.ConsumerConfig, handle func(context.Context, jetstream.Msg)) error {
	config.AckPolicy, config.DeliverPolicy = jetstream.AckExplicitPolicy, jetstream.DeliverAllPolicy
	config.AckWait, config.MaxDeliver = ackWait, -1
	opening, cancel := context.WithTimeout(ctx, requestTimeout)
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
	// A server that is gone never says that it hands out no more.
	waiting, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() {
		messages.Drain()
		time.AfterFunc(drainTimeout, giveUp)
	})()
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(waiting))
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed) || ctx.Err() != nil:
			if err == nil {
				_ = m.Nak() // it comes again in any case
			}
			return nil
		case err != nil:
			return fmt.Errorf("read from the consumer %s of NATS: %w", config.Durable, err)
		}
		handle(ctx, m)
	}
}
