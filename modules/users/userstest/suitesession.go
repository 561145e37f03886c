package userstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

var sessionTests = map[string]func(*testing.T, Fixture){
	"SignIn/starts a session":           signInStarts,
	"SignIn/ErrCredentials":             signInCredentials,
	"SignIn/invalid fields":             signInInvalid,
	"Authenticate/ErrSessionEnded":      authenticateEnded,
	"Authenticate/slides":               authenticateSlides,
	"SignOut/ends one session":          signOutOne,
	"EndSessions/ends all of one user":  endSessionsAll,
	"EndSessions/who may end them":      endSessionsAccess,
	"EndSessions/of nobody is no error": endSessionsNobody,
}

var attemptTests = map[string]func(*testing.T, Fixture){
	"SignIn/ErrTooManyAttempts of a pair":        attemptsPair,
	"SignIn/ErrTooManyAttempts of an address":    attemptsAddress,
	"SignIn/ErrTooManyAttempts for nobody":       attemptsNobody,
	"SignIn/success clears the failures":         attemptsCleared,
	"SignIn/refused attempts do not prolong":     attemptsSlide,
	"SignIn/reset of the password opens the way": attemptsReset,
}

func signInStarts(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	s, err := f.Service.SignIn(t.Context(), users.SignInInput{Email: "ADA@example.com", Password: password, Address: "192.0.2.1"})
	require.NoError(t, err)
	require.Equal(t, user, s.UserID)
	require.Equal(t, f.Clock.Now().Add(30*24*time.Hour), s.ExpiresAt)
	got, err := f.Service.Authenticate(t.Context(), users.AuthenticateInput{Token: s.Token})
	require.NoError(t, err)
	require.False(t, got.ID.IsZero())
	require.Equal(t, users.Session{ID: got.ID, UserID: user, Role: users.RoleCustomer, ExpiresAt: s.ExpiresAt}, got)
	require.NotEqual(t, s.Token, f.signIn(t, "ada@example.com"))
}

func signInCredentials(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	var answers []error
	for _, in := range []users.SignInInput{
		{Email: "ada@example.com", Password: "wrong password"},
		{Email: "ada@example.com", Password: strings.ToUpper(password)},
		{Email: "nobody@example.com", Password: password},
		{Email: "no address", Password: password},
	} {
		_, err := f.Service.SignIn(t.Context(), in)
		require.ErrorIs(t, err, users.ErrCredentials)
		answers = append(answers, err)
	}
	for _, err := range answers {
		require.Equal(t, answers[0], err, "the same answer, whatever was wrong")
	}
}

func signInInvalid(t *testing.T, f Fixture) {
	_, err := f.Service.SignIn(t.Context(), users.SignInInput{})
	requireFields(t, err, "body.email", "body.password")
	_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: strings.Repeat("x", 129)})
	requireFields(t, err, "body.password")
}

func authenticateEnded(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	token := f.signIn(t, "ada@example.com")
	for _, wrong := range []string{"", "x", strings.Repeat("A", 43), token + "A", token[1:], strings.Repeat("é", 43)} {
		require.False(t, f.alive(t, wrong), wrong)
	}
	f.Clock.Advance(30*24*time.Hour - time.Microsecond)
	token2 := f.signIn(t, "ada@example.com")
	f.Clock.Advance(time.Microsecond)
	require.False(t, f.alive(t, token), "unused for its whole life")
	require.True(t, f.alive(t, token2))
}

func authenticateSlides(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	token := f.signIn(t, "ada@example.com")
	for range 4 {
		f.Clock.Advance(20 * 24 * time.Hour)
		s, err := f.Service.Authenticate(t.Context(), users.AuthenticateInput{Token: token})
		require.NoError(t, err)
		require.Equal(t, f.Clock.Now().Add(30*24*time.Hour), s.ExpiresAt)
	}
	f.Clock.Advance(time.Hour)
	s, err := f.Service.Authenticate(t.Context(), users.AuthenticateInput{Token: token})
	require.NoError(t, err)
	require.Equal(t, f.Clock.Now().Add(30*24*time.Hour-time.Hour), s.ExpiresAt, "prolonged now and then only")
	f.Clock.Advance(30 * 24 * time.Hour)
	require.False(t, f.alive(t, token))
}

func signOutOne(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	one, other := f.signIn(t, "ada@example.com"), f.signIn(t, "ada@example.com")
	require.True(t, f.alive(t, one))
	require.NoError(t, f.Service.SignOut(t.Context(), users.SignOutInput{Token: one}))
	f.settle()
	require.False(t, f.alive(t, one), "seen at once")
	require.True(t, f.alive(t, other))
	require.NoError(t, f.Service.SignOut(t.Context(), users.SignOutInput{Token: one}))
	require.NoError(t, f.Service.SignOut(t.Context(), users.SignOutInput{Token: "no token"}))
}

