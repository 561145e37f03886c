package users

import "shop/platform/id"

// Names of the events that this module publishes. Payloads carry identifiers,
// never personal data, unless said otherwise.
const (
	EventRegistered             = "users.registered"
	EventRemoved                = "users.removed"
	EventVerificationRequested  = "users.verification_requested"
	EventPasswordResetRequested = "users.password_reset_requested"
)

// Registered says that a customer made an account.
type Registered struct {
	UserID id.User `json:"user_id"`
}

// EventName implements event.Event.
func (Registered) EventName() string { return EventRegistered }

// EventVersion implements event.Event.
func (Registered) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e Registered) EventKey() string { return e.UserID.String() }

// Removed says that an account is gone; whoever keeps data of the user removes
// it too.
type Removed struct {
	UserID id.User `json:"user_id"`
}

// EventName implements event.Event.
func (Removed) EventName() string { return EventRemoved }

// EventVersion implements event.Event.
func (Removed) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e Removed) EventKey() string { return e.UserID.String() }

// VerificationRequested says that a user wants the verification e-mail.
type VerificationRequested struct {
	UserID id.User `json:"user_id"`
}

// EventName implements event.Event.
func (VerificationRequested) EventName() string { return EventVerificationRequested }

// EventVersion implements event.Event.
func (VerificationRequested) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e VerificationRequested) EventKey() string { return e.UserID.String() }

// PasswordResetRequested says that somebody asked for a new password for an
// address. It is published for every request, also when there is no such
// account: so the request takes the same time and does the same writes. It
// carries the address, because only the handler finds out whose it is.
type PasswordResetRequested struct {
	Email string `json:"email"`
}

// EventName implements event.Event.
func (PasswordResetRequested) EventName() string { return EventPasswordResetRequested }

// EventVersion implements event.Event.
func (PasswordResetRequested) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e PasswordResetRequested) EventKey() string { return e.Email }
