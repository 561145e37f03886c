package app

import (
	"context"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/identity"
)

// Events are the names of the events that carts act on.
func Events() []string {
	return []string{
		users.EventRemoved, users.EventMerged,
		payments.EventInvoicePaid, payments.EventInvoiceRefunded, payments.EventInvoiceVoided, payments.EventInvoiceWrittenOff,
	}
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
	case payments.EventInvoiceVoided, payments.EventInvoiceWrittenOff:
		return s.receiveUnpaid(ctx, e)
	case users.EventMerged:
		return s.receiveMerged(ctx, e)
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
		// be on their way. Of a checkout that ended nothing is personal but the key of
		// the request.
		if err := s.store.DropKeys(ctx, removed.UserID); err != nil {
			return err
		}
		return s.once.Forget(ctx, identity.Actor{User: removed.UserID}.String())
	})
}

// receiveMerged gives a guest's cart to the user who he was. A guest who checks
// out meanwhile comes again later.
func (s *Service) receiveMerged(ctx context.Context, e event.Envelope) error {
	merged, err := event.Decode[users.Merged](e)
	if err != nil || merged.From.IsZero() || merged.To.IsZero() || merged.From == merged.To {
		return fault.InvalidField("body.payload", "must name a guest and the user").WithCause(err)
	}
	return untilUnchanged(ctx, func(ctx context.Context) error {
		return s.once.Receive(ctx, e, func(ctx context.Context) error {
			return s.merge(ctx, cart.MergeInput{From: merged.From, To: merged.To})
		})
	})
}

// receiveUnpaid gives back what the checkout of an invoice that will not be paid
// has taken: the use of its discount at once, its stock soon.
func (s *Service) receiveUnpaid(ctx context.Context, e event.Envelope) error {
	unpaid, err := event.Decode[payments.InvoiceVoided](e) // both events have these fields
	if err != nil || unpaid.InvoiceID.IsZero() {
		return fault.InvalidField("body.payload", "must name the invoice").WithCause(err)
	}
	return s.once.Receive(ctx, e, func(ctx context.Context) error {
		return s.store.SettleCheckout(ctx, checkoutOf(unpaid.Reference), ReleaseDue, s.clock())
	})
}
