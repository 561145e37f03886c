package app

import (
	"context"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/identity"
)

// Events are the names of the events that carts act on.
func Events() []string { return []string{users.EventRemoved} }

// Receive implements cart.Service.
func (s *Service) Receive(ctx context.Context, e event.Envelope) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	if e.Name != users.EventRemoved {
		return fault.InvalidField("body.name", "is no event that carts act on")
	}
	removed, err := event.Decode[users.Removed](e)
	if err != nil || removed.UserID.IsZero() {
		return fault.InvalidField("body.payload", "must name the removed user").WithCause(err)
	}
	return s.once.Receive(ctx, e, func(ctx context.Context) error {
		if err := s.store.Clear(ctx, removed.UserID); err != nil {
			return err
		}
		// Checkouts stay: invoices refer to what was bought, and they hold nothing
		// that is personal but the key of the request.
		if err := s.store.DropKeys(ctx, removed.UserID); err != nil {
			return err
		}
		return s.once.Forget(ctx, identity.Actor{User: removed.UserID}.String())
	})
}
