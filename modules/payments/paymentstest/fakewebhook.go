package paymentstest

import (
	"context"
	"errors"

	"shop/modules/payments"
	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/sandbox"
	"shop/platform/id"
)

// WebhookSecret is what webhooks of the sandbox are signed with in the suite.
const WebhookSecret = "whsec_suite"

// Webhook implements payments.Service.
func (f *Fake) Webhook(_ context.Context, in payments.WebhookInput) error {
	if in.Provider != sandbox.Name {
		return payments.ErrNoWebhooks
	}
	notice, err := sandbox.New(sandbox.Options{WebhookSecret: WebhookSecret}).ReadNotice(in.Body, in.Signature)
	switch {
	case errors.Is(err, provider.ErrNotSigned):
		return payments.ErrWebhookSignature
	case err != nil:
		return payments.ErrWebhookUnreadable
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.notices[notice.ID] {
		return nil
	}
	f.notices[notice.ID] = true
	var payment id.Payment
	var a *attempt
	if payment.UnmarshalText([]byte(notice.Payment)) == nil {
		a = f.attempts[payment]
	}
	if a != nil {
		f.settle(a)
	}
	for _, n := range f.notes {
		about := n.ID.String() == notice.Refund || a != nil && n.InvoiceID == a.invoice && notice.Kind == "charge.refunded"
		if about && n.State == payments.RefundPending {
			f.refunded(n)
		}
	}
	return nil
}

// Notices is how many webhooks were kept.
func (f *Fake) Notices() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.notices)
}

// LastPayment is the latest attempt to pay an invoice.
func (f *Fake) LastPayment(invoice id.Invoice) (last id.Payment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for payment, a := range f.attempts {
		if a.invoice == invoice && payment.String() > last.String() {
			last = payment
		}
	}
	return last
}
