package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"shop/platform/event/outbox"
	"shop/platform/fault"
)

// PublisherOptions are what a Publisher is made of. Connection and what a relay
// needs are required.
type PublisherOptions struct {
	Connection *Connection
	// Relay are the options of the relay; its subscribers need no Handle.
	Relay outbox.RelayOptions
	// ConfirmEvery is how often it is looked up what was handled. Default 1 s.
	ConfirmEvery time.Duration
	// AskTimeout is how long a retry waits for what comes of it. Default 30 s.
	AskTimeout time.Duration
}

// Publisher hands one module's events over. Every replica runs one.
type Publisher struct {
	PublisherOptions
	name string
	// failures takes what came home.
	failures *outbox.Relay
	mu       sync.Mutex
	handed   handed
	// lost ends the relay of the moment, for another to begin.
	lost context.CancelFunc
}

// NewPublisher checks the options and makes a Publisher.
func NewPublisher(o PublisherOptions) (*Publisher, error) {
	if o.Connection == nil {
		return nil, errors.New("a publisher needs a connection")
	}
	p := &Publisher{PublisherOptions: o}
	if p.ConfirmEvery == 0 {
		p.ConfirmEvery = time.Second
	}
	if p.AskTimeout == 0 {
		p.AskTimeout = 30 * time.Second
	}
	p.Relay.Handover = p.hand
	failures, err := outbox.NewRelay(p.Relay)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what is missing
	}
	p.failures = failures
	p.name = p.Relay.DB.Module()
	return p, nil
}

// Run hands over until ctx is done. An error means that it could not begin.
func (p *Publisher) Run(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() {
		again(ctx, p.Relay.Logger, "the confirmation of events of "+p.name, p.confirm)
	})
	work.Go(func() {
		again(ctx, p.Relay.Logger, "the way home of events of "+p.name, p.takeHome)
	})
	for ctx.Err() == nil {
		relay, err := outbox.NewRelay(p.Relay)
		if err != nil {
			return err //nolint:wrapcheck // says what is missing
		}
		relaying, lost := context.WithCancel(ctx)
		if p.open(ctx, lost) {
			err = relay.Run(relaying)
		}
		lost()
		if err != nil {
			return err //nolint:wrapcheck // says what it is about
		}
	}
	return nil
}

// open begins to hand over when the server is there; ok is false when ctx ended
// before.
func (p *Publisher) open(ctx context.Context, lost context.CancelFunc) (ok bool) {
	waiting, found := context.WithCancel(ctx)
	defer found()
	again(waiting, p.Relay.Logger, "the handing over of events of "+p.name, func(ctx context.Context) error {
		err := p.begin(ctx, lost)
		if ok = err == nil; ok {
			found()
		}
		return err
	})
	return ok
}

// unavailable makes the event wait at its place.
func unavailable(err error) error {
	return fault.New(fault.Unavailable, "nats_unavailable", "the event cannot be handed over").WithCause(err)
}

// hand puts an event into the stream.
func (p *Publisher) hand(ctx context.Context, h outbox.Handing) error {
	body, err := json.Marshal(h.Event)
	if err != nil {
		return fmt.Errorf("write the event: %w", err)
	}
	m := nats.NewMsg(subjectsFor(p.name, h.Subscriber) + "." + laneOf(h.Event) + "." + h.Event.Name)
	m.Data = body
	m.Header.Set(headerSequence, strconv.FormatInt(h.Sequence, 10))
	if h.Waits {
		m.Header.Set(headerWaits, "true")
	}
	if h.Again {
		return p.ask(ctx, m)
	}
	run, ok := p.current()
	if !ok {
		return unavailable(errors.New("handing over begins anew"))
	}
	sequence, err := p.put(ctx, m, jetstream.WithMsgID(h.Event.ID.String()+"/"+h.Subscriber))
	if err == nil {
		p.accepted(run, sequence, h.Subscriber, h.Sequence)
	}
	return err
}

// put stores a message in the stream and returns its number there.
func (p *Publisher) put(ctx context.Context, m *nats.Msg, options ...jetstream.PublishOpt) (uint64, error) {
	ctx, cancel := p.Connection.request(ctx)
	defer cancel()
	if !p.Connection.conn.IsConnected() {
		return 0, unavailable(nats.ErrConnectionClosed)
	}
	ack, err := p.Connection.js.PublishMsg(ctx, m, append(options, jetstream.WithExpectStream(streamOf(p.name)))...)
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return 0, fmt.Errorf("hand over: %w", err)
	case err != nil:
		return 0, unavailable(err)
	}
	return ack.Sequence, nil
}

// ask hands an event over for one attempt, and waits for what comes of it.
func (p *Publisher) ask(ctx context.Context, m *nats.Msg) error {
	ctx, cancel := p.Connection.within(ctx, p.AskTimeout)
	defer cancel()
	inbox := p.Connection.conn.NewRespInbox()
	answers, err := p.Connection.conn.SubscribeSync(inbox)
	if err != nil {
		return unavailable(err)
	}
	defer func() { _ = answers.Unsubscribe() }() // the connection may be gone
	m.Header.Set(headerReply, inbox)
	m.Header.Set(headerUntil, strconv.FormatInt(time.Now().Add(p.AskTimeout).UnixMilli(), 10))
	if _, err := p.put(ctx, m); err != nil {
		return err
	}
	answer, err := answers.NextMsgWithContext(ctx)
	if err != nil {
		return unavailable(err)
	}
	var got reply
	if err := json.Unmarshal(answer.Data, &got); err != nil {
		return unavailable(err)
	}
	switch got.Outcome {
	case outbox.Handled:
		return nil
	case outbox.Unavailable:
		return unavailable(errors.New(got.Error))
	default:
		return errors.New(got.Error)
	}
}

// reply is what came of a single attempt.
type reply struct {
	Outcome outbox.Outcome `json:"outcome"`
	Error   string         `json:"error,omitempty"`
}
