package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// handed is what this process knows of what it has handed over.
type handed struct {
	// open says that handing over is allowed, and run counts how often it began.
	open bool
	run  int
	// made is when the stream was made, seen its last number that is known.
	made time.Time
	seen uint64
	// upTo is the last number in the outbox that was handed over, by subscriber.
	upTo map[string]int64
}

// begin opens a run of handing over. The relay then puts the cursors back to
// where it is confirmed that events were handled: what the stream lost before
// this moment is handed over again, and what it loses after it is noticed.
func (p *Publisher) begin(ctx context.Context, lost context.CancelFunc) error {
	stream, err := p.Connection.stream(ctx, p.name)
	if err != nil {
		return err
	}
	known := stream.CachedInfo()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = lost
	p.handed = handed{open: true, run: p.handed.run + 1, made: known.Created, seen: known.State.LastSeq, upTo: map[string]int64{}}
	return nil
}

// current is the number of the open run; ok is false when none is open.
func (p *Publisher) current() (run int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handed.run, p.handed.open
}

// accepted notes the last number of the stream and, for a subscriber, up to
// where events are in it, unless the run is over.
func (p *Publisher) accepted(run int, sequence uint64, subscriber string, upTo int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if run == p.handed.run {
		p.handed.seen = max(p.handed.seen, sequence)
		if subscriber != "" {
			p.handed.upTo[subscriber] = max(p.handed.upTo[subscriber], upTo)
		}
	}
}

// end closes a run, so that another begins.
func (p *Publisher) end(run int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if run == p.handed.run && p.handed.open {
		p.handed.open = false
		p.lost()
	}
}

// confirm writes down, now and then, up to where every event was handled.
func (p *Publisher) confirm(ctx context.Context) error {
	ticker := time.NewTicker(p.ConfirmEvery)
	defer ticker.Stop()
	confirmed := map[string]int64{}
	for {
		if err := p.look(ctx, confirmed); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// look does it once.
func (p *Publisher) look(ctx context.Context, confirmed map[string]int64) error {
	p.mu.Lock()
	run, open, made, seen, upTo := p.handed.run, p.handed.open, p.handed.made, p.handed.seen, maps.Clone(p.handed.upTo)
	p.mu.Unlock()
	if !open {
		return nil
	}
	stream, err := p.Connection.stream(ctx, p.name)
	if err != nil {
		return err
	}
	before := stream.CachedInfo()
	if before.State.LastSeq < seen || !before.Created.Equal(made) {
		p.Relay.Logger.ErrorContext(ctx, "NATS has lost events that it had accepted: they are handed over again", "publisher", p.name)
		p.end(run)
		return nil
	}
	p.accepted(run, before.State.LastSeq, "", 0)
	handled := map[string]int64{}
	for subscriber, n := range upTo {
		if n, err = p.upToUnhandled(ctx, stream, subscriber, n); err != nil {
			return err
		}
		if n > confirmed[subscriber] {
			handled[subscriber] = n
		}
	}
	if len(handled) == 0 {
		return nil
	}
	// What was looked at must have been one stream, and whole.
	after, err := p.Connection.stream(ctx, p.name)
	if err != nil {
		return err
	}
	if now := after.CachedInfo(); now.State.LastSeq < seen || !now.Created.Equal(made) {
		return nil
	}
	for subscriber, n := range handled {
		if err := p.Relay.Outbox.Confirm(ctx, subscriber, n); err != nil {
			return err //nolint:wrapcheck // says what it is about
		}
		confirmed[subscriber] = n
	}
	return nil
}

// upToUnhandled lowers n, up to which events were handed over, to before the
// first that the subscriber has not handled. In this order: what goes home is in
// the second place before it leaves the first.
func (p *Publisher) upToUnhandled(ctx context.Context, stream jetstream.Stream, subscriber string, n int64) (int64, error) {
	for _, subject := range []string{subjectsFor(p.name, subscriber) + ".>", subjectHome(p.name, subscriber)} {
		first, err := p.firstIn(ctx, stream, subject)
		if err != nil {
			return 0, err
		}
		if first > 0 {
			n = min(n, first-1)
		}
	}
	return n, nil
}

// firstIn is the number in the outbox of the first event on a subject; 0 when
// there is none.
func (p *Publisher) firstIn(ctx context.Context, stream jetstream.Stream, subject string) (int64, error) {
	ctx, cancel := p.Connection.request(ctx)
	defer cancel()
	m, err := stream.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(subject))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for what is not handled: %w", err)
	}
	return sequenceOf(m.Header, subject)
}
