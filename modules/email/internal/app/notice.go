package app

import (
	"context"
	"errors"

	"shop/modules/cart"
	"shop/modules/email"
	"shop/modules/email/internal/letter"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/money"
)

// notice is a message about an invoice, or about the order that became of it,
// that must be there once.
type notice struct {
	template email.Template
	invoice  id.Invoice
	owner    id.User
	// subject identifies what it is about: the invoice, the order or the refund.
	subject string
	// about is what the invoice does not say.
	about letter.About
}

// occasion tells the notice from all others.
func (n notice) occasion() string { return string(n.template) + " " + n.subject }

// receiptOf is the notice that an invoice was paid.
func receiptOf(invoice id.Invoice, owner id.User) notice {
	return notice{template: email.TemplateReceipt, invoice: invoice, owner: owner, subject: invoice.String()}
}

// refundOf is the notice that money went back.
func refundOf(invoice id.Invoice, owner id.User, note id.CreditNote, amount money.Amount) notice {
	return notice{
		template: email.TemplateRefund, invoice: invoice, owner: owner, subject: note.String(),
		about: letter.About{Amount: amount},
	}
}

// orderTemplates are the templates by the events of orders.
var orderTemplates = map[string]email.Template{
	cart.EventOrderPacked:    email.TemplateOrderPacked,
	cart.EventOrderShipped:   email.TemplateOrderShipped,
	cart.EventOrderDelivered: email.TemplateOrderDelivered,
	cart.EventOrderCancelled: email.TemplateOrderCancelled,
}

// noticeOf is what an event calls for.
func noticeOf(e event.Envelope) (notice, error) {
	if template, ok := orderTemplates[e.Name]; ok {
		p, err := decode[cart.OrderEvent](e)
		return notice{
			template: template, invoice: p.InvoiceID, owner: p.UserID, subject: p.OrderID.String(),
			about: letter.About{Carrier: p.Carrier, Tracking: p.Tracking},
		}, err
	}
	switch e.Name {
	case payments.EventInvoiceCreated:
		p, err := decode[payments.InvoiceCreated](e)
		return notice{template: email.TemplateInvoice, invoice: p.InvoiceID, owner: p.UserID, subject: p.InvoiceID.String()}, err
	case payments.EventInvoicePaid:
		p, err := decode[payments.InvoicePaid](e)
		return receiptOf(p.InvoiceID, p.UserID), err
	case payments.EventInvoiceVoided:
		p, err := decode[payments.InvoiceVoided](e)
		return notice{template: email.TemplateInvoiceVoided, invoice: p.InvoiceID, owner: p.UserID, subject: p.InvoiceID.String()}, err
	case payments.EventInvoiceRefunded:
		p, err := decode[payments.InvoiceRefunded](e)
		return refundOf(p.InvoiceID, p.UserID, p.CreditNoteID, p.Amount), err
	default:
		return notice{}, fault.InvalidField("body.name", "is no event that the e-mail module acts on")
	}
}

// notify is the effect of a notice; nil when there is nobody to tell.
func (s *Service) notify(ctx context.Context, n notice) (effect, error) {
	user, _, err := s.user(ctx, n.owner)
	if err != nil {
		return nil, err
	}
	invoice, err := s.Payments.Invoice(ctx, payments.InvoiceInput{ID: n.invoice})
	if err != nil {
		return nil, err
	}
	// The buyer as he was when he bought. An invoice of before there were buyers
	// goes to its user; a guest who left no address gets nothing.
	to, name := invoice.Buyer.Email, invoice.Buyer.Name
	if to == "" {
		to, name = user.Email, user.Name
	}
	voidedDraft := n.template == email.TemplateInvoiceVoided && invoice.Number == "" // nobody knew of it
	if to == "" || voidedDraft {
		return nil, nil //nolint:nilnil // nobody to tell
	}
	n.about.Name, n.about.Invoice = name, invoice
	// Without its user, who may be gone, it belongs to nobody and is sent all the
	// same: what he bought is still his.
	mail, err := s.billing(user, to, n.template, n.about)
	if err != nil {
		return nil, err
	}
	mail.Occasion = n.occasion()
	return s.queue(mail), nil
}

// user reads an account; found is false for one that was removed meanwhile.
func (s *Service) user(ctx context.Context, named id.User) (user users.User, found bool, err error) {
	user, err = s.Users.User(ctx, users.UserInput{ID: named})
	if errors.Is(err, users.ErrUserNotFound) {
		return users.User{}, false, nil
	}
	return user, err == nil, err
}
