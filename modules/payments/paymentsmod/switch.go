package paymentsmod

import (
	"context"

	"shop/modules/payments"
	"shop/platform/flip"
	"shop/platform/page"
)

// Switch is the payments module as other modules hold it: each call goes by
// the route to the implementation in charge.
type Switch struct{ route *flip.Route[payments.Service] }

var _ payments.Service = (*Switch)(nil)

// CreateInvoice implements payments.Service.
func (s *Switch) CreateInvoice(ctx context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	return flip.Call(ctx, s.route, payments.MethodCreateInvoice, payments.Service.CreateInvoice, in)
}

// Invoice implements payments.Service.
func (s *Switch) Invoice(ctx context.Context, in payments.InvoiceInput) (payments.Invoice, error) {
	return flip.Call(ctx, s.route, payments.MethodInvoice, payments.Service.Invoice, in)
}

// ListInvoices implements payments.Service.
func (s *Switch) ListInvoices(ctx context.Context, in payments.ListInvoicesInput) (page.Page[payments.Invoice], error) {
	return flip.Call(ctx, s.route, payments.MethodListInvoices, payments.Service.ListInvoices, in)
}

// Pay implements payments.Service.
func (s *Switch) Pay(ctx context.Context, in payments.PayInput) (payments.Invoice, error) {
	return flip.Call(ctx, s.route, payments.MethodPay, payments.Service.Pay, in)
}

// Webhook implements payments.Service.
func (s *Switch) Webhook(ctx context.Context, in payments.WebhookInput) error {
	return flip.Do(ctx, s.route, payments.MethodWebhook, payments.Service.Webhook, in)
}
