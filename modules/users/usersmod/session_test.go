package usersmod_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/userstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module/moduletest"
)

const password = "correct horse battery"

func register(tb testing.TB, s users.Service, email string) id.User {
	tb.Helper()
	user, err := s.Register(tb.Context(), users.RegisterInput{Email: email, Password: password, Name: "Ada Lovelace"})
	require.NoError(tb, err)
	return user
}

func signIn(tb testing.TB, s users.Service, email string) string {
	tb.Helper()
	session, err := s.SignIn(tb.Context(), users.SignInInput{Email: email, Password: password, Address: "192.0.2.1"})
	require.NoError(tb, err)
	return session.Token
}

// Two replicas keep sessions in memory, and so does a process that asks one of
// them; each sees within a second what the other replica changed.
func TestReplicasSeeChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		here, there := build(t, db, nil, fast), host(t, db, nil, fast)
		beyond := place(t, moduletest.HTTP.Near(t, there.Module), nil, fast).Service
		admin := identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
		user := register(t, here, "ada@example.com")
		seen := func(token string, want func(users.Session, error) bool) {
			t.Helper()
			require.Eventually(t, func() bool {
				in := users.AuthenticateInput{Token: token}
				direct, overThere := want(there.Service.Authenticate(t.Context(), in)), want(beyond.Authenticate(t.Context(), in))
				return direct && overThere
			}, time.Second, 5*time.Millisecond)
		}
		alive := func(_ users.Session, err error) bool { return err == nil }
		ended := func(_ users.Session, err error) bool { return err != nil }

		token := signIn(t, here, "ada@example.com")
		seen(token, alive)
		require.NoError(t, here.SignOut(t.Context(), users.SignOutInput{Token: token}))
		seen(token, ended)

		token = signIn(t, here, "ada@example.com")
		seen(token, alive)
		role := users.RoleAdministrator
		_, err := here.UpdateUser(admin, users.UpdateUserInput{ID: user, Role: &role})
		require.NoError(t, err)
		seen(token, func(s users.Session, err error) bool { return err == nil && s.Role == role })

		newPassword := "staple battery"
		_, err = here.UpdateUser(admin, users.UpdateUserInput{ID: user, Password: &newPassword})
		require.NoError(t, err)
		seen(token, ended)

		session, err := here.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: newPassword})
		require.NoError(t, err)
		seen(session.Token, alive)
		require.NoError(t, here.EndSessions(admin, users.EndSessionsInput{UserID: user}))
		seen(session.Token, ended)
	})
}

// A token that is in use costs no statement; the window is as wide as the
// test's clock stands still.
func TestAuthenticateIsAnsweredFromMemory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		clock := userstest.NewClock()
		s := build(t, db, clock, fast)
		register(t, s, "ada@example.com")
		token := signIn(t, s, "ada@example.com")
		statements := func(times int) int64 {
			ctx, counter := database.WithStatementCounter(t.Context())
			for range times {
				_, err := s.Authenticate(ctx, users.AuthenticateInput{Token: token})
				require.NoError(t, err)
			}
			return counter.Statements()
		}
		require.Equal(t, int64(1), statements(1))
		require.Zero(t, statements(100))
		clock.Advance(time.Second)
		require.Equal(t, int64(1), statements(100))
		clock.Advance(40 * time.Hour)
		require.Equal(t, int64(2), statements(100), "prolonged once in a while")
	})
}

// A process asks another one about a token that is in use about twice a second,
// and anew after whatever may have ended a session.
func TestAuthenticateAsksAnotherProcessSeldom(t *testing.T) {
	t.Parallel()
	clock := userstest.NewClock()
	far := host(t, dbtest.Open(t, database.SQLite, "users"), clock, fast)
	near := place(t, moduletest.HTTP.Near(t, far.Module), clock, fast).Service
	user := register(t, near, "ada@example.com")
	token := signIn(t, near, "ada@example.com")
	asked := func(during func()) int64 {
		before := far.Module.Control.Stats().Local.Calls
		during()
		return far.Module.Control.Stats().Local.Calls - before
	}
	authenticate := func() {
		for range 100 {
			_, err := near.Authenticate(t.Context(), users.AuthenticateInput{Token: token})
			require.NoError(t, err)
		}
	}
	require.Equal(t, int64(1), asked(authenticate))
	require.Zero(t, asked(authenticate))
	clock.Advance(time.Second / 2)
	require.Equal(t, int64(1), asked(authenticate))

	self := identity.With(t.Context(), identity.Actor{User: user})
	newPassword := "staple battery"
	for name, change := range map[string]func() error{
		"sign-out": func() error { return near.SignOut(t.Context(), users.SignOutInput{Token: "another"}) },
		"password": func() error {
			_, err := near.UpdateUser(self, users.UpdateUserInput{
				ID: user, Password: &newPassword, CurrentPassword: password, KeepSession: token,
			})
			return err
		},
	} {
		authenticate()
		require.NoError(t, change(), name)
		require.Equal(t, int64(1), asked(authenticate), name)
	}
	require.NoError(t, near.EndSessions(self, users.EndSessionsInput{UserID: user}))
	_, err := near.Authenticate(t.Context(), users.AuthenticateInput{Token: token})
	require.ErrorIs(t, err, users.ErrSessionEnded)
}
