package app

import (
	"context"
	"errors"
	"time"

	"shop/modules/payments"
	"shop/platform/event/outbox"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/money"
)

// Store keeps invoices and the attempts to pay them. Errors are the face's, or
// internal ones.
type Store interface {
	Webhooks

	// InTx runs fn in a transaction that the other methods join by its context.
	InTx(ctx context.Context, fn func(context.Context) error) error

	// InsertInvoice adds an invoice, its lines, and the event about it, if there
	// is one, completed with the number; it returns the number and its series,
	// both empty for a draft. With a guard it is one statement; an error then may
	// mean that the request has been made before. Errors: ErrReferenceTaken.
	InsertInvoice(ctx context.Context, invoice payments.Invoice, created outbox.Entry, guard *sqlstore.Guard) (Numbered, error)
	// Invoice reads an invoice with its lines. Errors:
	// payments.ErrInvoiceNotFound.
	Invoice(ctx context.Context, invoice id.Invoice) (payments.Invoice, error)
	// InvoiceOf reads the invoice with a reference. Errors:
	// payments.ErrInvoiceNotFound.
	InvoiceOf(ctx context.Context, reference string) (payments.Invoice, error)
	// ListInvoices reads up to limit invoices, newest first, without their lines;
	// before, unless zero, is where the page before ended.
	ListInvoices(ctx context.Context, which payments.ListInvoicesInput, before id.Invoice, limit int) ([]payments.Invoice, error)
	// CountInvoices counts them.
	CountInvoices(ctx context.Context, which payments.ListInvoicesInput) (int64, error)
	// Move turns an invoice from one of the states to another and returns it as it
	// is then; false when it is in none of them.
	Move(ctx context.Context, m Move) (payments.Invoice, bool, error)
	// VoidOverdue voids up to limit open invoices that were to be paid until now,
	// and returns them without their lines.
	VoidOverdue(ctx context.Context, now time.Time, limit int) ([]payments.Invoice, error)

	// Begin turns an invoice from open to paying and adds the pending attempt, to
	// which it gives the invoice's user and total; false when the invoice is not
	// open, or not owner's. The zero owner is anybody. With a guard, false may
	// also mean that the request has been made before.
	Begin(ctx context.Context, attempt Attempt, owner id.User, guard *sqlstore.Guard) (Attempt, bool, error)
	// Revive turns a failed attempt to pending again and its invoice from open to
	// paying; false when either is not so.
	Revive(ctx context.Context, attempt Attempt, at time.Time) (bool, error)
	// Conclude gives a pending or unknown attempt its final state: with Succeeded
	// the invoice becomes paid, else open again. It adds the event about it, if
	// there is one, and returns the invoice as it is then; false when the attempt
	// has a final state already.
	Conclude(ctx context.Context, c Conclusion, told outbox.Entry) (payments.Invoice, bool, error)
	// SetUnknown notes that the outcome is unknown and when to ask again. An
	// attempt that has a final state keeps it.
	SetUnknown(ctx context.Context, payment id.Payment, at, due time.Time) error

	// Attempt reads an attempt.
	Attempt(ctx context.Context, payment id.Payment) (Attempt, error)
	// LiveAttempt reads the attempt of an invoice that is pending or unknown;
	// false when there is none.
	LiveAttempt(ctx context.Context, invoice id.Invoice) (Attempt, bool, error)
	// DueAttempts reads up to limit attempts with a provider that are pending or
	// unknown, and due.
	DueAttempts(ctx context.Context, provider string, now time.Time, limit int) ([]Attempt, error)
	// Claim takes an attempt in hand whose outcome is unknown, or which is pending
	// and due: it counts one more claim and puts off when it is due. False when
	// somebody else has claimed or concluded it since it was read.
	Claim(ctx context.Context, attempt Attempt, at, due time.Time) (bool, error)

	Refunds
	Auditing
}

// Numbered is the number of a document in its series.
type Numbered struct{ Series, Number string }

// Move is a change of an invoice's state.
type Move struct {
	Invoice id.Invoice
	From    []payments.Status
	To      payments.Status
	At      time.Time
	// Series is where a draft that is opened gets its number.
	Series string
}

// ErrReferenceTaken is returned by a store that has the reference already.
var ErrReferenceTaken = errors.New("there is an invoice with this reference")

// Attempt is one attempt to pay an invoice.
type Attempt struct {
	// ID is the provider's idempotency key, too.
	ID        id.Payment
	InvoiceID id.Invoice
	// UserID, Reference and Number are those of the invoice.
	UserID    id.User
	Reference string
	Number    string
	Provider  string
	Method    string
	Amount    money.Amount
	State     State
	// Claims counts who took the attempt in hand, from 1. It tells them apart:
	// whoever was overtaken must not say that nothing was charged.
	Claims int64
	// DueAt is when the provider is asked what came of it, unless it is known.
	DueAt     time.Time
	CreatedAt time.Time
}

// State is where an attempt stands.
type State string

// The states. pending → unknown, succeeded, declined or failed; unknown →
// succeeded, declined or failed; failed → pending.
const (
	// Pending: somebody is asking the provider, or died while asking.
	Pending State = "pending"
	// Unknown: the provider did not answer; it may have charged.
	Unknown State = "unknown"
	// Succeeded: the provider charged.
	Succeeded State = "succeeded"
	// Declined: the provider refused, and will refuse again.
	Declined State = "declined"
	// Failed: the provider was not reached; it has certainly not charged.
	Failed State = "failed"
)

// final reports whether a provider has said, or certainly has not been asked.
func (s State) final() bool { return s != Pending && s != Unknown }

// Conclusion is the end of an attempt.
type Conclusion struct {
	Payment   id.Payment
	State     State
	Reference string
	At        time.Time
	// Claims is the claim that concludes. That nothing was charged can only be
	// said while nobody else has taken the attempt in hand.
	Claims int64
}
