// Package payments is the face of invoices, their payment and what goes back of
// it. Other modules hold a Service and never know whether it lives in this
// process.
package payments

import (
	"context"

	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/page"
)

// Contract are the versions of this face on the wire.
var Contract = contract.Versions{Newest: 2, Oldest: 1}

// Service is what the payments module does. Every method may also return a
// fault of kind Unavailable or Timeout.
type Service interface {
	// CreateInvoice makes an open invoice, numbers it and publishes
	// InvoiceCreated; with Draft it makes a draft, of which nobody hears.
	// Administrators and services. Safe to repeat with a key, and for ever with a
	// reference. Errors: an invalid field (an unknown user among them),
	// ErrReferenceTaken.
	CreateInvoice(ctx context.Context, in CreateInvoiceInput) (Invoice, error)
	// OpenInvoice opens a draft: it gets its number, and InvoiceCreated is
	// published. Administrators and services. Opening an open invoice again
	// changes nothing. Errors: ErrInvoiceNotFound, ErrNotDraft.
	OpenInvoice(ctx context.Context, in OpenInvoiceInput) (Invoice, error)
	// Invoice reads an invoice. Its user, administrators and services; for
	// others there is no such invoice. Errors: ErrInvoiceNotFound.
	Invoice(ctx context.Context, in InvoiceInput) (Invoice, error)
	// ListInvoices lists invoices, newest first, without their lines: a user's,
	// for the user, administrators and services; everybody's, without a user, for
	// administrators and services. Errors: page.ErrCursor, an invalid field.
	ListInvoices(ctx context.Context, in ListInvoicesInput) (page.Page[Invoice], error)
	// Pay pays an invoice through the configured provider and publishes
	// InvoicePaid. The invoice's user, administrators and services. However
	// often and from however many clients at once it is called, an invoice is
	// charged once. Safe to repeat with a key. Errors: ErrInvoiceNotFound,
	// ErrAlreadyPaid, ErrNotPayable, ErrPaymentInProgress, ErrDeclined,
	// ErrProviderUnavailable, ErrOutcomeUnknown, an invalid field.
	Pay(ctx context.Context, in PayInput) (Invoice, error)
	// Webhook takes what the payment provider says by itself, and returns once it
	// is kept; it is acted on afterwards. Anybody: its signature lets it in. Safe
	// to repeat, and in any order, since it is never believed: it makes the shop
	// ask. Errors: ErrNoWebhooks, ErrWebhookSignature, ErrWebhookUnreadable.
	Webhook(ctx context.Context, in WebhookInput) error
	// Void calls off an open invoice or a draft and publishes InvoiceVoided.
	// Administrators and services. Voiding a void invoice changes nothing. Errors:
	// ErrInvoiceNotFound, ErrPaymentInProgress, ErrNotVoidable.
	Void(ctx context.Context, in VoidInput) (Invoice, error)
	// WriteOff gives an open invoice up as uncollectible and publishes
	// InvoiceWrittenOff. Administrators and services. Writing it off again changes
	// nothing. Errors: ErrInvoiceNotFound, ErrPaymentInProgress, ErrNotCollectible.
	WriteOff(ctx context.Context, in WriteOffInput) (Invoice, error)
	// Refund gives money of a paid invoice back and publishes InvoiceRefunded
	// when it went. Administrators and services. However many ask at once, no more
	// goes back than was paid. A credit note that is still pending is no failure:
	// the shop asks the provider until it knows, and a repeat tells how it stands.
	// Safe to repeat with a key, and for ever with an order. Errors:
	// ErrInvoiceNotFound, ErrNotRefundable, ErrNothingToRefund, ErrRefundTooMuch,
	// ErrRefundRefused, an invalid field.
	Refund(ctx context.Context, in RefundInput) (CreditNote, error)
	// CreditNotes lists an invoice's refunds, oldest first. Its user,
	// administrators and services. Errors: ErrInvoiceNotFound.
	CreditNotes(ctx context.Context, in CreditNotesInput) ([]CreditNote, error)
	// Document prints an invoice, or a credit note whose money went back. The
	// invoice's user, administrators and services. Errors: ErrInvoiceNotFound,
	// ErrCreditNoteNotFound, an invalid field.
	Document(ctx context.Context, in DocumentInput) (Document, error)
	// Verify compares ledger, invoices, numbers, refunds and the provider's books.
	// To repair is to ask the provider about what has no outcome. Administrators
	// and services.
	Verify(ctx context.Context, in audit.Input) (audit.Report, error)
}

// The methods and what repeating them does.
var (
	MethodCreateInvoice = contract.Method{Module: "payments", Name: "CreateInvoice", Class: contract.IdempotentWrite}
	MethodOpenInvoice   = contract.Method{Module: "payments", Name: "OpenInvoice", Class: contract.IdempotentWrite}
	MethodInvoice       = contract.Method{Module: "payments", Name: "Invoice", Class: contract.Read}
	MethodListInvoices  = contract.Method{Module: "payments", Name: "ListInvoices", Class: contract.Read}
	MethodPay           = contract.Method{Module: "payments", Name: "Pay", Class: contract.IdempotentWrite}
	MethodWebhook       = contract.Method{Module: "payments", Name: "Webhook", Class: contract.IdempotentWrite}
	MethodVoid          = contract.Method{Module: "payments", Name: "Void", Class: contract.IdempotentWrite}
	MethodWriteOff      = contract.Method{Module: "payments", Name: "WriteOff", Class: contract.IdempotentWrite}
	MethodRefund        = contract.Method{Module: "payments", Name: "Refund", Class: contract.IdempotentWrite}
	MethodCreditNotes   = contract.Method{Module: "payments", Name: "CreditNotes", Class: contract.Read}
	MethodDocument      = contract.Method{Module: "payments", Name: "Document", Class: contract.Read}
	MethodVerify        = contract.Method{Module: "payments", Name: "Verify", Class: contract.Write}
)