func endSessionsAll(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	f.register(t, "bob@example.com")
	one, two, bob := f.signIn(t, "ada@example.com"), f.signIn(t, "ada@example.com"), f.signIn(t, "bob@example.com")
	require.True(t, f.alive(t, one))
	require.NoError(t, f.Service.EndSessions(as(t, user), users.EndSessionsInput{UserID: user}))
	f.settle()
	require.False(t, f.alive(t, one))
	require.False(t, f.alive(t, two))
	require.True(t, f.alive(t, bob))
}

func endSessionsAccess(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	in := users.EndSessionsInput{UserID: user}
	require.ErrorIs(t, f.Service.EndSessions(t.Context(), in), identity.ErrUnauthenticated)
	require.ErrorIs(t, f.Service.EndSessions(as(t, id.NewUser()), in), identity.ErrForbidden)
	require.NoError(t, f.Service.EndSessions(admin(t), in))
}

func endSessionsNobody(t *testing.T, f Fixture) {
	require.NoError(t, f.Service.EndSessions(admin(t), users.EndSessionsInput{UserID: id.NewUser()}))
}

// fail signs in with a wrong password until that is refused, and returns how
// often it was not.
func (f Fixture) fail(t *testing.T, email, address string, times int) int {
	t.Helper()
	for n := range times {
		_, err := f.Service.SignIn(t.Context(), users.SignInInput{Email: email, Password: "wrong password", Address: address})
		if fault.From(err).Code == users.ErrTooManyAttempts.Code {
			require.Positive(t, fault.From(err).RetryAfter)
			return n
		}
		require.ErrorIs(t, err, users.ErrCredentials)
	}
	return times
}

func (f Fixture) tryFrom(t *testing.T, email, address string) error {
	_, err := f.Service.SignIn(t.Context(), users.SignInInput{Email: email, Password: password, Address: address})
	return err
}

func attemptsPair(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	f.register(t, "bob@example.com")
	require.Equal(t, 10, f.fail(t, "ada@example.com", "2001:db8::1", 20))
	require.ErrorIs(t, f.tryFrom(t, "Ada@example.com", "2001:db8::1"), users.ErrTooManyAttempts, "also with the right password")
	require.NoError(t, f.tryFrom(t, "bob@example.com", "2001:db8::1"), "the office goes on working")
	require.NoError(t, f.tryFrom(t, "ada@example.com", "2001:db8:1::1"), "nobody is locked out from elsewhere")
}

func attemptsAddress(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	failed := 0
	for n := range 12 {
		failed += f.fail(t, fmt.Sprintf("user%d@example.com", n), "192.0.2.9", 10)
	}
	require.Equal(t, 100, failed)
	require.ErrorIs(t, f.tryFrom(t, "ada@example.com", "192.0.2.9"), users.ErrTooManyAttempts)
	require.NoError(t, f.tryFrom(t, "ada@example.com", "192.0.2.10"))
}

func attemptsNobody(t *testing.T, f Fixture) {
	require.Equal(t, 10, f.fail(t, "nobody@example.com", "192.0.2.9", 20))
}

func attemptsCleared(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	for range 3 {
		require.Equal(t, 9, f.fail(t, "ada@example.com", "192.0.2.9", 9))
		require.NoError(t, f.tryFrom(t, "ada@example.com", "192.0.2.9"))
	}
}

func attemptsSlide(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	require.Equal(t, 5, f.fail(t, "ada@example.com", "192.0.2.9", 5))
	f.Clock.Advance(10 * time.Minute)
	require.Equal(t, 5, f.fail(t, "ada@example.com", "192.0.2.9", 20))
	f.Clock.Advance(5 * time.Minute)
	require.Equal(t, 5, f.fail(t, "ada@example.com", "192.0.2.9", 20), "the first five have left the window")
	f.Clock.Advance(15 * time.Minute)
	require.NoError(t, f.tryFrom(t, "ada@example.com", "192.0.2.9"))
}

func attemptsReset(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	f.fail(t, "ada@example.com", "192.0.2.9", 20)
	token := f.issue(t, user, users.PurposePasswordReset)
	require.NoError(t, f.Service.ResetPassword(t.Context(), users.ResetPasswordInput{Token: token.Text, Password: password}))
	require.NoError(t, f.tryFrom(t, "ada@example.com", "192.0.2.9"))
}
