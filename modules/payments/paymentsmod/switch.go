package paymentsmod

import (
	"context"

	"shop/modules/payments"
	"shop/platform/audit"
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

// OpenInvoice implements payments.Service.
func (s *Switch) OpenInvoice(ctx context.Context, in payments.OpenInvoiceInput) (payments.Invoice, error) {
	return flip.Call(ctx, s.route, payments.MethodOpenInvoice, payments.Service.OpenInvoice, in)
}

// Void implements payments.Service.
func (s *Switch) Void(ctx context.Context, in payments.VoidInput) (payments.Invoice, error) {
	return flip.Call(ctx, s.route, payments.MethodVoid, payments.Service.Void, in)
}

// WriteOff implements payments.Service.
func (s *Switch) WriteOff(ctx context.Context, in payments.WriteOffInput) (payments.Invoice, error) {
	return flip.Call(ctx, s.route, payments.MethodWriteOff, payments.Service.WriteOff, in)
}

// Refund implements payments.Service.
func (s *Switch) Refund(ctx context.Context, in payments.RefundInput) (payments.CreditNote, error) {
	return flip.Call(ctx, s.route, payments.MethodRefund, payments.Service.Refund, in)
}

// CreditNotes implements payments.Service.
func (s *Switch) CreditNotes(ctx context.Context, in payments.CreditNotesInput) ([]payments.CreditNote, error) {
	return flip.Call(ctx, s.route, payments.MethodCreditNotes, payments.Service.CreditNotes, in)
}

// Verify implements payments.Service.
func (s *Switch) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return flip.Call(ctx, s.route, payments.MethodVerify, payments.Service.Verify, in)
}

// Document implements payments.Service.
func (s *Switch) Document(ctx context.Context, in payments.DocumentInput) (payments.Document, error) {
	return flip.Call(ctx, s.route, payments.MethodDocument, payments.Service.Document, in)
}
