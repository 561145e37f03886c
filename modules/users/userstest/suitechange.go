package userstest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

var changeTests = map[string]func(*testing.T, Fixture){
	"UpdateUser/keeps what is absent":       updatePartly,
	"UpdateUser/nothing new changes no row": updateNothing,
	"UpdateUser/ErrUserNotFound":            updateNotFound,
	"UpdateUser/ErrPrecondition":            updatePrecondition,
	"UpdateUser/ErrEmailTaken":              updateTaken,
	"UpdateUser/invalid fields":             updateInvalid,
	"UpdateUser/new address":                updateAddress,
	"UpdateUser/ErrWrongPassword":           updateWrongPassword,
	"UpdateUser/new password":               updatePassword,
	"UpdateUser/administrator's password":   updatePasswordByAdmin,
	"UpdateUser/role":                       updateRole,
	"UpdateUser/ErrLastAdministrator":       updateLastAdministrator,
	"UpdateUser/who may change":             updateAccess,
}

var removalTests = map[string]func(*testing.T, Fixture){
	"RemoveUser/is gone":              removeGone,
	"RemoveUser/frees the address":    removeFrees,
	"RemoveUser/ErrPrecondition":      removePrecondition,
	"RemoveUser/ErrLastAdministrator": removeLastAdministrator,
	"RemoveUser/last of many at once": removeContended,
	"RemoveUser/who may remove":       removeAccess,
}

func updatePartly(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	before := f.read(t, user)
	f.Clock.Advance(time.Minute)
	after, err := f.Service.UpdateUser(as(t, user), users.UpdateUserInput{ID: user, Name: new("Ada King"), IfVersion: 1})
	require.NoError(t, err)
	want := before
	want.Name, want.Version, want.UpdatedAt = "Ada King", 2, f.Clock.Now()
	require.Empty(t, cmp.Diff(want, after))
	require.Empty(t, cmp.Diff(want, f.read(t, user)))
}

func updateNothing(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	before := f.read(t, user)
	f.Clock.Advance(time.Minute)
	after, err := f.Service.UpdateUser(as(t, user), users.UpdateUserInput{
		ID: user, Email: &before.Email, Name: &before.Name, Role: &before.Role,
	})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(before, after))
	require.Len(t, f.Events(t), 1, "nothing changed")
}

func updateNotFound(t *testing.T, f Fixture) {
	ghost := id.NewUser()
	_, err := f.Service.UpdateUser(as(t, ghost), users.UpdateUserInput{ID: ghost, Name: new("x")})
	require.ErrorIs(t, err, users.ErrUserNotFound)
	_, err = f.Service.UpdateUser(as(t, ghost), users.UpdateUserInput{ID: ghost, Password: new(password), CurrentPassword: password})
	require.ErrorIs(t, err, users.ErrUserNotFound)
}

func updatePrecondition(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	_, err := f.Service.UpdateUser(as(t, user), users.UpdateUserInput{ID: user, IfVersion: 2, Name: new("x")})
	require.ErrorIs(t, err, fault.ErrPrecondition)
	require.Equal(t, int64(1), f.read(t, user).Version)
}

func updateTaken(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	user := f.register(t, "bob@example.com")
	_, err := f.Service.UpdateUser(as(t, user), users.UpdateUserInput{ID: user, Email: new("Ada@example.com"), Name: new("Bob")})
	require.ErrorIs(t, err, users.ErrEmailTaken)
	require.Equal(t, "Ada Lovelace", f.read(t, user).Name)
}

func updateInvalid(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	_, err := f.Service.UpdateUser(admin(t), users.UpdateUserInput{
		ID: user, Email: new("x"), Name: new(""), Password: new("x"), Role: new(users.Role("king")),
	})
	requireFields(t, err, "body.email", "body.name", "body.password", "body.role")
}

