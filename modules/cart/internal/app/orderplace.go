package app

import (
	"context"
	"errors"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
)

// receivePaid makes the order of a paid invoice, whoever made that.
func (s *Service) receivePaid(ctx context.Context, e event.Envelope) error {
	paid, err := event.Decode[payments.InvoicePaid](e)
	if err != nil || paid.InvoiceID.IsZero() {
		return fault.InvalidField("body.payload", "must name the paid invoice").WithCause(err)
	}
	invoice, err := s.payments.Invoice(outside(ctx), payments.InvoiceInput{ID: paid.InvoiceID})
	if errors.Is(err, payments.ErrInvoiceNotFound) {
		return fault.InvalidField("body.payload", "must name an invoice that there is").WithCause(err)
	}
	if err != nil {
		return err
	}
	if invoice.PaidAt.IsZero() {
		return fault.InvalidField("body.payload", "must name an invoice that is paid")
	}
	return s.once.Receive(ctx, e, func(ctx context.Context) error { return s.place(ctx, invoice) })
}

// place makes the order of an invoice that was paid, in the transaction of ctx,
// unless it has one.
func (s *Service) place(ctx context.Context, invoice payments.Invoice) error {
	o := orderOf(invoice)
	placed := orderEvent(cart.EventOrderPlaced, o)
	placed.Total = &o.Total
	return s.store.PlaceOrder(ctx, o, s.clock(), placed)
}

// refundedReason is why an order is cancelled whose invoice was refunded in
// full before it was shipped.
const refundedReason = "the invoice was refunded"

// orderOf is the order that a paid invoice becomes. One that was refunded in full
// before its payment was heard of becomes an order that is being cancelled: its
// goods are still to go back.
func orderOf(invoice payments.Invoice) cart.Order {
	o := cart.Order{
		ID: id.NewOrder(), UserID: invoice.UserID, InvoiceID: invoice.ID, CheckoutID: checkoutOf(invoice.Reference),
		Number: invoice.Number, State: cart.OrderPaid, Lines: make([]cart.OrderLine, 0, len(invoice.Lines)),
		Total: invoice.Total, ShipTo: cart.Address(invoice.ShipTo), Version: 1, PaidAt: invoice.PaidAt,
	}
	if invoice.Status == payments.StatusRefunded {
		o.State, o.CancelReason = cart.OrderCancelling, refundedReason
	}
	for _, line := range invoice.Lines {
		if line.Kind == payments.KindDiscount || line.Kind == payments.KindShipping {
			continue
		}
		o.Lines = append(o.Lines, cart.OrderLine{
			ProductID: line.ProductID, Description: line.Description, Quantity: line.Quantity,
		})
	}
	return o
}

// checkoutOf is the checkout that an invoice's reference names; zero when it
// names none.
func checkoutOf(reference string) id.Checkout {
	var checkout id.Checkout
	if err := checkout.UnmarshalText([]byte(reference)); err != nil {
		return id.Checkout{}
	}
	return checkout
}

// receiveRefunded cancels the order of an invoice that was refunded in full
// before it was shipped: nobody is to ship what the buyer got his money back
// for.
func (s *Service) receiveRefunded(ctx context.Context, e event.Envelope) error {
	refunded, err := event.Decode[payments.InvoiceRefunded](e)
	if err != nil || refunded.InvoiceID.IsZero() {
		return fault.InvalidField("body.payload", "must name the refunded invoice").WithCause(err)
	}
	return s.once.Receive(ctx, e, func(ctx context.Context) error {
		if refunded.Remaining.Minor > 0 {
			return nil // recorded as handled: the reconciler asks for each event
		}
		// An order that is made later looks at its invoice itself.
		found, err := s.store.ListOrders(ctx, OrderQuery{InvoiceID: refunded.InvoiceID, Limit: 1})
		if err != nil || len(found) == 0 {
			return err
		}
		now := s.clock()
		_, _, err = s.store.MoveOrder(ctx, OrderMove{
			ID: found[0].ID, From: []cart.OrderState{cart.OrderPaid, cart.OrderPacked}, To: cart.OrderCancelling,
			At: now, Reason: refundedReason, Due: now,
		}, nil)
		return err
	})
}
