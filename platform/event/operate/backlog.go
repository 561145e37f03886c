package operate

import (
	"context"
	"errors"
	"time"

	"shop/platform/event/outbox"
)

// Awaited are the events of a publisher hosted here that one subscriber wants,
// wherever that is.
type Awaited struct {
	// Publisher and Subscriber are the modules' names.
	Publisher, Subscriber string
	// Outbox is the publisher's.
	Outbox *outbox.Outbox
	// Events are the names of the events.
	Events []string
}

// CountBacklogs measures what waits for each subscriber at now. What cannot be
// measured is shown no more, and in the error.
func (m *Metrics) CountBacklogs(ctx context.Context, awaited []Awaited, now time.Time) error {
	var failures []error
	for _, a := range awaited {
		b, err := a.Outbox.Backlog(ctx, a.Subscriber, a.Events)
		if err != nil {
			failures = append(failures, err)
			m.waiting.DeleteLabelValues(a.Publisher, a.Subscriber)
			m.oldest.DeleteLabelValues(a.Publisher, a.Subscriber)
			m.dead.DeleteLabelValues(a.Publisher, a.Subscriber)
			continue
		}
		var age time.Duration
		if b.Waiting > 0 {
			age = max(0, now.Sub(b.Oldest))
		}
		m.waiting.WithLabelValues(a.Publisher, a.Subscriber).Set(float64(b.Waiting))
		m.oldest.WithLabelValues(a.Publisher, a.Subscriber).Set(age.Seconds())
		m.dead.WithLabelValues(a.Publisher, a.Subscriber).Set(float64(b.Dead))
	}
	return errors.Join(failures...)
}
