package rest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/internal/rest"
	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/module/moduletest"
	"shop/platform/page"
	"shop/platform/remote"
)

func TestContract(t *testing.T) {
	t.Parallel()
	var (
		user      id.User
		sessionID id.Session
	)
	require.NoError(t, user.UnmarshalText([]byte("user_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, sessionID.UnmarshalText([]byte("sess_01h455vb4pex5vsknk084sn02q")))
	at := time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC)
	const token = "pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"
	ada := users.User{
		ID: user, Email: "Ada@example.com", Name: "Ada Lovelace", Role: users.RoleCustomer, Verified: true,
		Version: 2, CreatedAt: at, UpdatedAt: at.Add(time.Hour),
	}
	registration := func(key string) users.RegisterInput {
		return users.RegisterInput{Key: idempotency.NewKey(key), Email: ada.Email, Password: password, Name: ada.Name}
	}
	administrator := users.CreateAdministratorInput{Email: ada.Email, Password: password, Name: ada.Name, OnlyFirst: true}
	name, address, newPassword, role, total := "Ada King", "ada@example.org", "staple battery", users.RoleAdministrator, int64(41)

	type S = users.Service
	answers, fails := moduletest.Answers[S], moduletest.Fails[S]
	moduletest.CheckContract(t, moduletest.Contract[S]{
		Module: "users", Versions: users.Contract, Register: rest.Register,
		Client: func(r *remote.Client) S {
			client, err := rest.NewClient(r, nil)
			require.NoError(t, err)
			return client
		},
		Stub: func(s *moduletest.Script) S { return stub{s} },
		Exchanges: []moduletest.Exchange[S]{
			answers("Register", user, func(ctx context.Context, s S) (any, error) {
				return s.Register(ctx, registration("key-1"))
			}),
			fails("Register-taken", users.ErrEmailTaken, func(ctx context.Context, s S) (any, error) {
				return s.Register(ctx, registration("key-2"))
			}),
			answers("CreateAdministrator", user, func(ctx context.Context, s S) (any, error) {
				return s.CreateAdministrator(ctx, administrator)
			}),
			answers("CreateAdministrator-none", id.User{}, func(ctx context.Context, s S) (any, error) {
				return s.CreateAdministrator(ctx, administrator)
			}),
			answers("User", ada, func(ctx context.Context, s S) (any, error) {
				return s.User(ctx, users.UserInput{ID: user})
			}),
			fails("User-unknown", users.ErrUserNotFound, func(ctx context.Context, s S) (any, error) {
				return s.User(ctx, users.UserInput{ID: user})
			}),
			answers("FindUser", ada, func(ctx context.Context, s S) (any, error) {
				return s.FindUser(ctx, users.FindUserInput{Email: ada.Email})
			}),
			answers("ListUsers", page.Page[users.User]{Items: []users.User{ada}, Next: "bW9yZQ", Total: &total}, func(ctx context.Context, s S) (any, error) {
				return s.ListUsers(ctx, users.ListUsersInput{
					Page: page.Request{Limit: 7, Cursor: "bmV4dA", CountExact: true}, Query: "ada l", Role: users.RoleCustomer,
				})
			}),
			answers("ListUsers-all", page.Page[users.User]{}, func(ctx context.Context, s S) (any, error) {
				return s.ListUsers(ctx, users.ListUsersInput{Page: page.Request{Limit: 20}})
			}),
			fails("ListUsers-cursor", page.ErrCursor, func(ctx context.Context, s S) (any, error) {
				return s.ListUsers(ctx, users.ListUsersInput{Page: page.Request{Limit: 20, Cursor: "x"}})
			}),
			answers("UpdateUser", ada, func(ctx context.Context, s S) (any, error) {
				return s.UpdateUser(ctx, users.UpdateUserInput{
					ID: user, IfVersion: 2, Email: &address, Name: &name, Password: &newPassword, CurrentPassword: password,
					Role: &role, KeepSession: token,
				})
			}),
			fails("UpdateUser-changed", fault.ErrPrecondition, func(ctx context.Context, s S) (any, error) {
				return s.UpdateUser(ctx, users.UpdateUserInput{ID: user, IfVersion: 1, Name: &name})
			}),
			answers("RemoveUser", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.RemoveUser(ctx, users.RemoveUserInput{ID: user, IfVersion: 2})
			}),
			answers("SignIn", users.NewSession{Token: token, UserID: user, ExpiresAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.SignIn(ctx, users.SignInInput{Email: ada.Email, Password: password, Address: "192.0.2.1"})
			}),
			fails("SignIn-wrong", users.ErrCredentials, func(ctx context.Context, s S) (any, error) {
				return s.SignIn(ctx, users.SignInInput{Email: ada.Email, Password: password, Address: "192.0.2.1"})
			}),
			fails("SignIn-tooMany", users.ErrTooManyAttempts.WithRetryAfter(time.Minute), func(ctx context.Context, s S) (any, error) {
				return s.SignIn(ctx, users.SignInInput{Email: ada.Email, Password: password, Address: "192.0.2.1"})
			}),
			answers("Register-guest", user, func(ctx context.Context, s S) (any, error) {
				in := registration("key-3")
				in.Guest = token
				return s.Register(ctx, in)
			}),
			answers("User-guest", users.User{ID: user, Role: users.RoleGuest, Version: 1, CreatedAt: at, UpdatedAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.User(ctx, users.UserInput{ID: user})
			}),
			fails("UpdateUser-guest", users.ErrGuest, func(ctx context.Context, s S) (any, error) {
				return s.UpdateUser(ctx, users.UpdateUserInput{ID: user, Name: &name})
			}),
			answers("SignIn-guest", users.NewSession{Token: token, UserID: user, ExpiresAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.SignIn(ctx, users.SignInInput{Email: ada.Email, Password: password, Address: "192.0.2.1", Guest: token})
			}),
			answers("SignInGuest", users.NewSession{Token: token, UserID: user, ExpiresAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.SignInGuest(ctx, users.SignInGuestInput{})
			}),
			answers("Authenticate", users.Session{ID: sessionID, UserID: user, Role: users.RoleCustomer, ExpiresAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.Authenticate(ctx, users.AuthenticateInput{Token: token})
			}),
			fails("Authenticate-ended", users.ErrSessionEnded, func(ctx context.Context, s S) (any, error) {
				return s.Authenticate(ctx, users.AuthenticateInput{Token: token})
			}),
			answers("SignOut", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.SignOut(ctx, users.SignOutInput{Token: token})
			}),
			answers("EndSessions", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.EndSessions(ctx, users.EndSessionsInput{UserID: user})
			}),
			answers("RequestVerification", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.RequestVerification(ctx, users.RequestVerificationInput{UserID: user})
			}),
			fails("RequestVerification-verified", users.ErrAlreadyVerified, func(ctx context.Context, s S) (any, error) {
				return nil, s.RequestVerification(ctx, users.RequestVerificationInput{UserID: user})
			}),
			answers("Verify", ada, func(ctx context.Context, s S) (any, error) {
				return s.Verify(ctx, users.VerifyInput{Token: token})
			}),
			fails("Verify-invalid", users.ErrTokenInvalid, func(ctx context.Context, s S) (any, error) {
				return s.Verify(ctx, users.VerifyInput{Token: token})
			}),
			answers("RequestPasswordReset", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.RequestPasswordReset(ctx, users.RequestPasswordResetInput{Email: ada.Email})
			}),
			answers("ResetPassword", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.ResetPassword(ctx, users.ResetPasswordInput{Token: token, Password: newPassword})
			}),
			answers("Audit", audit.Report{
				Checked:  map[string]int64{"users.token_of_nobody": 3},
				Findings: []audit.Finding{{Check: "users.token_of_nobody", Subject: user.String(), Want: "no token", Got: "a token", Repaired: true}},
			}, func(ctx context.Context, s S) (any, error) {
				return s.Audit(ctx, audit.Input{Repair: true, MinAge: time.Minute})
			}),
			answers("IssueToken", users.Token{Text: token, ExpiresAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.IssueToken(ctx, users.IssueTokenInput{UserID: user, Purpose: users.PurposePasswordReset})
			}),
		},
	})
}
