package provider

import (
	"shop/platform/id"
	"shop/platform/money"
)

// RefundRequest asks for money of a charge to be given back.
type RefundRequest struct {
	// IdempotencyKey makes a repeat harmless. One key belongs to one refund.
	IdempotencyKey string
	// Charge is the provider's name of the charge: Charge.Reference.
	Charge string
	// Amount is what to give back: all of the charge, or a part.
	Amount money.Amount
	// Invoice is what was paid for; the provider shows it in its books.
	Invoice id.Invoice
}

// Refund is what the provider's books say about one key.
type Refund struct {
	// Reference is the provider's name of the refund.
	Reference string
	Outcome   Outcome
}
