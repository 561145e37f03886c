package outbox

import (
	"context"
	"fmt"
	"time"

	"shop/platform/event"
)

// Passed is an event that a subscriber should have handled.
type Passed struct {
	// Sequence is the event's number in the outbox.
	Sequence int64
	// Event is the message as it was delivered.
	Event event.Envelope
}

// PassedQuery says which events to list. Subscriber and Events are needed.
type PassedQuery struct {
	// Subscriber is the subscriber's name, Events the names that it wants.
	Subscriber string
	Events     []string
	// Before leaves out what was appended later.
	Before time.Time
	// After is the Sequence of the last one of the page before.
	After int64
	// Limit is the size of the page, 1 to 1000; 0 means 1000.
	Limit int
}

// ListPassed returns a page of the events that a subscriber's cursor has passed
// and that are not among its failures: those that it has handled, if nothing
// went wrong. In their order.
func (o *Outbox) ListPassed(ctx context.Context, q PassedQuery) ([]Passed, error) {
	if q.Limit <= 0 || q.Limit > 1000 {
		q.Limit = 1000
	}
	var rows []row
	err := o.db.Read(ctx).Raw(
		`SELECT `+rowColumns+` FROM outbox o
		 WHERE o.seq > ? AND o.seq <= (SELECT min(c.seq) FROM outbox_cursors c WHERE c.subscriber IN ?)
		   AND o.name IN ? AND o.created_at < ?
		   AND NOT EXISTS (SELECT 1 FROM outbox_failures f WHERE f.subscriber = ? AND f.seq = o.seq)
		 ORDER BY o.seq LIMIT ?`,
		q.After, []string{q.Subscriber, confirmedName(q.Subscriber)}, q.Events, q.Before.UTC(), q.Subscriber, q.Limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list the events that %s was given: %w", q.Subscriber, err)
	}
	passed := make([]Passed, len(rows))
	for i, r := range rows {
		passed[i] = Passed{Sequence: r.Seq, Event: r.envelope()}
	}
	return passed, nil
}
