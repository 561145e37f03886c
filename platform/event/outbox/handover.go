package outbox

import (
	"context"
	"fmt"
	"time"

	"shop/platform/event"
	"shop/platform/id"
)

// Handing is an event that a relay gives to RelayOptions.Handover.
type Handing struct {
	// Subscriber is for whom it is.
	Subscriber string
	// Sequence is the event's number in the outbox.
	Sequence int64
	// Again says that the event is one of the failures. It is one no more when the
	// handover returns nil: then it must have been handled.
	Again bool
	// Waits says that earlier events of the same key are among the failures: it
	// must not be handled before them, and is to be given to Relay.SetAside.
	Waits bool
	// Event is the message.
	Event event.Envelope
}

// confirmedName is the name under which outbox_cursors keeps up to where a
// subscriber is confirmed to have handled what was handed over to it. No module
// has such a name.
func confirmedName(subscriber string) string { return subscriber + "@handled" }

// Confirm writes down that a subscriber has handled every event up to seq that
// was handed over to it, or that it is among its failures. Until then the event
// is kept, and a relay that begins hands it over, or delivers it, again.
func (o *Outbox) Confirm(ctx context.Context, subscriber string, seq int64) error {
	err := o.db.Write(ctx).Exec(
		`INSERT INTO outbox_cursors (subscriber, seq, updated_at) VALUES (?, ?, ?)
		 ON CONFLICT (subscriber) DO UPDATE SET updated_at = excluded.updated_at,
		   seq = CASE WHEN outbox_cursors.seq < excluded.seq THEN excluded.seq ELSE outbox_cursors.seq END`,
		confirmedName(subscriber), seq, o.now().UTC()).Error
	if err != nil {
		return fmt.Errorf("confirm the events of %s: %w", subscriber, err)
	}
	return nil
}

// rewind puts a cursor back to where it is confirmed that events were handled.
// Without a Handover, nobody confirms any more: the cursor itself tells then.
func (c cursor) rewind(ctx context.Context, handover bool, now time.Time) error {
	err := c.db.InTx(ctx, func(ctx context.Context) error {
		if handover {
			return c.keepConfirmed(ctx, now)
		}
		if err := c.toConfirmed(ctx); err != nil {
			return err
		}
		return c.db.Write(ctx).Exec(`DELETE FROM outbox_cursors WHERE subscriber = ?`, confirmedName(c.subscriber)).Error
	})
	if err != nil {
		return fmt.Errorf("put the cursor of %s back: %w", c.subscriber, err)
	}
	return nil
}

// keepConfirmed puts the cursor back, and begins to confirm where that was not
// done before: what was delivered so far was handled.
func (c cursor) keepConfirmed(ctx context.Context, now time.Time) error {
	err := c.db.Write(ctx).Exec(
		`INSERT INTO outbox_cursors (subscriber, seq, updated_at)
		 SELECT ?, seq, ? FROM outbox_cursors WHERE subscriber = ?
		 ON CONFLICT (subscriber) DO UPDATE SET updated_at = excluded.updated_at`,
		confirmedName(c.subscriber), now.UTC(), c.subscriber).Error
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it is about
	}
	return c.toConfirmed(ctx)
}

// touchConfirmed notes that what is confirmed still matters.
func (c cursor) touchConfirmed(ctx context.Context, now time.Time) error {
	err := c.db.Write(ctx).Exec(
		`UPDATE outbox_cursors SET updated_at = ? WHERE subscriber = ?`, now.UTC(), confirmedName(c.subscriber)).Error
	if err != nil {
		return fmt.Errorf("keep what %s has handled: %w", c.subscriber, err)
	}
	return nil
}

func (c cursor) toConfirmed(ctx context.Context) error {
	return c.db.Write(ctx).Exec( //nolint:wrapcheck // the caller says what it is about
		`UPDATE outbox_cursors SET seq = confirmed.seq FROM (SELECT seq FROM outbox_cursors WHERE subscriber = ?) AS confirmed
		 WHERE outbox_cursors.subscriber = ? AND outbox_cursors.seq > confirmed.seq`,
		confirmedName(c.subscriber), c.subscriber).Error
}

// Unhandled is an event that was handed over and that its subscriber did not
// handle.
type Unhandled struct {
	// Subscriber is the subscriber's name.
	Subscriber string
	// Sequence and Event name the event.
	Sequence int64
	Event    id.Event
	// Attempts is how often it was tried: 0 when it only waits for earlier ones of
	// its key. Error is what the last attempt ended with.
	Attempts int
	Error    string
}

// SetAside makes an event one of the failures, after those of its key that are
// there already: it is tried again by the relays, as if it had failed here. Those
// of one key must be given in their order. A repeat is harmless; an event that
// is in the outbox no more is ignored.
func (r *Relay) SetAside(ctx context.Context, u Unhandled) error {
	p := parking{db: r.DB, subscriber: u.Subscriber}
	err := r.DB.InTx(ctx, func(ctx context.Context) error {
		if err := p.lock(ctx); err != nil {
			return err
		}
		var rows []row
		if err := r.DB.Read(ctx).Raw(`SELECT `+rowColumns+` FROM outbox o WHERE o.seq = ? AND o.id = ?`, u.Sequence, u.Event).Find(&rows).Error; err != nil || len(rows) == 0 {
			return err //nolint:wrapcheck // below
		}
		f := failedRow{Row: rows[0], Attempts: u.Attempts, Error: describeText(u.Error)}
		behind, err := p.blocked(ctx, []string{f.Row.Key})
		if err != nil {
			return err
		}
		if !behind[f.Row.Key] {
			at := r.Now().UTC()
			if u.Attempts > 0 {
				at = at.Add(r.Backoff(u.Attempts))
			}
			f.NextAt = &at
		}
		return p.park(ctx, f)
	})
	if err != nil {
		return fmt.Errorf("take back an event of %s: %w", u.Subscriber, err)
	}
	return nil
}
