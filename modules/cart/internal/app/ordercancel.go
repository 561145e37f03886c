package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/identity"
	"shop/platform/module"
)

// CancelOrder implements cart.Service. Once the order is stored as cancelling
// it will be cancelled, whatever crashes; see carryCancellation for the steps.
func (s *Service) CancelOrder(ctx context.Context, in cart.CancelOrderInput) (cart.Order, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return cart.Order{}, err
	}
	if !isLine(in.Reason) {
		return cart.Order{}, fault.InvalidField("body.reason", lineRule)
	}
	if _, err := s.visibleOrder(ctx, in.ID); err != nil {
		return cart.Order{}, err
	}
	now := s.clock()
	m := OrderMove{
		ID: in.ID, IfVersion: in.IfVersion, From: []cart.OrderState{cart.OrderPaid}, To: cart.OrderCancelling,
		At: now, Reason: in.Reason, Attempts: 1, Due: now.Add(s.settings.Lease),
	}
	if identity.From(ctx).IsPrivileged() {
		m.From = append(m.From, cart.OrderPacked)
	}
	o, moved, err := s.store.MoveOrder(ctx, m, nil)
	switch {
	case err != nil:
		return cart.Order{}, err
	case moved:
		o = s.carryCancellation(ctx, Cancellation{Order: o, Attempts: m.Attempts})
		return shown(ctx, o), nil
	}
	o, err = s.store.Order(ctx, in.ID)
	switch {
	case err != nil:
		return cart.Order{}, err
	case o.State == cart.OrderCancelling || o.State == cart.OrderCancelled:
		return shown(ctx, o), nil
	}
	return cart.Order{}, m.refusal(o)
}

// carryCancellation carries a cancellation that this call has in hand as far as
// it gets: what is left of the invoice is refunded, the goods go back into
// stock, and the order is cancelled. The first two are idempotent by the order's
// and the checkout's identifier, so that carrying it again does no harm, from
// wherever it was interrupted. Whatever goes wrong, a refusal of the payment
// provider too, leaves it to a later attempt: an order that nobody may ship any
// more is never taken up again.
//
// The caller may go away meanwhile: the work ends before the lease does.
func (s *Service) carryCancellation(ctx context.Context, c Cancellation) cart.Order {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.settings.Lease*3/4)
	defer cancel()
	o, err := s.cancel(ctx, c.Order)
	if err == nil {
		s.logger.InfoContext(ctx, "order cancelled", slog.String("order", c.Order.ID.String()), slog.Int64("attempts", c.Attempts))
		return o
	}
	s.logger.WarnContext(ctx, "order not cancelled yet", slog.String("order", c.Order.ID.String()),
		slog.Int64("attempts", c.Attempts), slog.Any("error", err))
	return s.deferCancellation(ctx, c, err)
}

// cancel makes the steps of a cancellation.
func (s *Service) cancel(ctx context.Context, o cart.Order) (cart.Order, error) {
	if err := s.refund(ctx, o); err != nil {
		return cart.Order{}, err
	}
	if err := s.takeBack(ctx, o); err != nil {
		return cart.Order{}, err
	}
	m := OrderMove{
		ID: o.ID, From: []cart.OrderState{cart.OrderCancelling}, To: cart.OrderCancelled, At: s.clock(),
	}
	ended, moved, err := s.store.MoveOrder(ctx, m, orderEvent(cart.EventOrderCancelled, o))
	if err != nil || moved {
		return ended, err
	}
	return s.store.Order(ctx, o.ID) // somebody else was faster
}

// refund gives back what is left of an order's invoice. The order is what makes
// a repeat harmless, and not a key: what a provider refused once, a key would
// repeat for a day.
func (s *Service) refund(ctx context.Context, o cart.Order) error {
	invoice, err := s.payments.Invoice(outside(ctx), payments.InvoiceInput{ID: o.InvoiceID})
	if err != nil {
		return fmt.Errorf("read the invoice of the order: %w", err)
	}
	if invoice.Refunded.Minor >= invoice.Total.Minor {
		return nil
	}
	note, err := s.payments.Refund(outside(ctx), payments.RefundInput{ID: o.InvoiceID, Reason: o.CancelReason, OrderID: o.ID})
	switch {
	case err != nil:
		return fmt.Errorf("refund the invoice of the order: %w", err)
	case note.State != payments.RefundSucceeded:
		return errRefundPending
	}
	return nil
}

// errRefundPending is what a cancellation waits for.
var errRefundPending = fault.New(fault.Unavailable, "refund_pending", "the payment provider has not said yet how the refund ends")

// takeBack puts the goods of an order back into stock, as far as its checkout
// has taken them out.
func (s *Service) takeBack(ctx context.Context, o cart.Order) error {
	if o.CheckoutID.IsZero() {
		return nil
	}
	// So that the worker does not sell them afterwards.
	if err := s.settleNow(ctx, o.CheckoutID); err != nil {
		return fmt.Errorf("settle the checkout of the order: %w", err)
	}
	if err := s.catalog.Return(outside(ctx), catalog.ReturnInput{Key: o.CheckoutID}); err != nil {
		return fmt.Errorf("return the goods of the order: %w", err)
	}
	return nil
}

// deferCancellation lets go of a cancellation that could not be ended, and
// returns the order as it is then.
func (s *Service) deferCancellation(ctx context.Context, c Cancellation, met error) cart.Order {
	// The time to carry it may be what ran out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGoTimeout)
	defer cancel()
	now := s.clock()
	told := fault.From(met)
	err := s.store.DeferCancellation(ctx, c, now, now.Add(pause(c.Attempts, maxCancelPause)), told.Code+": "+told.Message)
	if err != nil {
		s.logger.WarnContext(ctx, "cancellation not put off", slog.String("order", c.Order.ID.String()), slog.Any("error", err))
		return c.Order
	}
	if o, err := s.store.Order(ctx, c.Order.ID); err == nil {
		return o
	}
	return c.Order
}

// maxCancelPause bounds the time between two attempts: the provider may refuse a
// refund for as long as nobody has seen to it.
const maxCancelPause = 15 * time.Minute

// cancelDue carries on the cancellations that are due, each once.
func (s *Service) cancelDue(ctx context.Context) error {
	due, err := s.store.DueCancellations(ctx, s.clock(), resumeBatch)
	if err != nil {
		return err
	}
	return module.Each(ctx, resumeAtOnce, due, s.resumeCancellation)
}

func (s *Service) resumeCancellation(ctx context.Context, c Cancellation) error {
	claimed, err := s.store.ClaimCancellation(ctx, c, s.clock().Add(s.settings.Lease))
	if err != nil || !claimed {
		return err
	}
	c.Attempts++
	s.carryCancellation(ctx, c)
	return nil
}
