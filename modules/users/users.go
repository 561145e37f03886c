// Package users is the face of accounts: who the customers and administrators
// are, and their sessions. Other modules hold a Service and never know whether
// it lives in this process.
package users

import (
	"context"
	"time"

	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/page"
)

// Contract are the versions of this face on the wire.
var Contract = contract.Versions{Newest: 2, Oldest: 1}

// Service is what the users module does. Every method may also return a fault
// of kind Unavailable or Timeout.
type Service interface {
	// Register makes a customer's account and publishes Registered. Everybody. A
	// guest becomes that account himself: same identifier, so that cart, invoices
	// and orders stay his, and the session that asks stays, too. Safe to repeat
	// with a key. Errors: ErrEmailTaken, ErrBusy, an invalid field.
	Register(ctx context.Context, in RegisterInput) (id.User, error)
	// CreateAdministrator makes an administrator's account, verified. Services
	// (the command line) only. Errors: ErrEmailTaken, ErrBusy, an invalid field.
	CreateAdministrator(ctx context.Context, in CreateAdministratorInput) (id.User, error)
	// User reads an account. The user, administrators and services. Errors:
	// ErrUserNotFound.
	User(ctx context.Context, in UserInput) (User, error)
	// FindUser reads the account that has an e-mail address. Services only.
	// Errors: ErrUserNotFound.
	FindUser(ctx context.Context, in FindUserInput) (User, error)
	// ListUsers lists accounts, newest first; guests only when their role is asked
	// for. Administrators and services. Errors: page.ErrCursor.
	ListUsers(ctx context.Context, in ListUsersInput) (page.Page[User], error)
	// UpdateUser changes what the input names. A new password needs the current
	// one and ends the other sessions; a new address must be verified again. The
	// user, administrators and services; only the latter two change the role.
	// Publishes Changed when there is a new version. Errors: ErrUserNotFound,
	// ErrGuest, ErrEmailTaken, ErrWrongPassword, ErrTooManyAttempts, ErrBusy,
	// ErrLastAdministrator, fault.ErrPrecondition, an invalid field.
	UpdateUser(ctx context.Context, in UpdateUserInput) (User, error)
	// RemoveUser removes an account: its personal data is gone, its sessions are
	// ended, its identifier is never used again. The user, administrators and
	// services. Errors: ErrUserNotFound, ErrLastAdministrator,
	// fault.ErrPrecondition.
	RemoveUser(ctx context.Context, in RemoveUserInput) error

	// SignIn starts a session. Everybody. Wrong password and unknown account
	// take the same time and get the same answer. A guest who signs in is merged
	// into the account, once: Merged is published and the guest's sessions end.
	// Errors: ErrCredentials, ErrTooManyAttempts, ErrBusy.
	SignIn(ctx context.Context, in SignInInput) (NewSession, error)
	// SignInGuest starts a session of a new guest: a user without address and
	// password, who may have a cart, check out, and see his invoices and orders.
	// A guest without a session is removed after a while. Everybody. A repeat
	// makes another guest.
	SignInGuest(ctx context.Context, in SignInGuestInput) (NewSession, error)
	// Authenticate says whose session a token is, and prolongs the session.
	// Everybody: the token is the proof. That a session has ended, or its user has
	// another role, is seen at once by whoever changed it, and everywhere within a
	// second. Errors: ErrSessionEnded.
	Authenticate(ctx context.Context, in AuthenticateInput) (Session, error)
	// SignOut ends the session of a token; one that has ended already is fine.
	// Everybody: the token is the proof.
	SignOut(ctx context.Context, in SignOutInput) error
	// EndSessions ends all sessions of a user. The user, administrators and
	// services.
	EndSessions(ctx context.Context, in EndSessionsInput) error

	// RequestVerification publishes VerificationRequested, whereupon an e-mail
	// with a single-use link is sent. The user, administrators and services.
	// Errors: ErrUserNotFound, ErrGuest, ErrAlreadyVerified.
	RequestVerification(ctx context.Context, in RequestVerificationInput) error
	// Verify redeems the token of a verification e-mail and publishes Changed.
	// Everybody: the token is the proof. Errors: ErrTokenInvalid.
	Verify(ctx context.Context, in VerifyInput) (User, error)
	// RequestPasswordReset publishes PasswordResetRequested. Everybody; the
	// answer does not tell whether there is such an account.
	RequestPasswordReset(ctx context.Context, in RequestPasswordResetInput) error
	// ResetPassword redeems the token of a reset e-mail: sets the password, ends
	// all sessions, verifies the address that the e-mail went to, and publishes
	// Changed. Everybody: the token is the proof. Errors: ErrTokenInvalid, ErrBusy,
	// an invalid field.
	ResetPassword(ctx context.Context, in ResetPasswordInput) error
	// IssueToken makes the single-use token that an e-mail carries; earlier ones
	// for the same purpose are void. Services only. Errors: ErrUserNotFound,
	// ErrGuest.
	IssueToken(ctx context.Context, in IssueTokenInput) (Token, error)

	// Audit looks for sessions and tokens of users who are gone, and for living
	// sessions of guests who were merged; it can remove them. It is what Verify is
	// in other modules. Administrators and services.
	Audit(ctx context.Context, in audit.Input) (audit.Report, error)
}

