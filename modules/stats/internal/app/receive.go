package app

import (
	"context"
	"encoding/json"
	"fmt"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/modules/stats"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// anonymizeBatch is how many entries one statement changes, so that on SQLite
// the writer is free in between and on PostgreSQL no transaction is long.
const anonymizeBatch = 1000

// Actions that events become.
const (
	actionRegistered = "user_registered"
	actionCheckedOut = "checked_out"
	actionPaid       = "paid"
)

// Events are the names of the events that statistics act on.
func Events() []string {
	return []string{users.EventRegistered, users.EventRemoved, cart.EventCheckedOut, payments.EventInvoicePaid}
}

// Receive implements stats.Service.
func (s *Service) Receive(ctx context.Context, e event.Envelope) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	switch e.Name {
	case users.EventRemoved:
		removed, err := event.Decode[users.Removed](e)
		if err != nil {
			return noUser(err)
		}
		return s.forget(ctx, e, removed.UserID)
	case users.EventRegistered:
		registered, err := event.Decode[users.Registered](e)
		if err != nil {
			return noUser(err)
		}
		return s.note(ctx, e, actionRegistered, registered.UserID, nil)
	case cart.EventCheckedOut:
		out, err := event.Decode[cart.CheckedOut](e)
		if err != nil {
			return noUser(err)
		}
		return s.note(ctx, e, actionCheckedOut, out.UserID, map[string]any{"invoice_id": out.InvoiceID, "checkout_id": out.CheckoutID})
	case payments.EventInvoicePaid:
		paid, err := event.Decode[payments.InvoicePaid](e)
		if err != nil {
			return noUser(err)
		}
		return s.note(ctx, e, actionPaid, paid.UserID, map[string]any{"invoice_id": paid.InvoiceID, "total": paid.Total})
	default:
		return fault.InvalidField("body.name", "is no event that statistics act on")
	}
}

// noUser is the fault of a payload that does not say whose it is.
func noUser(cause error) error {
	return fault.InvalidField("body.payload", "must name the user").WithCause(cause)
}

// note records, once, what an event says that a user did.
func (s *Service) note(ctx context.Context, e event.Envelope, action string, user id.User, data map[string]any) error {
	if user.IsZero() {
		return noUser(nil)
	}
	if e.At.IsZero() {
		e.At = s.clock()
	}
	entry := stats.Entry{ID: id.NewLogEntry(), UserID: user, Action: action, At: database.Timestamp(e.At)}
	if data != nil {
		text, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("encode what an event says: %w", err)
		}
		entry.Data = text
	}
	return s.store.Note(ctx, e, entry)
}

// forget removes what is personal. That the user is gone is remembered first, so
// that what is noted of him from here on is not his. The second time there is
// nothing left to remove, and each batch commits by itself, since a part that is
// gone need not come back when a later one fails.
func (s *Service) forget(ctx context.Context, e event.Envelope, user id.User) error {
	if user.IsZero() {
		return noUser(nil)
	}
	if err := s.store.Remember(ctx, user, s.clock()); err != nil {
		return err
	}
	for {
		n, err := s.store.Anonymize(ctx, user, anonymizeBatch)
		if err != nil {
			return err
		}
		if n < anonymizeBatch {
			break
		}
	}
	return s.store.Handle(ctx, e, func(ctx context.Context) error {
		return s.once.Forget(ctx, identity.Actor{User: user}.String())
	})
}
