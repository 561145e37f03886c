package payments

import (
	"shop/platform/id"
	"shop/platform/money"
)

// Names of the events that this module publishes.
const (
	EventInvoiceCreated  = "payments.invoice_created"
	EventInvoicePaid     = "payments.invoice_paid"
	EventPaymentDeclined = "payments.payment_declined"
)

// InvoiceCreated says that an invoice was opened.
type InvoiceCreated struct {
	InvoiceID id.Invoice   `json:"invoice_id"`
	UserID    id.User      `json:"user_id"`
	Total     money.Amount `json:"total"`
}

// EventName implements event.Event.
func (InvoiceCreated) EventName() string { return EventInvoiceCreated }

// EventVersion implements event.Event.
func (InvoiceCreated) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e InvoiceCreated) EventKey() string { return e.InvoiceID.String() }

// InvoicePaid says that an invoice was paid in full.
type InvoicePaid struct {
	InvoiceID id.Invoice   `json:"invoice_id"`
	UserID    id.User      `json:"user_id"`
	Total     money.Amount `json:"total"`
	PaymentID id.Payment   `json:"payment_id"`
}

// EventName implements event.Event.
func (InvoicePaid) EventName() string { return EventInvoicePaid }

// EventVersion implements event.Event.
func (InvoicePaid) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e InvoicePaid) EventKey() string { return e.InvoiceID.String() }

// PaymentDeclined says that the provider refused a charge.
type PaymentDeclined struct {
	InvoiceID id.Invoice `json:"invoice_id"`
	UserID    id.User    `json:"user_id"`
	PaymentID id.Payment `json:"payment_id"`
}

// EventName implements event.Event.
func (PaymentDeclined) EventName() string { return EventPaymentDeclined }

// EventVersion implements event.Event.
func (PaymentDeclined) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e PaymentDeclined) EventKey() string { return e.InvoiceID.String() }
