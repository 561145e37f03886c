package app

import (
	"context"

	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/identity"
)

// Events are the names of the events that carts act on.
func Events() []string {
	return []string{users.EventRemoved, payments.EventInvoicePaid, payments.EventInvoiceRefunded}
}

// Receive implements cart.Service.
func (s *Service) Receive(ctx context.Context, e event.Envelope) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	switch e.Name {
	case users.EventRemoved:
		return s.receiveRemoved(ctx, e)
	case payments.EventInvoicePaid:
		return s.receivePaid(ctx, e)
	case payments.EventInvoiceRefunded:
		return s.receiveRefunded(ctx, e)
	default:
		return fault.InvalidField("body.name", "is no event that carts act on")
	}
}

// receiveRemoved takes away what a removed user's cart holds.
func (s *Service) receiveRemoved(ctx context.Context, e event.Envelope) error {
	removed, err := event.Decode[users.Removed](e)
	if err != nil || removed.UserID.IsZero() {
		return fault.InvalidField("body.payload", "must name the removed user").WithCause(err)
	}
	return s.once.Receive(ctx, e, func(ctx context.Context) error {
		if err := s.store.Clear(ctx, removed.UserID); err != nil {
			return err
		}
		// Checkouts and orders stay: the books refer to what was bought, and goods may
		// be on their way.
		if err := s.store.DropKeys(ctx, removed.UserID); err != nil {
			return err
		}
		return s.once.Forget(ctx, identity.Actor{User: removed.UserID}.String())
	})
}
