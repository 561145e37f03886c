package app

import (
	"context"
	"slices"
	"time"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/id"
)

const checkReservation = "cart.reservation"

// Standing is where a checkout that is done stands. OrderState is empty without
// an order.
type Standing struct {
	Checkout   id.Checkout
	Invoice    id.Invoice
	UpdatedAt  time.Time
	OrderState cart.OrderState
	Short      bool
}

// wants are the states in which the stock of a checkout may be, the one that a
// repair brings it to first; none when nothing is said about it, since its order
// is being cancelled, or its goods went to somebody else.
func (c Standing) wants(invoice payments.Invoice) []catalog.ReservationState {
	switch {
	case c.Short || c.OrderState == cart.OrderCancelling:
		return nil
	case c.OrderState == cart.OrderCancelled:
		// Stock that was never sold goes back by a release.
		return []catalog.ReservationState{catalog.StateReturned, catalog.StateReleased}
	}
	switch invoice.Status {
	case payments.StatusPaid, payments.StatusRefunded:
		return []catalog.ReservationState{catalog.StateCommitted}
	case payments.StatusVoid, payments.StatusUncollectible:
		return []catalog.ReservationState{catalog.StateReleased, catalog.StateExpired}
	case payments.StatusDraft, payments.StatusOpen, payments.StatusPaying:
		return []catalog.ReservationState{catalog.StateReserved}
	}
	return nil
}

// verifyReservations looks whether the stock of the checkouts of some invoices is
// where these and their orders say. It asks per page, not per checkout.
func (s *Service) verifyReservations(
	ctx context.Context, in audit.Input, before time.Time, invoices []payments.Invoice, report *audit.Report,
) error {
	report.Looked(checkReservation, 0) // so that it is named when there is nothing to look at
	of := make(map[id.Checkout]payments.Invoice, len(invoices))
	keys := make([]id.Checkout, 0, len(invoices))
	for _, invoice := range invoices {
		if key := checkoutOf(invoice.Reference); !key.IsZero() && !invoice.UpdatedAt.After(before) {
			of[key] = invoice
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	standings, err := s.store.Standings(ctx, keys)
	if err != nil {
		return err
	}
	states, err := s.reservationStates(ctx, keys)
	if err != nil {
		return err
	}
	for _, c := range standings {
		invoice := of[c.Checkout]
		wants := c.wants(invoice)
		if len(wants) == 0 || c.Invoice != invoice.ID || c.UpdatedAt.After(before) {
			continue
		}
		report.Looked(checkReservation, 1)
		if slices.Contains(wants, states[c.Checkout]) {
			continue
		}
		if err := s.differs(ctx, in, c, invoice, report); err != nil {
			return err
		}
	}
	return nil
}

// reservationStates are the states of the reservations that there are.
func (s *Service) reservationStates(ctx context.Context, keys []id.Checkout) (map[id.Checkout]catalog.ReservationState, error) {
	found, err := s.catalog.Reservations(outside(ctx), catalog.ReservationsInput{Keys: keys})
	if err != nil {
		return nil, err
	}
	states := make(map[id.Checkout]catalog.ReservationState, len(found))
	for _, r := range found {
		states[r.Key] = r.State
	}
	return states, nil
}

// differs reports a difference, and repairs it. It looks once more before, since
// the page was read at another moment than the reservations: an invoice or an
// order that changed in between is no difference.
func (s *Service) differs(ctx context.Context, in audit.Input, c Standing, seen payments.Invoice, report *audit.Report) error {
	invoice, err := s.payments.Invoice(outside(ctx), payments.InvoiceInput{ID: seen.ID})
	if err != nil {
		return err
	}
	again, err := s.store.Standings(ctx, []id.Checkout{c.Checkout})
	if err != nil || invoice.Version != seen.Version || len(again) != 1 || again[0] != c {
		return err
	}
	wants := c.wants(invoice)
	got, err := s.reservationStates(ctx, []id.Checkout{c.Checkout})
	if err != nil || slices.Contains(wants, got[c.Checkout]) {
		return err
	}
	finding := audit.Finding{
		Check: checkReservation, Subject: c.Checkout.String(), Want: string(wants[0]), Got: string(got[c.Checkout]),
	}
	if in.Repair {
		if err := s.mendReservation(ctx, c, wants[0]); err != nil && !isRefusal(err) {
			return err
		}
		if got, err = s.reservationStates(ctx, []id.Checkout{c.Checkout}); err != nil {
			return err
		}
		finding.Repaired = slices.Contains(wants, got[c.Checkout])
	}
	report.Found(finding)
	return nil
}

// mendReservation does what a settlement or a cancellation does, also for one
// that had been noted as done. What the catalog refuses is left to people.
func (s *Service) mendReservation(ctx context.Context, standing Standing, want catalog.ReservationState) error {
	if want == catalog.StateReturned {
		return s.catalog.Return(outside(ctx), catalog.ReturnInput{Key: standing.Checkout})
	}
	c, found, err := s.store.Checkout(ctx, standing.Checkout)
	if err != nil || !found {
		return err
	}
	if want == catalog.StateReserved {
		_, err := s.decide(ctx, c)
		return err
	}
	c.Settlement = CommitDue
	if want == catalog.StateReleased {
		c.Settlement = ReleaseDue
	}
	if err := s.store.SettleCheckout(ctx, c.ID, c.Settlement, s.clock()); err != nil {
		return err
	}
	done, err := s.settle(ctx, c)
	if err != nil || !done {
		return err
	}
	return s.store.Settled(ctx, []id.Checkout{c.ID})
}
