package paymentstest

import (
	"context"
	"errors"

	"shop/modules/payments"
	"shop/modules/payments/internal/sandbox"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

// attempt is one attempt to pay. An unknown one was charged: the provider just
// has not said so.
type attempt struct {
	id      id.Payment
	invoice id.Invoice
	method  string
	unknown bool
	refused bool
}

// Pay implements payments.Service.
func (f *Fake) Pay(ctx context.Context, in payments.PayInput) (payments.Invoice, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return payments.Invoice{}, err
	}
	if err := in.Validate(); err != nil {
		return payments.Invoice{}, err
	}
	if err := sandbox.New(sandbox.Options{}).CheckMethod(in.PaymentMethod); err != nil {
		return payments.Invoice{}, payments.ErrUnknownMethod
	}
	payment, err := idempotency.DoMemory(ctx, f.answers, in.Key, "Pay", in, func(ctx context.Context) (id.Payment, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.begin(ctx, in)
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	var a *attempt
	switch {
	case errors.Is(err, errPaying):
		a = f.live(in.ID)
	case err != nil:
		return payments.Invoice{}, err
	default:
		a = f.attempts[payment]
	}
	switch {
	case a == nil: // it has ended since
		return payments.Invoice{}, payments.ErrPaymentInProgress
	case err != nil || in.Key.Replayed():
		f.settle(a)
	}
	switch {
	case a.unknown:
		return payments.Invoice{}, payments.ErrOutcomeUnknown
	case a.refused:
		return payments.Invoice{}, payments.ErrDeclined
	default:
		return own(f.invoices[a.invoice]), nil
	}
}

// errPaying says that another payment of the invoice has no outcome yet.
var errPaying = errors.New("the invoice is being paid")

func (f *Fake) begin(ctx context.Context, in payments.PayInput) (id.Payment, error) {
	v, err := f.visible(ctx, in.ID)
	if err != nil {
		return id.Payment{}, err
	}
	switch v.Status {
	case payments.StatusPaid:
		return id.Payment{}, payments.ErrAlreadyPaid
	case payments.StatusPaying:
		return id.Payment{}, errPaying
	case payments.StatusOpen:
		return f.attempt(v, in.PaymentMethod).id, nil
	default:
		return id.Payment{}, payments.ErrNotPayable
	}
}

// attempt charges an open invoice.
func (f *Fake) attempt(v payments.Invoice, method string) *attempt {
	a := &attempt{id: id.NewPayment(), invoice: v.ID, method: method}
	f.attempts[a.id] = a
	f.change(v.ID, payments.StatusPaying)
	switch method {
	case sandbox.MethodTimeout:
		a.unknown = true
	case sandbox.MethodDeclined:
		a.refused = true
		f.change(v.ID, payments.StatusOpen)
		f.events = append(f.events, payments.PaymentDeclined{InvoiceID: v.ID, UserID: v.UserID, PaymentID: a.id})
	default:
		f.paid(a)
	}
	return a
}

// live is the attempt of an invoice whose outcome is unknown.
func (f *Fake) live(invoice id.Invoice) *attempt {
	for _, a := range f.attempts {
		if a.invoice == invoice && a.unknown {
			return a
		}
	}
	return nil
}

// settle finds out how an attempt ended.
func (f *Fake) settle(a *attempt) {
	if a.unknown {
		a.unknown = false
		f.paid(a)
	}
}

func (f *Fake) paid(a *attempt) {
	v := f.change(a.invoice, payments.StatusPaid)
	f.events = append(f.events, payments.InvoicePaid{InvoiceID: v.ID, UserID: v.UserID, Total: v.Total, PaymentID: a.id, Reference: v.Reference, Number: v.Number})
}

func (f *Fake) change(invoice id.Invoice, to payments.Status) payments.Invoice {
	v := f.invoices[invoice]
	v.Status = to
	v.Version++
	v.UpdatedAt = f.clock()
	switch to {
	case payments.StatusPaid:
		v.PaidAt = v.UpdatedAt
	case payments.StatusVoid:
		v.VoidedAt = v.UpdatedAt
	default:
	}
	f.invoices[invoice] = v
	return v
}

// Resolve does what the module does in the background: it asks about all
// payments and refunds without an outcome, and voids what was not paid in time.
func (f *Fake) Resolve() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.attempts {
		f.settle(a)
	}
	for _, n := range f.notes {
		if n.State == payments.RefundPending {
			f.refunded(n)
		}
	}
	for _, v := range f.invoices {
		if v.Status == payments.StatusOpen && !v.PayUntil.IsZero() && !v.PayUntil.After(f.clock()) {
			f.void(v.ID)
		}
	}
}

// Charges is how often the provider has charged for an invoice.
func (f *Fake) Charges(invoice id.Invoice) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, a := range f.attempts {
		if a.invoice == invoice && !a.refused {
			n++
		}
	}
	return n
}
