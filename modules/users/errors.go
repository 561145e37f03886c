package users

import "shop/platform/fault"

// The failures that a caller can meet.
var (
	// ErrUserNotFound is returned for an account that does not exist or was
	// removed.
	ErrUserNotFound = fault.New(fault.NotFound, "user_not_found", "there is no such user")
	// ErrEmailTaken is returned when another account has the address.
	ErrEmailTaken = fault.New(fault.Conflict, "email_taken", "another account has this e-mail address").WithField("body.email", "is taken")
	// ErrCredentials is returned for a wrong password and an unknown account alike.
	ErrCredentials = fault.New(fault.Unauthenticated, "wrong_credentials", "the e-mail address or the password is wrong")
	// ErrWrongPassword is returned when the current password is missing or wrong.
	ErrWrongPassword = fault.New(fault.Invalid, "wrong_password", "the current password is wrong").WithField("body.current_password", "must be the current password")
	// ErrTooManyAttempts is returned when an account or address has failed too often.
	ErrTooManyAttempts = fault.New(fault.Limited, "too_many_attempts", "too many failed sign-ins; wait before you try again")
	// ErrBusy is returned when more passwords wait to be checked than the
	// process has room for.
	ErrBusy = fault.New(fault.Unavailable, "sign_in_busy", "too many sign-ins at once; try again shortly")
	// ErrSessionEnded is returned for a token that is unknown, expired or ended.
	ErrSessionEnded = fault.New(fault.Unauthenticated, "invalid_token", "the session is unknown or has ended; sign in again")
	// ErrTokenInvalid is returned for a single-use token that is unknown, used,
	// replaced or expired.
	ErrTokenInvalid = fault.New(fault.NotFound, "token_invalid", "this link is unknown, was used already or has expired; ask for a new one")
	// ErrAlreadyVerified is returned when there is nothing to verify.
	ErrAlreadyVerified = fault.New(fault.Conflict, "already_verified", "the e-mail address is verified already")
	// ErrGuest is returned where an account is needed and the user is a guest.
	ErrGuest = fault.New(fault.Forbidden, "guest", "a guest has no account: register first")
	// ErrLastAdministrator is returned when nobody would be left to administer.
	ErrLastAdministrator = fault.New(fault.Conflict, "last_administrator", "the last administrator can be neither removed nor demoted")
)
