package provider

import "errors"

// Notice is what a provider says by itself about a charge or a refund: that
// something happened, never what to believe. What came of it is asked for.
type Notice struct {
	// ID is the provider's name of the notice: one that comes twice has the same.
	ID string
	// Kind is what happened, in the provider's words.
	Kind string
	// Payment and Refund are the idempotency keys of what it is about; empty where
	// it is about something else.
	Payment, Refund string
}

// Errors of reading a notice.
var (
	// ErrNoNotices: no secret is set with which the provider's notices are signed.
	ErrNoNotices = errors.New("no secret is set for the payment provider's notices")
	// ErrNotSigned: the notice is not the provider's, or too old.
	ErrNotSigned = errors.New("the notice is not signed by the payment provider")
)