func updateAddress(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	toOld := f.issue(t, user, users.PurposeVerification)
	_, err := f.Service.Verify(t.Context(), users.VerifyInput{Token: toOld.Text})
	require.NoError(t, err)
	reset := f.issue(t, user, users.PurposePasswordReset)

	u, err := f.Service.UpdateUser(as(t, user), users.UpdateUserInput{ID: user, Email: new("ADA@example.com")})
	require.NoError(t, err)
	require.True(t, u.Verified, "the same address in another case")

	u, err = f.Service.UpdateUser(as(t, user), users.UpdateUserInput{ID: user, Email: new("ada@example.org")})
	require.NoError(t, err)
	require.False(t, u.Verified)
	require.Equal(t, []event.Event{
		users.Registered{UserID: user},
		users.Changed{UserID: user, Version: 2},
		users.Changed{UserID: user, Version: 3},
		users.Changed{UserID: user, Version: 4},
		users.VerificationRequested{UserID: user},
	}, f.Events(t))
	err = f.Service.ResetPassword(t.Context(), users.ResetPasswordInput{Token: reset.Text, Password: password})
	require.ErrorIs(t, err, users.ErrTokenInvalid, "a link that went to the old address is void")
	_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password})
	require.ErrorIs(t, err, users.ErrCredentials)
	f.signIn(t, "ada@example.org")
}

func updateWrongPassword(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	in := users.UpdateUserInput{ID: user, Password: new("staple battery"), Name: new("x")}
	for _, current := range []string{"", "wrong password"} {
		in.CurrentPassword = current
		_, err := f.Service.UpdateUser(as(t, user), in)
		require.ErrorIs(t, err, users.ErrWrongPassword)
		requireFields(t, err, "body.current_password")
	}
	require.Equal(t, int64(1), f.read(t, user).Version)
	in.CurrentPassword = "wrong password"
	require.Eventually(t, func() bool {
		_, err := f.Service.UpdateUser(as(t, user), in)
		return fault.From(err).Code == users.ErrTooManyAttempts.Code
	}, time.Minute, time.Millisecond, "guessing with a stolen session is limited")
	f.signIn(t, "ada@example.com")
}

func updatePassword(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	kept, other := f.signIn(t, "ada@example.com"), f.signIn(t, "ada@example.com")
	reset := f.issue(t, user, users.PurposePasswordReset)
	u, err := f.Service.UpdateUser(as(t, user), users.UpdateUserInput{
		ID: user, Password: new("staple battery"), CurrentPassword: password, KeepSession: kept,
	})
	require.NoError(t, err)
	require.Equal(t, int64(2), u.Version)
	f.settle()
	require.True(t, f.alive(t, kept))
	require.False(t, f.alive(t, other))
	err = f.Service.ResetPassword(t.Context(), users.ResetPasswordInput{Token: reset.Text, Password: password})
	require.ErrorIs(t, err, users.ErrTokenInvalid)
	_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password})
	require.ErrorIs(t, err, users.ErrCredentials)
	_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: "staple battery"})
	require.NoError(t, err)
}

func updatePasswordByAdmin(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	token := f.signIn(t, "ada@example.com")
	_, err := f.Service.UpdateUser(admin(t), users.UpdateUserInput{ID: user, Password: new("staple battery")})
	require.NoError(t, err)
	f.settle()
	require.False(t, f.alive(t, token))
}

func updateRole(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	token := f.signIn(t, "ada@example.com")
	role := func() users.Role {
		s, err := f.Service.Authenticate(t.Context(), users.AuthenticateInput{Token: token})
		require.NoError(t, err)
		return s.Role
	}
	require.Equal(t, users.RoleCustomer, role())
	in := users.UpdateUserInput{ID: user, Role: new(users.RoleAdministrator)}
	_, err := f.Service.UpdateUser(as(t, user), in)
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = f.Service.UpdateUser(admin(t), in)
	require.NoError(t, err)
	f.settle()
	require.Equal(t, users.RoleAdministrator, role(), "seen at once")
}

func updateLastAdministrator(t *testing.T, f Fixture) {
	first, second := f.administrator(t, "a@example.com"), f.administrator(t, "b@example.com")
	demote := func(user id.User) error {
		_, err := f.Service.UpdateUser(admin(t), users.UpdateUserInput{ID: user, Role: new(users.RoleCustomer)})
		return err
	}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, user := range []id.User{first, second} {
		both.Go(func() { errs[i] = demote(user) })
	}
	both.Wait()
	if errs[0] == nil {
		errs[0], errs[1] = errs[1], errs[0]
	}
	require.ErrorIs(t, errs[0], users.ErrLastAdministrator)
	require.NoError(t, errs[1])
	require.NoError(t, demote(f.register(t, "c@example.com")), "a customer stays one")
}

