package users

import "shop/platform/id"

// Names of the events that this module publishes. Payloads carry identifiers,
// never personal data, unless said otherwise.
const (
	EventRegistered             = "users.registered"
	EventChanged                = "users.changed"
	EventMerged                 = "users.merged"
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

// Changed says that an account has a new version: another name, address, role or
// password, or a verified address.
type Changed struct {
	UserID  id.User `json:"user_id"`
	Version int64   `json:"version"`
}

// EventName implements event.Event.
func (Changed) EventName() string { return EventChanged }

// EventVersion implements event.Event.
func (Changed) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e Changed) EventKey() string { return e.UserID.String() }

// Merged says that a guest signed in to an account: whoever keeps things of the
// guest that the account should have gives them to it. There is one for a guest
// at most, and it comes before his Removed.
type Merged struct {
	From id.User `json:"from"`
	To   id.User `json:"to"`
}

// EventName implements event.Event.
func (Merged) EventName() string { return EventMerged }

// EventVersion implements event.Event.
func (Merged) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e Merged) EventKey() string { return e.From.String() }

// Removed says that an account, or a guest, is gone; whoever keeps data of the user removes
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
