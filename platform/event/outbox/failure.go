package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/platform/event"
	"shop/platform/id"
)

// Failure is an event that a subscriber has not handled although its cursor is
// past it: it failed, or waits behind one of the same key that did.
type Failure struct {
	// Subscriber is the subscriber's name.
	Subscriber string
	// Sequence is the event's number in the outbox.
	Sequence int64
	// Event is the message as it was and will be delivered.
	Event event.Envelope
	// Attempts is how often it was tried; 0 while it only waits.
	Attempts int
	// NextAt is when it is tried again; zero while it waits for another one, and
	// for a dead letter.
	NextAt time.Time
	// Error is what the last attempt returned.
	Error string
	// Dead is true for a dead letter: it is not tried again until replayed.
	Dead bool
}

// State is what becomes of a failure.
type State int

// The states of failures.
const (
	// AnyState is all of them.
	AnyState State = iota
	// DeadLetters are not tried again until they are replayed.
	DeadLetters
	// Pending ones are tried again, or wait for one that is.
	Pending
)

// FailureQuery says which failures to list. The zero value lists the first
// hundred of all subscribers.
type FailureQuery struct {
	// Subscriber limits the list to one subscriber.
	Subscriber string
	// State limits the list to failures in that state.
	State State
	// Event limits the list to one event; zero is all.
	Event id.Event
	// AfterSubscriber and AfterSequence are those of the last failure of the page
	// before.
	AfterSubscriber string
	AfterSequence   int64
	// Limit is the size of the page, 1 to 1000; 0 means 100.
	Limit int
}

// ListFailures returns a page of failures, by subscriber and age.
func (o *Outbox) ListFailures(ctx context.Context, q FailureQuery) ([]Failure, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	only, values := "", []any{q.AfterSubscriber, q.AfterSequence, q.Subscriber, q.Subscriber}
	switch q.State {
	case DeadLetters:
		only = " AND f.dead"
	case Pending:
		only = " AND NOT f.dead"
	case AnyState:
	}
	if !q.Event.IsZero() {
		only, values = only+" AND f.event_id = ?", append(values, q.Event)
	}
	var found []failedRow
	err := o.db.Read(ctx).Raw(
		`SELECT `+rowColumns+`, f.subscriber, f.attempts, f.next_at, f.error, f.dead
		 FROM outbox_failures f JOIN outbox o ON o.seq = f.seq
		 WHERE (f.subscriber, f.seq) > (?, ?) AND (f.subscriber = ? OR ? = '')`+only+`
		 ORDER BY f.subscriber, f.seq LIMIT ?`, append(values, min(q.Limit, 1000))...).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("list failed events: %w", err)
	}
	failures := make([]Failure, len(found))
	for i, f := range found {
		failures[i] = Failure{
			Subscriber: f.Subscriber, Sequence: f.Row.Seq, Event: f.Row.envelope(),
			Attempts: f.Attempts, Error: f.Error, Dead: f.Dead,
		}
		if f.NextAt != nil {
			failures[i].NextAt = f.NextAt.UTC()
		}
	}
	return failures, nil
}

// ErrNoEvents is returned by Replay when it is not told what to replay.
var ErrNoEvents = errors.New("name the events to replay")

// Replay makes dead letters of a subscriber pending again, with all their
// attempts before them, and returns how many those were; identifiers of other
// events are ignored. What happened since to the same key was delivered
// already, so their handler has to look at the present state, as always. The
// relays notice within their polling interval.
func (o *Outbox) Replay(ctx context.Context, subscriber string, events ...id.Event) (int64, error) {
	if len(events) == 0 {
		return 0, ErrNoEvents
	}
	done := o.db.Write(ctx).Exec(
		`UPDATE outbox_failures SET dead = ?, attempts = 0, next_at = ?
		 WHERE subscriber = ? AND dead AND event_id IN ?`, false, o.now().UTC(), subscriber, events)
	if done.Error != nil {
		return 0, fmt.Errorf("replay events for %s: %w", subscriber, done.Error)
	}
	return done.RowsAffected, nil
}

// ReplayAll is Replay of all dead letters of a subscriber.
func (o *Outbox) ReplayAll(ctx context.Context, subscriber string) (int64, error) {
	done := o.db.Write(ctx).Exec(
		`UPDATE outbox_failures SET dead = ?, attempts = 0, next_at = ? WHERE subscriber = ? AND dead`,
		false, o.now().UTC(), subscriber)
	if done.Error != nil {
		return 0, fmt.Errorf("replay the events of %s: %w", subscriber, done.Error)
	}
	return done.RowsAffected, nil
}
