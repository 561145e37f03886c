package email

import "shop/platform/fault"

// The failures that a caller can meet.
var (
	// ErrEmailNotFound is returned for an e-mail that does not exist.
	ErrEmailNotFound = fault.New(fault.NotFound, "email_not_found", "there is no such e-mail")
	// ErrNoUser is returned when a service writes to an address that is no user's.
	ErrNoUser = fault.New(fault.Forbidden, "recipient_unknown", "only an administrator may write to an address that is no user's").WithField("body.to", "is no user's address")
	// ErrTooMany is returned when the recipient or the shop has had its share of
	// e-mails for this hour.
	ErrTooMany = fault.New(fault.Limited, "email_limit", "too many e-mails within the hour")
	// ErrUnknownTemplate is returned for a template that does not exist.
	ErrUnknownTemplate = fault.New(fault.Invalid, "unknown_template", "there is no such template").WithField("body.template", "is not the name of a template")
	// ErrNotDead is returned when a retry is asked for an e-mail that is queued
	// or sent.
	ErrNotDead = fault.New(fault.Conflict, "email_not_dead", "only an e-mail whose delivery was given up can be queued again")
)
