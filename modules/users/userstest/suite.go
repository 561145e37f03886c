// Package userstest says what the users module must do, once, for every
// implementation of users.Service, and offers one in memory.
package userstest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// Fixture is an implementation under test and the outsides that it needs.
type Fixture struct {
	Service users.Service
	// Clock is the clock of the implementation.
	Clock *Clock
	// Several says that calls are answered by several processes in turn, which see
	// the end of a session that another one brought about within a second.
	Several bool
	// Events lists what was published so far, oldest first.
	Events func(t *testing.T) []event.Event
	// RemoveIdleGuests does what a worker does now and then.
	RemoveIdleGuests func(t *testing.T)
}

// Run runs the suite; newFixture makes a module without accounts for each test.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	for _, tests := range []map[string]func(*testing.T, Fixture){
		accountTests, changeTests, removalTests, sessionTests, attemptTests, tokenTests, guestTests,
	} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, newFixture(t))
			})
		}
	}
}

// password is everybody's.
const password = "correct horse battery"

func service(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{Service: "email"})
}

func admin(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
}

func as(t *testing.T, user id.User) context.Context {
	return identity.With(t.Context(), identity.Actor{User: user})
}

func (f Fixture) register(t *testing.T, email string) id.User {
	t.Helper()
	user, err := f.Service.Register(t.Context(), users.RegisterInput{Email: email, Password: password, Name: "Ada Lovelace"})
	require.NoError(t, err)
	return user
}

func (f Fixture) administrator(t *testing.T, email string) id.User {
	t.Helper()
	user, err := f.Service.CreateAdministrator(service(t), users.CreateAdministratorInput{
		Email: email, Password: password, Name: "Grace Hopper",
	})
	require.NoError(t, err)
	return user
}

func (f Fixture) read(t *testing.T, user id.User) users.User {
	t.Helper()
	u, err := f.Service.User(as(t, user), users.UserInput{ID: user})
	require.NoError(t, err)
	return u
}

func (f Fixture) signIn(t *testing.T, email string) string {
	t.Helper()
	session, err := f.Service.SignIn(t.Context(), users.SignInInput{Email: email, Password: password, Address: "192.0.2.1"})
	require.NoError(t, err)
	return session.Token
}

// settle lets everybody see what has become of sessions.
func (f Fixture) settle() {
	if f.Several {
		f.Clock.Advance(time.Second)
	}
}

func (f Fixture) alive(t *testing.T, token string) bool {
	t.Helper()
	_, err := f.Service.Authenticate(t.Context(), users.AuthenticateInput{Token: token})
	if err != nil {
		require.ErrorIs(t, err, users.ErrSessionEnded)
	}
	return err == nil
}

func (f Fixture) issue(t *testing.T, user id.User, purpose users.Purpose) users.Token {
	t.Helper()
	token, err := f.Service.IssueToken(service(t), users.IssueTokenInput{UserID: user, Purpose: purpose})
	require.NoError(t, err)
	return token
}

// requireFields requires an invalid input with exactly these places, each named
// once or for several things that are wrong with it.
func requireFields(t *testing.T, err error, locations ...string) {
	t.Helper()
	require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	var found []string
	for _, f := range fault.From(err).Fields {
		if !slices.Contains(found, f.Location) {
			found = append(found, f.Location)
		}
	}
	require.ElementsMatch(t, locations, found)
}