// The methods and what repeating them does.
var (
	MethodRegister             = contract.Method{Module: "users", Name: "Register", Class: contract.IdempotentWrite}
	MethodCreateAdministrator  = contract.Method{Module: "users", Name: "CreateAdministrator", Class: contract.Write}
	MethodUser                 = contract.Method{Module: "users", Name: "User", Class: contract.Read}
	MethodFindUser             = contract.Method{Module: "users", Name: "FindUser", Class: contract.Read}
	MethodListUsers            = contract.Method{Module: "users", Name: "ListUsers", Class: contract.Read}
	MethodUpdateUser           = contract.Method{Module: "users", Name: "UpdateUser", Class: contract.Write}
	MethodRemoveUser           = contract.Method{Module: "users", Name: "RemoveUser", Class: contract.Write}
	MethodSignIn               = contract.Method{Module: "users", Name: "SignIn", Class: contract.Write}
	MethodSignInGuest          = contract.Method{Module: "users", Name: "SignInGuest", Class: contract.Write}
	MethodAuthenticate         = contract.Method{Module: "users", Name: "Authenticate", Class: contract.Read}
	MethodSignOut              = contract.Method{Module: "users", Name: "SignOut", Class: contract.IdempotentWrite}
	MethodEndSessions          = contract.Method{Module: "users", Name: "EndSessions", Class: contract.IdempotentWrite}
	MethodRequestVerification  = contract.Method{Module: "users", Name: "RequestVerification", Class: contract.Write}
	MethodVerify               = contract.Method{Module: "users", Name: "Verify", Class: contract.Write}
	MethodRequestPasswordReset = contract.Method{Module: "users", Name: "RequestPasswordReset", Class: contract.Write}
	MethodResetPassword        = contract.Method{Module: "users", Name: "ResetPassword", Class: contract.Write}
	MethodIssueToken           = contract.Method{Module: "users", Name: "IssueToken", Class: contract.Write}
	MethodAudit                = contract.Method{Module: "users", Name: "Audit", Class: contract.Write}
)

// Role says what a user may do.
type Role string

// The roles.
const (
	RoleCustomer      Role = "customer"
	RoleAdministrator Role = "administrator"
	// RoleGuest is a visitor's with a session and without an account. It is
	// neither given nor taken by a change.
	RoleGuest Role = "guest"
)

// User is an account, or a guest: then Email and Name are empty. It never
// contains the password.
type User struct {
	ID       id.User
	Email    string
	Name     string
	Role     Role
	Verified bool
	// Version counts changes, from 1.
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// RegisterInput is a new account; Email, Password and Name are required.
type RegisterInput struct {
	Key      *idempotency.Key
	Email    string
	Password string
	Name     string
	// Guest is the token of the session of the guest who becomes the account.
	// Empty, or any other text, makes an account of its own.
	Guest string
}

// CreateAdministratorInput is a new administrator.
type CreateAdministratorInput struct {
	Email    string
	Password string
	Name     string
	// OnlyFirst does nothing, and returns the zero identifier, when there is an
	// administrator already.
	OnlyFirst bool
}

// UserInput names a user.
type UserInput struct{ ID id.User }

// FindUserInput names an e-mail address, compared without regard to case.
type FindUserInput struct{ Email string }

// ListUsersInput says which users, which page.
type ListUsersInput struct {
	Page page.Request
	// Query keeps users whose name or address contains it; empty all.
	Query string
	// Role keeps one role; empty all but guests.
	Role Role
}

// UpdateUserInput changes the fields that are not nil.
type UpdateUserInput struct {
	ID id.User
	// IfVersion makes the change only while the account is at that version; 0
	// whatever its version.
	IfVersion int64
	Email     *string
	Name      *string
	Password  *string
	// CurrentPassword is needed with Password unless an administrator asks.
	CurrentPassword string
	Role            *Role
	// KeepSession is the token of the session that stays after a new password.
	KeepSession string
}

// RemoveUserInput names the user to remove.
type RemoveUserInput struct {
	ID        id.User
	IfVersion int64
}

// SignInInput are the credentials, and where they came from.
type SignInInput struct {
	Email    string
	Password string
	// Address is the client's network address; failures are counted by it too.
	Address string
	// Guest is the token of the session of the guest who is merged into the
	// account; nothing is merged for empty or any other text.
	Guest string
}

// SignInGuestInput is empty: nothing is known of a guest.
type SignInGuestInput struct{}

// NewSession is a session just started; the token is shown this once.
type NewSession struct {
	Token     string
	UserID    id.User
	ExpiresAt time.Time
}

// AuthenticateInput is a session's token.
type AuthenticateInput struct{ Token string }

// Session is a session that is alive.
type Session struct {
	ID        id.Session
	UserID    id.User
	Role      Role
	ExpiresAt time.Time
}

// SignOutInput is the token of the session to end.
type SignOutInput struct{ Token string }

// EndSessionsInput names the user whose sessions end.
type EndSessionsInput struct{ UserID id.User }

// RequestVerificationInput names the user to be verified.
type RequestVerificationInput struct{ UserID id.User }

// VerifyInput is the token from the e-mail.
type VerifyInput struct{ Token string }

// RequestPasswordResetInput is the address of the account.
type RequestPasswordResetInput struct{ Email string }

// ResetPasswordInput is the token from the e-mail and the new password.
type ResetPasswordInput struct {
	Token    string
	Password string
}

// Purpose is what a single-use token is good for.
type Purpose string

// The purposes of tokens.
const (
	PurposeVerification  Purpose = "verification"
	PurposePasswordReset Purpose = "password_reset"
)

// IssueTokenInput asks for a token for one user and purpose.
type IssueTokenInput struct {
	UserID  id.User
	Purpose Purpose
}

// Token is a single-use token; it is stored as a hash only.
type Token struct {
	Text      string
	ExpiresAt time.Time
}
