package app_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/internal/app"
	"shop/modules/users/internal/gormstore"
	"shop/modules/users/userstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event/outbox"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
)

const password = "correct horse battery"

func build(t *testing.T, db *database.DB, store app.Store, now func() time.Time) *app.Service {
	t.Helper()
	s, err := app.New(app.Deps{
		Store: store, Events: outbox.New(db), Idempotency: sqlstore.New(db), Logger: slog.New(slog.DiscardHandler), Now: now,
		Settings: app.Settings{PasswordMemory: 64, PasswordIterations: 1, PasswordsAtOnce: 4},
	})
	require.NoError(t, err)
	return s
}

func register(t *testing.T, s *app.Service) id.User {
	t.Helper()
	user, err := s.Register(t.Context(), users.RegisterInput{Email: "ada@example.com", Password: password, Name: "Ada"})
	require.NoError(t, err)
	return user
}

func TestNewNeedsItsParts(t *testing.T) {
	_, err := app.New(app.Deps{})
	require.Error(t, err)
}

func TestPrune(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		clock := userstest.NewClock()
		s := build(t, db, gormstore.New(db), clock.Now)
		user := register(t, s)
		_, err := s.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password})
		require.NoError(t, err)
		service := identity.With(t.Context(), identity.Actor{Service: "email"})
		_, err = s.IssueToken(service, users.IssueTokenInput{UserID: user, Purpose: users.PurposeVerification})
		require.NoError(t, err)
		_, err = s.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: "wrong password"})
		require.ErrorIs(t, err, users.ErrCredentials)
		for _, step := range []struct {
			after         time.Duration
			removed, left int64
		}{{0, 0, 3}, {time.Hour, 1, 2}, {48 * time.Hour, 1, 1}, {30 * 24 * time.Hour, 1, 0}} {
			clock.Advance(step.after)
			removed, err := s.Prune(t.Context(), clock.Now())
			require.NoError(t, err)
			require.Equal(t, step.removed, removed, "%s later", step.after)
			var left int64
			require.NoError(t, db.Read(t.Context()).Raw(`SELECT (SELECT count(*) FROM sessions)
			  + (SELECT count(*) FROM tokens) + (SELECT count(*) FROM sign_in_failures)`).Scan(&left).Error)
			require.Equal(t, step.left, left, "%s later", step.after)
		}
	})
}

// meanwhile is a store in which something happens between the check of a
// password and the start of the session.
type meanwhile struct {
	app.Store
	happens func()
}

func (m meanwhile) InTx(ctx context.Context, fn func(context.Context) error) error {
	m.happens()
	return m.Store.InTx(ctx, fn)
}

// A sign-in with the old password, overtaken by a new password, must not leave
// a session behind: the sessions of the old password have been ended already.
func TestSignInOvertakenByAChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		admin := identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
		plain := build(t, db, gormstore.New(db), nil)
		user := register(t, plain)
		for _, happens := range []func() error{
			func() error {
				newPassword := "staple battery"
				_, err := plain.UpdateUser(admin, users.UpdateUserInput{ID: user, Password: &newPassword})
				return err
			},
			func() error { return plain.RemoveUser(admin, users.RemoveUserInput{ID: user}) },
		} {
			oldPassword := password
			_, err := plain.UpdateUser(admin, users.UpdateUserInput{ID: user, Password: &oldPassword})
			require.NoError(t, err)
			s := build(t, db, meanwhile{gormstore.New(db), func() { require.NoError(t, happens()) }}, nil)
			_, err = s.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password})
			require.ErrorIs(t, err, users.ErrCredentials)
		}
	})
}
