package app

import (
	"context"
	"time"

	"shop/modules/email"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// Mail is an e-mail as the queue keeps it.
type Mail struct {
	email.Email
	// UserID is whose address it goes to; zero for an address that is no user's.
	UserID id.User
	// Token is what the single-use token is good for that takes the place of the
	// mark in the bodies; empty for none.
	Token users.Purpose
	// Occasion names what called for it, where there may be one only; empty for
	// what may be sent again.
	Occasion string
	// Tries counts the attempts since it was queued, the last time.
	Tries int
}

// Queued is what is recorded of a request that queued an e-mail: nothing
// personal.
type Queued struct {
	ID id.Email
	At time.Time
}

// Once runs what must have its effect once, in a transaction of the store.
type Once interface {
	// Request runs fn once for a key and answers repeats from the record.
	Request(ctx context.Context, key *idempotency.Key, operation string, in any, fn func(context.Context) (Queued, error)) (Queued, error)
	// Event runs fn unless the event was handled before.
	Event(ctx context.Context, e event.Envelope, fn func(context.Context) error) error
}

// Store keeps the e-mails.
type Store interface {
	// Add stores a new e-mail, in the transaction of ctx; added is false when there
	// is one of its occasion already.
	Add(ctx context.Context, m Mail) (added bool, err error)
	// AfterCommit runs fn when the transaction of ctx has committed.
	AfterCommit(ctx context.Context, fn func())
	// Find reads an e-mail and its attempts. Errors: email.ErrEmailNotFound.
	Find(ctx context.Context, mail id.Email) (Mail, error)
	// List reads e-mails, newest first, without bodies and attempts.
	List(ctx context.Context, q Query) ([]email.Email, error)
	// Count counts all matches of a query, wherever its page begins.
	Count(ctx context.Context, q Query) (int64, error)
	// Newest tells when the n-th newest e-mail was made, counted from 1, of one
	// recipient or of all for an empty one; found is false when there are fewer
	// after since.
	Newest(ctx context.Context, recipient string, since time.Time, n int) (at time.Time, found bool, err error)
	// Requeue takes a dead e-mail back to queued; done is false for one that is
	// not dead.
	Requeue(ctx context.Context, mail id.Email, at time.Time) (done bool, err error)
	// RemoveUser deletes all e-mails to a user.
	RemoveUser(ctx context.Context, user id.User) error
	// MoveUser makes the e-mails to one user those to another one.
	MoveUser(ctx context.Context, from, to id.User) error
	// Occasions returns those of the occasions that have an e-mail.
	Occasions(ctx context.Context, occasions []string) ([]string, error)
	// Mentioned reports whether there is an e-mail without occasion to a user, made
	// from a template, whose text has some text in it.
	Mentioned(ctx context.Context, user id.User, template email.Template, text string) (bool, error)
	// Overdue names queued e-mails that should have been tried before a time.
	Overdue(ctx context.Context, before time.Time) ([]id.Email, error)
}

// Query says which e-mails to list, and from where.
type Query struct {
	Status email.Status
	// Recipient is in lower case; empty for all.
	Recipient string
	// Reference is empty for all.
	Reference string
	// After is where the page before ended; nil for the first.
	After *Place
	Limit int
}

// Place is where an e-mail stands in a list.
type Place struct {
	At time.Time
	ID id.Email
}

// Queue hands e-mails to workers. A worker holds one by its name and by a lease
// that the store measures with its own clock, which all replicas share. What a
// worker writes about an e-mail that it no longer holds is not written.
type Queue interface {
	// Due tells when the earliest e-mail that nobody holds is to be tried.
	Due(ctx context.Context) (at time.Time, found bool, err error)
	// Claim gives up to n e-mails that are due at now to holder, oldest first.
	Claim(ctx context.Context, holder string, now time.Time, lease time.Duration, n int) ([]Mail, error)
	// Keep makes the lease of one last anew; kept is false when it was lost or
	// the e-mail is gone.
	Keep(ctx context.Context, holder string, mail id.Email, lease time.Duration) (kept bool, err error)
	// Settle records attempts, one of an e-mail at most, and lets go of the e-mails:
	// all or, with an error, none. What is not in settled was not held any more.
	Settle(ctx context.Context, holder string, outcomes []Outcome) (settled []id.Email, err error)
	// Discard deletes an e-mail that is held.
	Discard(ctx context.Context, holder string, mail id.Email) error
	// Release gives e-mails back untried.
	Release(ctx context.Context, holder string, mails []id.Email) error
}

// Outcome is what an attempt came to.
type Outcome struct {
	ID id.Email
	// At is when the attempt ended.
	At time.Time
	// Error is why it failed; empty when the message was taken.
	Error string
	// Tries counts the attempts since it was queued, with this one.
	Tries int
	// Status is what the e-mail is from now on.
	Status email.Status
	// NextAttemptAt is when a queued one is tried again.
	NextAttemptAt time.Time
	// Event is published with it; nil when the e-mail is tried again.
	Event event.Event
}
