package payments

import (
	"time"

	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
)

// RefundState is where a refund stands.
type RefundState string

// The states of a refund. pending → succeeded or failed.
const (
	// RefundPending: the provider has not said yet how it ends.
	RefundPending RefundState = "pending"
	// RefundSucceeded: the money went back.
	RefundSucceeded RefundState = "succeeded"
	// RefundFailed: the provider refused; nothing went back.
	RefundFailed RefundState = "failed"
)

// CreditNote is a refund of an invoice, or of a part of it.
type CreditNote struct {
	ID id.CreditNote
	// Number is what people call it, "CN2026-000001": without a gap in its Series.
	// Both are empty until it succeeded.
	Number, Series string
	InvoiceID      id.Invoice
	Amount         money.Amount
	Reason         string
	// OrderID is the order that was cancelled; zero for none.
	OrderID id.Order
	State   RefundState
	// CreatedAt is when it was asked for, UpdatedAt when its state changed last.
	CreatedAt, UpdatedAt time.Time
}

// RefundInput gives money back.
type RefundInput struct {
	Key *idempotency.Key
	ID  id.Invoice
	// Amount is how much; nil: what is left.
	Amount *money.Amount
	// Reason is one line for the credit note; may be empty.
	Reason string
	// OrderID, unless zero, makes a repeat harmless for ever: an order is refunded
	// once. A refund that failed may be asked for again, with another key.
	OrderID id.Order
}

// CheckRefund compares an amount that is to go back with what is left of what was
// paid. Errors: ErrRefundTooMuch; a fault that names the currency.
func CheckRefund(asked, left money.Amount) error {
	if asked.Currency != left.Currency {
		return fault.InvalidField("body.amount.currency", "must be the invoice's: "+string(left.Currency))
	}
	if asked.Minor > left.Minor {
		return ErrRefundTooMuch.With("only %s are left of what was paid", left).
			WithNumber("body.amount.amount", "is more than is left", left.Minor)
	}
	return nil
}

// CreditNotesInput names an invoice.
type CreditNotesInput struct{ InvoiceID id.Invoice }