func updateAccess(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	in := users.UpdateUserInput{ID: user, Name: new("x")}
	_, err := f.Service.UpdateUser(t.Context(), in)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = f.Service.UpdateUser(as(t, id.NewUser()), in)
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func removeGone(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	session := f.signIn(t, "ada@example.com")
	require.True(t, f.alive(t, session))
	verification := f.issue(t, user, users.PurposeVerification)
	require.NoError(t, f.Service.RemoveUser(as(t, user), users.RemoveUserInput{ID: user, IfVersion: 1}))
	f.settle()

	require.False(t, f.alive(t, session))
	_, err := f.Service.User(admin(t), users.UserInput{ID: user})
	require.ErrorIs(t, err, users.ErrUserNotFound)
	_, err = f.Service.FindUser(service(t), users.FindUserInput{Email: "ada@example.com"})
	require.ErrorIs(t, err, users.ErrUserNotFound)
	_, err = f.Service.Verify(t.Context(), users.VerifyInput{Token: verification.Text})
	require.ErrorIs(t, err, users.ErrTokenInvalid)
	_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password})
	require.ErrorIs(t, err, users.ErrCredentials)
	require.ErrorIs(t, f.Service.RemoveUser(admin(t), users.RemoveUserInput{ID: user}), users.ErrUserNotFound)
	require.Equal(t, []event.Event{users.Registered{UserID: user}, users.Removed{UserID: user}}, f.Events(t))
}

func removeFrees(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	require.NoError(t, f.Service.RemoveUser(admin(t), users.RemoveUserInput{ID: user}))
	require.NotEqual(t, user, f.register(t, "ada@example.com"))
}

func removePrecondition(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	err := f.Service.RemoveUser(as(t, user), users.RemoveUserInput{ID: user, IfVersion: 7})
	require.ErrorIs(t, err, fault.ErrPrecondition)
	f.read(t, user)
}

func removeLastAdministrator(t *testing.T, f Fixture) {
	first := f.administrator(t, "a@example.com")
	f.register(t, "c@example.com")
	err := f.Service.RemoveUser(as(t, first), users.RemoveUserInput{ID: first})
	require.ErrorIs(t, err, users.ErrLastAdministrator)
	f.administrator(t, "b@example.com")
	require.NoError(t, f.Service.RemoveUser(as(t, first), users.RemoveUserInput{ID: first}))
}

func removeContended(t *testing.T, f Fixture) {
	administrators := []id.User{
		f.administrator(t, "a@example.com"), f.administrator(t, "b@example.com"), f.administrator(t, "c@example.com"),
	}
	errs := make([]error, len(administrators))
	var all sync.WaitGroup
	for i, user := range administrators {
		all.Go(func() {
			if i == 0 {
				_, errs[i] = f.Service.UpdateUser(admin(t), users.UpdateUserInput{ID: user, Role: new(users.RoleCustomer)})
				return
			}
			errs[i] = f.Service.RemoveUser(admin(t), users.RemoveUserInput{ID: user})
		})
	}
	all.Wait()
	left, err := f.Service.ListUsers(admin(t), users.ListUsersInput{Role: users.RoleAdministrator})
	require.NoError(t, err)
	require.Len(t, left.Items, 1)
	refused := 0
	for _, err := range errs {
		if err != nil {
			require.ErrorIs(t, err, users.ErrLastAdministrator)
			refused++
		}
	}
	require.Equal(t, 1, refused)
}

func removeAccess(t *testing.T, f Fixture) {
	user := f.register(t, "ada@example.com")
	in := users.RemoveUserInput{ID: user}
	require.ErrorIs(t, f.Service.RemoveUser(t.Context(), in), identity.ErrUnauthenticated)
	require.ErrorIs(t, f.Service.RemoveUser(as(t, id.NewUser()), in), identity.ErrForbidden)
	require.NoError(t, f.Service.RemoveUser(service(t), in))
}
