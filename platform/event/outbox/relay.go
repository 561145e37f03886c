package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"shop/platform/database"
	"shop/platform/event"
)

// RelayOptions are what a Relay is made of. DB, Outbox and Logger are needed;
// the zero value of everything else is a good default.
type RelayOptions struct {
	// DB is the publisher's database.
	DB *database.DB
	// Outbox is the publisher's outbox in this process; its commits wake the
	// relay.
	Outbox *Outbox
	// Subscribers are those who get the events. A new one starts with the oldest
	// event that is still retained. A name that is added to the events of a known
	// one counts from the subscriber's cursor on.
	Subscribers []event.Subscriber
	// Handover passes events on in the place of the subscribers' Handle, in order
	// and with the same meaning of errors, except that one of kind Unavailable
	// makes them wait for as long as it takes. Outbox.Confirm then has to say when
	// they were handled. Nil: the subscribers handle them.
	Handover func(context.Context, Handing) error
	// Logger takes what goes wrong.
	Logger *slog.Logger
	// Tracer makes a span of each handling, child of what caused the event.
	Tracer trace.Tracer
	// Observe is told of every handling, for metrics, also of several at the same
	// time. It must not block.
	Observe func(Delivery)
	// Poll is how often to look for events that nobody announced, such as those
	// of another process that died. Default 1 s.
	Poll time.Duration
	// Lease is how long a relay that died keeps its successor waiting. Default 10 s.
	Lease time.Duration
	// HandleTimeout is the deadline of one handling. Default 1 min.
	HandleTimeout time.Duration
	// Parallel is how many events a subscriber is given at the same time, of
	// different keys. Default 8; what is handed over goes one by one.
	Parallel int
	// Backoff is the pause after the given number of failed attempts (from 1).
	// Default: 1 s, doubled up to 5 min, minus up to half at random.
	Backoff func(attempts int) time.Duration
	// MaxAttempts is the number of failed attempts that makes a dead letter.
	// Default 10.
	MaxAttempts int
	// Retention is how long an event is kept after it happened; longer while a
	// subscriber has not had it, or for a failure. Default 7 days.
	Retention time.Duration
	// PruneEvery is how often old events are removed. Default 10 min.
	PruneEvery time.Duration
	// Now is the clock of backoff and retention. Default time.Now.
	Now func() time.Time
}

// Delivery is one handling of an event, as told to RelayOptions.Observe.
type Delivery struct {
	// Subscriber is the subscriber's name.
	Subscriber string
	// Event is the event's name.
	Event string
	// Outcome is what came of it.
	Outcome Outcome
	// Latency is the time since the event was appended.
	Latency time.Duration
	// Took is how long the handler ran.
	Took time.Duration
}

// Outcome is what came of handling an event.
type Outcome string

// The outcomes of a handling.
const (
	Handled     Outcome = "handled"     // done
	Failed      Outcome = "failed"      // to be tried again after a pause
	Dead        Outcome = "dead"        // failed too often: a dead letter
	Unavailable Outcome = "unavailable" // the subscriber cannot be reached; its events wait
)

// Relay delivers the events of one publisher. Every replica runs one.
type Relay struct {
	RelayOptions
	holder string
	loops  []*loop
}

// NewRelay checks the options and makes a Relay.
func NewRelay(options RelayOptions) (*Relay, error) {
	if options.DB == nil || options.Outbox == nil || options.Logger == nil {
		return nil, errors.New("a relay needs DB, Outbox and Logger")
	}
	r := &Relay{RelayOptions: options, holder: rand.Text()}
	r.setDefaults()
	seen := make(map[string]bool)
	for _, s := range options.Subscribers {
		switch {
		case s.Name == "" || s.Handle == nil && r.Handover == nil || len(s.Events) == 0:
			return nil, fmt.Errorf("subscriber %q needs Name, Events and Handle", s.Name)
		case seen[s.Name]:
			return nil, fmt.Errorf("two subscribers are named %q", s.Name)
		}
		seen[s.Name] = true
		r.loops = append(r.loops, newLoop(r, s))
	}
	return r, nil
}

func (r *Relay) setDefaults() {
	setDefault(&r.Poll, time.Second)
	setDefault(&r.Lease, 10*time.Second)
	setDefault(&r.HandleTimeout, time.Minute)
	setDefault(&r.Parallel, 8)
	setDefault(&r.MaxAttempts, 10)
	setDefault(&r.Retention, 7*24*time.Hour)
	setDefault(&r.PruneEvery, 10*time.Minute)
	if r.Backoff == nil {
		r.Backoff = backoff
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Observe == nil {
		r.Observe = func(Delivery) {}
	}
	if r.Tracer == nil {
		r.Tracer = noop.NewTracerProvider().Tracer("")
	}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Run delivers until ctx is done, then waits for the handlers in flight and
// returns nil. It is called once. An error means that it could not begin.
func (r *Relay) Run(ctx context.Context) error {
	for _, l := range r.loops {
		if err := l.cursor.touch(ctx, 0, 0, r.Now()); err != nil && ctx.Err() == nil {
			return err
		}
	}
	var running sync.WaitGroup
	for _, l := range r.loops {
		running.Go(func() { l.run(ctx) })
	}
	running.Go(func() { r.prune(ctx) })
	running.Wait()
	return nil
}

// backoff doubles from 1 s to 5 min. Up to half is taken off at random, so that
// what failed together does not come back together.
func backoff(attempts int) time.Duration {
	const longest = 5 * time.Minute
	pause := longest
	if attempts < 10 {
		pause = min(longest, time.Second<<(attempts-1))
	}
	return pause - mathrand.N(pause/2+1) //nolint:gosec // no secret
}
