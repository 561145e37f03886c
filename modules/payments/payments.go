// Package payments is the face of invoices and their payment. Other modules
// hold a Service and never know whether it lives in this process.
package payments

import (
	"context"
	"time"

	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
	"shop/platform/page"
)

// Contract are the versions of this face on the wire.
var Contract = contract.Versions{Newest: 2, Oldest: 1}

// Service is what the payments module does. Every method may also return a
// fault of kind Unavailable or Timeout.
type Service interface {
	// CreateInvoice makes an open invoice and publishes InvoiceCreated.
	// Administrators and services. Safe to repeat with a key. Errors: an invalid
	// field (an unknown user among them).
	CreateInvoice(ctx context.Context, in CreateInvoiceInput) (Invoice, error)
	// Invoice reads an invoice. Its user, administrators and services; for
	// others there is no such invoice. Errors: ErrInvoiceNotFound.
	Invoice(ctx context.Context, in InvoiceInput) (Invoice, error)
	// ListInvoices lists a user's invoices, newest first, without their lines.
	// The user, administrators and services. Errors: page.ErrCursor.
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
}

// The methods and what repeating them does.
var (
	MethodCreateInvoice = contract.Method{Module: "payments", Name: "CreateInvoice", Class: contract.IdempotentWrite}
	MethodInvoice       = contract.Method{Module: "payments", Name: "Invoice", Class: contract.Read}
	MethodListInvoices  = contract.Method{Module: "payments", Name: "ListInvoices", Class: contract.Read}
	MethodPay           = contract.Method{Module: "payments", Name: "Pay", Class: contract.IdempotentWrite}
	MethodWebhook       = contract.Method{Module: "payments", Name: "Webhook", Class: contract.IdempotentWrite}
)

// Status is where an invoice stands.
type Status string

// The states. open → paying → paid, or paying → open again after a decline;
// paying stays while the outcome of a charge is unknown; open → void.
const (
	StatusOpen   Status = "open"
	StatusPaying Status = "paying"
	StatusPaid   Status = "paid"
	StatusVoid   Status = "void"
)

// Limits of an invoice.
const (
	// MaxLines is how many lines an invoice may have.
	MaxLines = 200
	// MaxQuantity is the largest quantity of a line.
	MaxQuantity = 1_000_000
)

// Invoice is what a user owes or has paid. What was sold is a snapshot: later
// changes of products do not touch it.
type Invoice struct {
	ID       id.Invoice
	UserID   id.User
	Currency money.Currency
	Lines    []Line
	Status   Status
	Total    money.Amount
	// PaidAt is when it was paid; zero until then.
	PaidAt time.Time
	// Version counts changes of state, from 1.
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// Line is one position of an invoice.
type Line struct {
	ID id.InvoiceLine
	// ProductID is zero for a line that is no product.
	ProductID   id.Product
	Description string
	Quantity    int64
	UnitPrice   money.Amount
	LineTotal   money.Amount
}

// CreateInvoiceInput is a new invoice: at least one line, all in one currency.
type CreateInvoiceInput struct {
	Key      *idempotency.Key
	UserID   id.User
	Currency money.Currency
	Lines    []LineInput
}

// LineInput is one position of a new invoice. ProductID may be zero.
type LineInput struct {
	ProductID   id.Product
	Description string
	Quantity    int64
	UnitPrice   money.Amount
}

// InvoiceInput names an invoice.
type InvoiceInput struct{ ID id.Invoice }

// ListInvoicesInput says whose invoices, which page.
type ListInvoicesInput struct {
	UserID id.User
	Page   page.Request
}

// PayInput pays an invoice with a method that the provider knows.
type PayInput struct {
	Key           *idempotency.Key
	ID            id.Invoice
	PaymentMethod string
}
