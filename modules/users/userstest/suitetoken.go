package userstest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/identity"
)

var tokenTests = map[string]func(*testing.T, Fixture){
	"RequestVerification/publishes":          requestVerification,
	"RequestVerification/ErrAlreadyVerified": requestVerified,
	"RequestVerification/who may ask":        requestVerificationAccess,
	"Verify/once":                            verifyOnce,
	"Verify/ErrTokenInvalid":                 verifyInvalid,
	"Verify/expires":                         verifyExpires,
	"RequestPasswordReset/tells nothing":     requestReset,
	"ResetPassword/sets the password":        resetPassword,
	"ResetPassword/once of many at once":     resetContended,
	"ResetPassword/invalid field":            resetInvalid,
	"ResetPassword/expires":                  resetExpires,
	"IssueToken/voids the earlier one":       issueVoids,
	"IssueToken/refuses":                     issueRefuses,
}

func requestVerification(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	require.NoError(t, f.Service.RequestVerification(as(t, user), users.RequestVerificationInput{UserID: user}))
	require.Equal(t, []event.Event{users.Registered{UserID: user}, users.VerificationRequested{UserID: user}}, f.Events(t))
}

func requestVerified(t *testing.T, f Fixture) {
	user := f.administrator(t, "a@example.com")
	err := f.Service.RequestVerification(as(t, user), users.RequestVerificationInput{UserID: user})
	require.ErrorIs(t, err, users.ErrAlreadyVerified)
	require.Empty(t, f.Events(t))
}

func requestVerificationAccess(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	in := users.RequestVerificationInput{UserID: user}
	require.ErrorIs(t, f.Service.RequestVerification(t.Context(), in), identity.ErrUnauthenticated)
	require.ErrorIs(t, f.Service.RequestVerification(as(t, id.NewUser()), in), identity.ErrForbidden)
	err := f.Service.RequestVerification(admin(t), users.RequestVerificationInput{UserID: id.NewUser()})
	require.ErrorIs(t, err, users.ErrUserNotFound)
}

func verifyOnce(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	token := f.issue(t, user, users.PurposeVerification)
	require.Equal(t, f.Clock.Now().Add(48*time.Hour), token.ExpiresAt)
	u, err := f.Service.Verify(t.Context(), users.VerifyInput{Token: token.Text})
	require.NoError(t, err)
	require.True(t, u.Verified)
	require.Equal(t, int64(2), u.Version)
	require.Equal(t, u, f.read(t, user))
	_, err = f.Service.Verify(t.Context(), users.VerifyInput{Token: token.Text})
	require.ErrorIs(t, err, users.ErrTokenInvalid)
}

func verifyInvalid(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	reset := f.issue(t, user, users.PurposePasswordReset)
	for _, wrong := range []string{"", "x", strings.Repeat("A", 43), reset.Text} {
		_, err := f.Service.Verify(t.Context(), users.VerifyInput{Token: wrong})
		require.ErrorIs(t, err, users.ErrTokenInvalid)
	}
	require.False(t, f.read(t, user).Verified)
}

func verifyExpires(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	token := f.issue(t, user, users.PurposeVerification)
	f.Clock.Advance(48 * time.Hour)
	_, err := f.Service.Verify(t.Context(), users.VerifyInput{Token: token.Text})
	require.ErrorIs(t, err, users.ErrTokenInvalid)
}

func requestReset(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	for _, email := range []string{"Ada@example.com", "nobody@example.com"} {
		require.NoError(t, f.Service.RequestPasswordReset(t.Context(), users.RequestPasswordResetInput{Email: email}))
	}
	require.Equal(t, []event.Event{
		users.Registered{UserID: user},
		users.PasswordResetRequested{Email: "ada@example.com"},
		users.PasswordResetRequested{Email: "nobody@example.com"},
	}, f.Events(t))
	requireFields(t, f.Service.RequestPasswordReset(t.Context(), users.RequestPasswordResetInput{Email: "x"}), "body.email")
}

func resetPassword(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	session := f.signIn(t, "ada@example.com")
	require.True(t, f.alive(t, session))
	token := f.issue(t, user, users.PurposePasswordReset)
	in := users.ResetPasswordInput{Token: token.Text, Password: "staple battery"}
	require.NoError(t, f.Service.ResetPassword(t.Context(), in))
	f.settle()
	require.False(t, f.alive(t, session))
	_, err := f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: "staple battery"})
	require.NoError(t, err)
	require.ErrorIs(t, f.tryFrom(t, "ada@example.com", ""), users.ErrCredentials)
	u := f.read(t, user)
	require.True(t, u.Verified, "the link came to the address")
	require.Equal(t, int64(2), u.Version)
	require.ErrorIs(t, f.Service.ResetPassword(t.Context(), in), users.ErrTokenInvalid)
}

func resetContended(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	token := f.issue(t, user, users.PurposePasswordReset)
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = f.Service.ResetPassword(t.Context(), users.ResetPasswordInput{Token: token.Text, Password: password})
		})
	}
	all.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		require.ErrorIs(t, err, users.ErrTokenInvalid)
	}
	require.Equal(t, 1, done)
}

func resetInvalid(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	token := f.issue(t, user, users.PurposePasswordReset)
	err := f.Service.ResetPassword(t.Context(), users.ResetPasswordInput{Token: token.Text, Password: "short"})
	requireFields(t, err, "body.password")
	require.NoError(t, f.Service.ResetPassword(t.Context(), users.ResetPasswordInput{Token: token.Text, Password: "long enough"}))
}

func resetExpires(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	token := f.issue(t, user, users.PurposePasswordReset)
	f.Clock.Advance(time.Hour)
	err := f.Service.ResetPassword(t.Context(), users.ResetPasswordInput{Token: token.Text, Password: password})
	require.ErrorIs(t, err, users.ErrTokenInvalid)
}

func issueVoids(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	first := f.issue(t, user, users.PurposeVerification)
	f.issue(t, user, users.PurposePasswordReset)
	second := f.issue(t, user, users.PurposeVerification)
	_, err := f.Service.Verify(t.Context(), users.VerifyInput{Token: first.Text})
	require.ErrorIs(t, err, users.ErrTokenInvalid)
	_, err = f.Service.Verify(t.Context(), users.VerifyInput{Token: second.Text})
	require.NoError(t, err)
}

func issueRefuses(t *testing.T, f Fixture) {
	in := users.IssueTokenInput{UserID: id.NewUser(), Purpose: users.PurposeVerification}
	_, err := f.Service.IssueToken(service(t), in)
	require.ErrorIs(t, err, users.ErrUserNotFound)
	_, err = f.Service.IssueToken(admin(t), in)
	require.ErrorIs(t, err, identity.ErrForbidden)
	in.Purpose = "wish"
	_, err = f.Service.IssueToken(service(t), in)
	requireFields(t, err, "body.purpose")
}
