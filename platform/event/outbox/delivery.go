package outbox

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/event"
	"shop/platform/fault"
)

const (
	// saveEvery is how much handling a crash repeats at most, in time.
	saveEvery = time.Second
	// longestHold bounds the pause after a subscriber could not be reached.
	longestHold = 30 * time.Second
	// mostHolds is how often in a row one event may find its subscriber out of
	// reach (about eight minutes) before it is set aside: perhaps it is the event.
	mostHolds = 20
)

// delivery is what one relay delivers to one subscriber under one lease.
type delivery struct {
	*loop
	// position is the number up to which everything was delivered or set aside.
	position int64
	// saved is when the position was stored last.
	saved time.Time
	// stopped says that no further handling may begin.
	stopped func() bool

	// mu guards what events that are handled at the same time change.
	mu sync.Mutex
	// failing says that there are events set aside.
	failing bool
	// blocked are the keys whose events wait.
	blocked map[string]bool
	// unreached is the number of the first event for which the subscriber could
	// not be reached; 0 while it could.
	unreached int64
}

func (d *delivery) readBlocked(ctx context.Context, rows []row) (err error) {
	d.blocked = make(map[string]bool)
	if !d.failing {
		return nil
	}
	var keys []string
	for _, r := range rows {
		if r.Seq > d.position && r.Key != "" && d.wants(r) {
			keys = append(keys, r.Key)
		}
	}
	if len(keys) > 0 {
		d.blocked, err = d.parking.blocked(ctx, keys)
	}
	return err
}

// one delivers an event for the first time. done is false when it has to stay
// before the cursor.
func (d *delivery) one(ctx context.Context, r row) (done bool, err error) {
	waits := d.waits(r)
	if waits && d.Handover == nil {
		return true, d.parking.park(ctx, failedRow{Row: r})
	}
	outcome, cause := d.handle(ctx, r.envelope(), 1, Handing{Sequence: r.Seq, Waits: waits})
	switch {
	case outcome == Handled:
		return true, nil
	case ctx.Err() != nil: // the lease went, and with it the handler
		return false, context.Cause(ctx)
	case outcome == Unavailable && (d.Handover != nil || r.Seq != d.heldAt || d.holds < mostHolds):
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.unreached == 0 || r.Seq < d.unreached {
			d.unreached = r.Seq
		}
		return false, nil
	}
	f := failedRow{Row: r, Attempts: 1, Error: describe(cause), Dead: outcome == Dead}
	if !f.Dead {
		next := d.Now().Add(d.Backoff(1)).UTC()
		f.NextAt = &next
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.blocked[r.Key] = d.blocked[r.Key] || !f.Dead && r.Key != ""
	d.failing = true
	return true, d.parking.park(ctx, f)
}

// waits reports whether an event has to wait for others of its key.
func (d *delivery) waits(r row) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.blocked[r.Key]
}

// hold makes the events wait when the subscriber could not be reached, longer
// each time in a row. The first of them may be the reason; one counts how often.
func (d *delivery) hold() {
	switch d.unreached {
	case 0:
		d.holds, d.heldAt = 0, 0
		return
	case d.heldAt:
		d.holds++
	default:
		d.holds, d.heldAt = 1, d.unreached
	}
	d.heldUntil = d.Now().Add(min(d.Backoff(d.holds), longestHold))
}

// retries tries the events again whose time has come.
func (d *delivery) retries(ctx context.Context) (done bool, err error) {
	d.failing = true
	due, err := d.parking.due(ctx, d.Now())
	if err != nil {
		return false, err
	}
	for _, f := range due {
		if d.stopped() {
			return false, nil
		}
		if done, err := d.again(ctx, f); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// again tries an event that was set aside. While the subscriber cannot be
// reached it stays, for as long as that takes, and the others need not be tried.
func (d *delivery) again(ctx context.Context, f failedRow) (done bool, err error) {
	outcome, cause := d.handle(ctx, f.Row.envelope(), f.Attempts+1, Handing{Sequence: f.Row.Seq, Again: true})
	switch {
	case outcome == Handled:
		return true, d.parking.remove(ctx, f, d.Now())
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case outcome == Dead:
		return true, d.parking.bury(ctx, f, d.Now(), describe(cause))
	default:
		next := d.Now().Add(d.Backoff(f.Attempts + 1))
		return outcome == Failed, d.parking.postpone(ctx, f, next, describe(cause))
	}
}

// save stores the position when that was not done for a while.
func (d *delivery) save(ctx context.Context, seq int64) error {
	if time.Since(d.saved) < saveEvery {
		return nil
	}
	kept, err := d.cursor.advance(ctx, seq)
	if err != nil {
		return err
	}
	if !kept {
		return errLeaseLost
	}
	d.saved = time.Now()
	return nil
}

// handle calls the subscriber for the attempt of that number (from 1), says
// what came of it, and tells the log and the observer.
func (d *delivery) handle(ctx context.Context, e event.Envelope, attempt int, h Handing) (outcome Outcome, err error) {
	ctx, span := d.Tracer.Start(event.WithTraceParent(ctx, e.TraceParent), "handle "+e.Name,
		trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	began := time.Now()
	h.Subscriber, h.Event = d.subscriber.Name, e
	err = d.call(ctx, h)
	outcome = d.judge(err, attempt)
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, string(outcome))
	}
	log := d.log.With("event", e.Name, "event_id", e.ID.String(), "attempt", attempt)
	switch outcome {
	case Handled:
	case Failed:
		log.WarnContext(ctx, "event failed, will be tried again", "error", err)
	case Dead:
		log.ErrorContext(ctx, "event failed too often and is a dead letter now", "error", err)
	case Unavailable:
		log.WarnContext(ctx, "subscriber cannot be reached, its events wait", "error", err)
	}
	d.Observe(Delivery{
		Subscriber: d.subscriber.Name, Event: e.Name, Outcome: outcome,
		Latency: began.Sub(e.At), Took: time.Since(began),
	})
	return outcome, err
}

// call contains a panic of the handler and gives it a deadline.
func (d *delivery) call(ctx context.Context, h Handing) (err error) {
	ctx, cancel := context.WithTimeout(ctx, d.HandleTimeout)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			d.log.ErrorContext(ctx, "event handler panicked", "event", h.Event.Name, "panic", cause, "stack", string(debug.Stack()))
			err = fmt.Errorf("handler panicked: %v", cause)
		}
	}()
	if d.Handover != nil {
		return d.Handover(ctx, h)
	}
	return d.subscriber.Handle(ctx, h.Event)
}

func (d *delivery) judge(err error, attempt int) Outcome {
	switch {
	case err == nil:
		return Handled
	case fault.KindOf(err) == fault.Unavailable:
		return Unavailable
	case attempt >= d.MaxAttempts:
		return Dead
	default:
		return Failed
	}
}
