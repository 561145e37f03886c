// Package provider is what the module needs from a company that charges
// customers. Each one is a package of its own beside this one's users; what
// they have in common, and what the use cases rely on, is said here.
package provider

import (
	"context"
	"errors"

	"shop/platform/id"
	"shop/platform/money"
)

// Provider charges customers. It is outside of the shop: it keeps books of its
// own, takes its time, and may do what it was asked without ever saying so.
// Implementations are safe for concurrent use.
type Provider interface {
	// Name is the provider's stable name; it is stored with each payment.
	Name() string
	// CheckMethod tells, without asking the provider, that a payment method
	// cannot be one of its own. Errors: ErrUnknownMethod.
	CheckMethod(method string) error
	// Charge takes the money, once for an idempotency key: a repeat returns the
	// charge that was made. A refusal by the customer's bank is a charge with the
	// outcome Declined. Errors: ErrUnknownMethod and ErrUnreachable, after both
	// of which the provider has certainly not charged in this call. After any
	// other error, such as the context's, it may have charged: Lookup tells.
	Charge(ctx context.Context, r ChargeRequest) (Charge, error)
	// Lookup finds the charge that was made with an idempotency key; false when
	// there is none so far. An error means that the provider did not answer.
	Lookup(ctx context.Context, key string) (Charge, bool, error)
}

// Errors of Charge after which nothing was charged in that call.
var (
	// ErrUnknownMethod: the provider does not know the payment method.
	ErrUnknownMethod = errors.New("unknown payment method")
	// ErrUnreachable: the provider could not be asked. Asking again may help.
	ErrUnreachable = errors.New("the payment provider cannot be reached")
)

// ChargeRequest asks for a charge.
type ChargeRequest struct {
	// IdempotencyKey makes a repeat harmless. One key belongs to one payment.
	IdempotencyKey string
	// Amount is what to take.
	Amount money.Amount
	// Method is the customer's payment method, as the provider names it.
	Method string
	// Invoice is what is paid for; the provider shows it in its books.
	Invoice id.Invoice
}

// Charge is what the provider's books say about one key.
type Charge struct {
	// Reference is the provider's name of the charge.
	Reference string
	Outcome   Outcome
}

// Outcome is how a charge ended. Both are final.
type Outcome string

// The outcomes.
const (
	Succeeded Outcome = "succeeded"
	Declined  Outcome = "declined"
)
