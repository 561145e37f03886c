// Package provider is what the module needs from a company that charges
// customers. Each one is a package of its own beside this one's users; what
// they have in common, and what the use cases rely on, is said here.
package provider

import (
	"context"
	"errors"
	"iter"
	"time"

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
	// there is none so far. An error means that the provider did not answer, or
	// that it has not decided yet (ErrUndecided): ask again.
	Lookup(ctx context.Context, key string) (Charge, bool, error)
	// Refund gives money of a charge back, once for an idempotency key: a repeat
	// returns the refund that was made. What the provider refuses, since less is
	// left of the charge, say, or it knows no such charge, is a refund with the
	// outcome Declined. Errors: ErrUnreachable, after which the provider has
	// certainly refunded nothing in this call. After any other error it may have
	// refunded: LookupRefund tells.
	Refund(ctx context.Context, r RefundRequest) (Refund, error)
	// LookupRefund finds the refund that was made with an idempotency key, like
	// Lookup.
	LookupRefund(ctx context.Context, key string) (Refund, bool, error)
	// Charges are the provider's books: each charge and refund that was asked for
	// at or after since and is decided, in no particular order. It ends after an
	// error.
	Charges(ctx context.Context, since time.Time) iter.Seq2[BookEntry, error]
	// ReadNotice checks the signature of a notice over its body as it came, and
	// reads it. Errors: ErrNoNotices, ErrNotSigned; any other is about a signed
	// notice that cannot be read.
	ReadNotice(body []byte, signature string) (Notice, error)
}

// Errors. After the first two nothing was done in that call.
var (
	// ErrUnknownMethod: the provider does not know the payment method.
	ErrUnknownMethod = errors.New("unknown payment method")
	// ErrUnreachable: the provider could not be asked. Asking again may help.
	ErrUnreachable = errors.New("the payment provider cannot be reached")
	// ErrUndecided: the provider has what it was asked for, and does not know yet
	// how it ends. The outcome is unknown until it says so.
	ErrUndecided = errors.New("the payment provider has not decided yet")
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

// Outcome is how a charge or a refund ended. Both are final.
type Outcome string

// The outcomes.
const (
	Succeeded Outcome = "succeeded"
	Declined  Outcome = "declined"
)
