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
	_, err := s.store.PlaceOrder(ctx, o, s.clock(), placed)
	return err
}

// orderOf is the order that a paid invoice becomes.
func orderOf(invoice payments.Invoice) cart.Order {
	o := cart.Order{
		ID: id.NewOrder(), UserID: invoice.UserID, InvoiceID: invoice.ID, State: cart.OrderPaid,
		Lines: make([]cart.OrderLine, 0, len(invoice.Lines)), Total: invoice.Total, Version: 1, PaidAt: invoice.PaidAt,
	}
	for _, line := range invoice.Lines {
		o.Lines = append(o.Lines, cart.OrderLine{
			ProductID: line.ProductID, Description: line.Description, Quantity: line.Quantity,
		})
	}
	return o
}
