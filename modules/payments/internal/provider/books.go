package provider

import (
	"time"

	"shop/platform/id"
	"shop/platform/money"
)

// BookEntry is one charge or refund in the provider's books.
type BookEntry struct {
	// Key is the idempotency key that it was asked for with.
	Key string
	// Reference is the provider's name of it.
	Reference string
	Kind      Kind
	Amount    money.Amount
	Outcome   Outcome
	// Invoice is zero where the books do not say what it was for.
	Invoice id.Invoice
	// At is when it was asked for, by the provider's clock.
	At time.Time
}

// Kind tells money that was taken from money that was given back.
type Kind string

// The kinds.
const (
	KindCharge Kind = "charge"
	KindRefund Kind = "refund"
)
