package app

import (
	"context"
	"time"

	"shop/modules/users"
	"shop/platform/id"
)

// Hash is the SHA-256 of a secret or of what should not be stored in the clear.
type Hash [32]byte

// Account is a user with what only this module knows.
type Account struct {
	users.User
	// PasswordHash is in the encoded form of argon2, parameters included.
	PasswordHash string
	// PasswordVersion counts new passwords. A session is only started while it is
	// what it was when the password was checked.
	PasswordVersion int64
	// MergedInto is the account that a guest signed in to; zero until he did.
	MergedInto id.User
}

// Session is a session about to be stored.
type Session struct {
	Token     Hash
	ID        id.Session
	UserID    id.User
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Token is a single-use token as it is stored.
type Token struct {
	Hash    Hash
	UserID  id.User
	Purpose users.Purpose
	// EmailKey is the address whose control the token proves.
	EmailKey  string
	ExpiresAt time.Time
}

// Failure is a sign-in that failed.
type Failure struct {
	// Account names the account by the hash of what was typed as its address.
	Account Hash
	// Address is where the attempt came from.
	Address string
	At      time.Time
}

// Store keeps accounts, sessions, tokens and failed attempts. Every method
// joins the transaction of ctx, if there is one.
type Store interface {
	// InTx runs fn in a transaction; it may run more than once.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error

	// InsertAccount adds an account. Errors: users.ErrEmailTaken.
	InsertAccount(ctx context.Context, a Account) error
	// Account reads an account. Errors: users.ErrUserNotFound.
	Account(ctx context.Context, user id.User) (Account, error)
	// AccountByEmail reads the account with that address; guests have none.
	// Errors: users.ErrUserNotFound.
	AccountByEmail(ctx context.Context, emailKey string) (Account, error)
	// LockAccount is Account, and keeps others from changing it until the
	// transaction ends.
	LockAccount(ctx context.Context, user id.User) (Account, error)
	// SaveAccount writes an account that was locked. Errors: users.ErrEmailTaken.
	SaveAccount(ctx context.Context, a Account) error
	// ReplacePasswordHash replaces one hash of a password by another one of the
	// same password; it does nothing when the first is no longer in force.
	ReplacePasswordHash(ctx context.Context, user id.User, old, replacement string) error
	// DeleteAccount removes an account, its sessions and its tokens.
	DeleteAccount(ctx context.Context, user id.User) error
	// MergeGuest marks a guest as merged into an account and says whether it did:
	// not for who is no guest, or was merged before.
	MergeGuest(ctx context.Context, guest, account id.User, at time.Time) (bool, error)
	// DeleteIdleGuests removes up to limit guests who were made before a time and
	// have no session at another one, and names them.
	DeleteIdleGuests(ctx context.Context, madeBefore, now time.Time, limit int) ([]id.User, error)
	// Strays finds what no row should be, at a time.
	Strays(ctx context.Context, at time.Time) (Strays, error)
	// DeleteStrays removes what Strays finds.
	DeleteStrays(ctx context.Context) error
	// ListAccounts lists users, newest first, one more than the page's size.
	ListAccounts(ctx context.Context, q AccountQuery) ([]users.User, error)
	// CountAccounts counts what ListAccounts would list on all pages.
	CountAccounts(ctx context.Context, q AccountQuery) (int64, error)
	// LockAdministrators names the administrators and keeps others from locking,
	// changing or removing any of them until the transaction ends.
	LockAdministrators(ctx context.Context) ([]id.User, error)
	// HasAdministrator says whether there is an administrator.
	HasAdministrator(ctx context.Context) (bool, error)
	// LockAllAccounts keeps others from adding, changing or removing any account
	// until the transaction ends.
	LockAllAccounts(ctx context.Context) error

	// InsertSession starts a session if the user's password is still the one of
	// that version, and says whether it was.
	InsertSession(ctx context.Context, s Session, passwordVersion int64) (bool, error)
	// Session finds a session that lives at a time. Errors: users.ErrSessionEnded.
	Session(ctx context.Context, token Hash, at time.Time) (users.Session, error)
	// ProlongSession moves the end of a session into the future.
	ProlongSession(ctx context.Context, token Hash, until time.Time) error
	// DeleteSession ends a session, if there is such a one.
	DeleteSession(ctx context.Context, token Hash) error
	// DeleteSessions ends a user's sessions but for one.
	DeleteSessions(ctx context.Context, user id.User, except Hash) error

	// PutToken stores a token in the place of the user's earlier one for that
	// purpose. Errors: users.ErrUserNotFound.
	PutToken(ctx context.Context, t Token) error
	// Token finds a token that is valid at a time. Errors: users.ErrTokenInvalid.
	Token(ctx context.Context, token Hash, purpose users.Purpose, at time.Time) (Token, error)
	// TakeToken removes a token and says whether it was there.
	TakeToken(ctx context.Context, token Hash) (bool, error)
	// DeleteTokens voids all tokens of a user.
	DeleteTokens(ctx context.Context, user id.User) error

	// Failures lists the failures from an address since a time, oldest first.
	Failures(ctx context.Context, address string, since time.Time) ([]Failure, error)
	// AddFailure notes a failure.
	AddFailure(ctx context.Context, f Failure) error
	// ForgetFailures forgets the failures of an account, from one address or, if
	// that is empty, from all.
	ForgetFailures(ctx context.Context, account Hash, address string) error

	// Prune removes sessions and tokens that had expired at a time, and failures
	// before another, and returns how many rows.
	Prune(ctx context.Context, expired, failed time.Time) (int64, error)
}

// Strays are the sessions and tokens that nobody should have.
type Strays struct {
	// Sessions, Tokens and Merged are how many sessions, tokens and merged guests
	// were looked at.
	Sessions, Tokens, Merged int64
	// OfNobody are the sessions of users who are gone, OfMerged the living ones of
	// merged guests.
	OfNobody, OfMerged []id.Session
	// TokensOf are users who are gone, or guests, and have tokens.
	TokensOf []id.User
}

// AccountQuery says which accounts to list.
type AccountQuery struct {
	// Text is in lower case; empty for all.
	Text string
	// Role is empty for all but guests.
	Role users.Role
	// Before is the last user of the page before; zero for the first page.
	Before id.User
	// Limit is how many rows to return at most.
	Limit int
}
