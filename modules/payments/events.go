package payments

import (
	"shop/platform/id"
	"shop/platform/money"
)

// Names of the events that this module publishes.
const (
	EventInvoiceCreated    = "payments.invoice_created"
	EventInvoicePaid       = "payments.invoice_paid"
	EventPaymentDeclined   = "payments.payment_declined"
	EventInvoiceVoided     = "payments.invoice_voided"
	EventInvoiceRefunded   = "payments.invoice_refunded"
	EventInvoiceWrittenOff = "payments.invoice_written_off"
)

// InvoiceCreated says that an invoice was opened.
type InvoiceCreated struct {
	InvoiceID id.Invoice   `json:"invoice_id"`
	UserID    id.User      `json:"user_id"`
	Total     money.Amount `json:"total"`
	// Reference and Number are the invoice's.
	Reference string `json:"reference,omitempty"`
	Number    string `json:"number,omitempty"`
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
	// Reference and Number are the invoice's.
	Reference string `json:"reference,omitempty"`
	Number    string `json:"number,omitempty"`
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

// InvoiceVoided says that an invoice was called off: by somebody, or because it
// was not paid in time.
type InvoiceVoided struct {
	InvoiceID id.Invoice `json:"invoice_id"`
	UserID    id.User    `json:"user_id"`
	Reference string     `json:"reference,omitempty"`
}

// EventName implements event.Event.
func (InvoiceVoided) EventName() string { return EventInvoiceVoided }

// EventVersion implements event.Event.
func (InvoiceVoided) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e InvoiceVoided) EventKey() string { return e.InvoiceID.String() }

// InvoiceRefunded says that money of an invoice went back.
type InvoiceRefunded struct {
	InvoiceID    id.Invoice    `json:"invoice_id"`
	UserID       id.User       `json:"user_id"`
	CreditNoteID id.CreditNote `json:"credit_note_id"`
	Amount       money.Amount  `json:"amount"`
	// Remaining is what is left of what was paid.
	Remaining money.Amount `json:"remaining"`
	Reference string       `json:"reference,omitempty"`
}

// EventName implements event.Event.
func (InvoiceRefunded) EventName() string { return EventInvoiceRefunded }

// EventVersion implements event.Event.
func (InvoiceRefunded) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e InvoiceRefunded) EventKey() string { return e.InvoiceID.String() }

// InvoiceWrittenOff says that an invoice was given up.
type InvoiceWrittenOff struct {
	InvoiceID id.Invoice `json:"invoice_id"`
	UserID    id.User    `json:"user_id"`
	Reference string     `json:"reference,omitempty"`
}

// EventName implements event.Event.
func (InvoiceWrittenOff) EventName() string { return EventInvoiceWrittenOff }

// EventVersion implements event.Event.
func (InvoiceWrittenOff) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e InvoiceWrittenOff) EventKey() string { return e.InvoiceID.String() }
