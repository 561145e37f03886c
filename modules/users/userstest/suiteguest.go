package userstest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

var guestTests = map[string]func(*testing.T, Fixture){
	"SignInGuest/has a session and nothing else": guestSession,
	"SignInGuest/ErrGuest":                       guestRefused,
	"ListUsers/guests only when asked for":       guestsListed,
	"Register/a guest becomes the account":       guestRegisters,
	"Register/a guest with a taken address":      guestRegistersTaken,
	"Register/somebody who is no guest":          guestRegistersNobody,
	"SignIn/merges a guest once":                 guestMerged,
	"SignIn/merges a guest into one of many":     guestContended,
	"SignIn/merges nobody else":                  guestMergesNobody,
	"RemoveUser/a guest":                         guestRemoved,
	"RemoveIdleGuests":                           guestsIdle,
}

func (f Fixture) guest(t *testing.T) users.NewSession {
	t.Helper()
	s, err := f.Service.SignInGuest(t.Context(), users.SignInGuestInput{})
	require.NoError(t, err)
	return s
}

func guestSession(t *testing.T, f Fixture) {
	s := f.guest(t)
	require.Equal(t, f.Clock.Now().Add(30*24*time.Hour), s.ExpiresAt)
	got, err := f.Service.Authenticate(t.Context(), users.AuthenticateInput{Token: s.Token})
	require.NoError(t, err)
	require.Equal(t, users.Session{ID: got.ID, UserID: s.UserID, Role: users.RoleGuest, ExpiresAt: s.ExpiresAt}, got)
	want := users.User{ID: s.UserID, Role: users.RoleGuest, Version: 1, CreatedAt: f.Clock.Now(), UpdatedAt: f.Clock.Now()}
	require.Empty(t, cmp.Diff(want, f.read(t, s.UserID)))
	require.NotEqual(t, s.UserID, f.guest(t).UserID)
	require.Empty(t, f.Events(t))

	for _, email := range []string{"", "guest " + s.UserID.String()} {
		_, err = f.Service.FindUser(service(t), users.FindUserInput{Email: email})
		require.ErrorIs(t, err, users.ErrUserNotFound)
	}
	_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: "guest " + s.UserID.String(), Password: password})
	require.ErrorIs(t, err, users.ErrCredentials)
}

func guestRefused(t *testing.T, f Fixture) {
	guest := f.guest(t).UserID
	for _, in := range []users.UpdateUserInput{
		{ID: guest, Name: new("Ada")},
		{ID: guest, Email: new("ada@example.com")},
		{ID: guest, Password: new(password), CurrentPassword: password},
	} {
		_, err := f.Service.UpdateUser(as(t, guest), in)
		require.ErrorIs(t, err, users.ErrGuest)
	}
	_, err := f.Service.UpdateUser(admin(t), users.UpdateUserInput{ID: guest, Role: new(users.RoleAdministrator)})
	require.ErrorIs(t, err, users.ErrGuest)
	require.ErrorIs(t, f.Service.RequestVerification(as(t, guest), users.RequestVerificationInput{UserID: guest}), users.ErrGuest)
	_, err = f.Service.IssueToken(service(t), users.IssueTokenInput{UserID: guest, Purpose: users.PurposePasswordReset})
	require.ErrorIs(t, err, users.ErrGuest)
	_, err = f.Service.UpdateUser(admin(t), users.UpdateUserInput{ID: f.register(t, "ada@example.com"), Role: new(users.RoleGuest)})
	requireFields(t, err, "body.role")
}

func guestsListed(t *testing.T, f Fixture) {
	first, account, second := f.guest(t).UserID, f.register(t, "ada@example.com"), f.guest(t).UserID
	for role, want := range map[users.Role][]id.User{
		"": {account}, users.RoleCustomer: {account}, users.RoleAdministrator: nil, users.RoleGuest: {second, first},
	} {
		p, err := f.Service.ListUsers(admin(t), users.ListUsersInput{Role: role})
		require.NoError(t, err)
		var got []id.User
		for _, u := range p.Items {
			got = append(got, u.ID)
		}
		require.Equal(t, want, got, role)
	}
}

func guestRegisters(t *testing.T, f Fixture) {
	s := f.guest(t)
	created := f.Clock.Now()
	f.Clock.Advance(time.Minute)
	in := users.RegisterInput{
		Key: idempotency.NewKey("once"), Email: "Ada@example.com", Password: password, Name: "Ada Lovelace", Guest: s.Token,
	}
	self := as(t, s.UserID)
	user, err := f.Service.Register(self, in)
	require.NoError(t, err)
	require.Equal(t, s.UserID, user)
	want := users.User{
		ID: user, Email: "Ada@example.com", Name: "Ada Lovelace", Role: users.RoleCustomer,
		Version: 2, CreatedAt: created, UpdatedAt: f.Clock.Now(),
	}
	require.Empty(t, cmp.Diff(want, f.read(t, user)))
	f.settle()
	got, err := f.Service.Authenticate(t.Context(), users.AuthenticateInput{Token: s.Token})
	require.NoError(t, err)
	require.Equal(t, users.RoleCustomer, got.Role)

	in.Key = idempotency.NewKey("once")
	again, err := f.Service.Register(self, in)
	require.NoError(t, err)
	require.Equal(t, user, again)
	require.True(t, in.Key.Replayed())
	require.Equal(t, []event.Event{users.Registered{UserID: user}}, f.Events(t))

	// He is a customer like others now: nothing is left to be merged.
	f.register(t, "bob@example.com")
	_, err = f.Service.SignIn(t.Context(), users.SignInInput{Email: "bob@example.com", Password: password, Guest: s.Token})
	require.NoError(t, err)
	f.signIn(t, "ada@example.com")
	require.Len(t, f.Events(t), 2)
}

func guestRegistersTaken(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	s := f.guest(t)
	_, err := f.Service.Register(as(t, s.UserID), users.RegisterInput{
		Email: "ADA@example.com", Password: password, Name: "Ada", Guest: s.Token,
	})
	require.ErrorIs(t, err, users.ErrEmailTaken)
	require.Equal(t, users.RoleGuest, f.read(t, s.UserID).Role)
	require.True(t, f.alive(t, s.Token))
}

func guestRegistersNobody(t *testing.T, f Fixture) {
	ada := f.register(t, "ada@example.com")
	for email, token := range map[string]string{"bob@example.com": f.signIn(t, "ada@example.com"), "cy@example.com": "no token"} {
		user, err := f.Service.Register(t.Context(), users.RegisterInput{Email: email, Password: password, Name: "x", Guest: token})
		require.NoError(t, err)
		require.NotEqual(t, ada, user)
	}
	require.Equal(t, "ada@example.com", f.read(t, ada).Email)
}

func guestMerged(t *testing.T, f Fixture) {
	ada, s := f.register(t, "ada@example.com"), f.guest(t)
	in := users.SignInInput{Email: "ada@example.com", Password: "wrong password", Guest: s.Token}
	_, err := f.Service.SignIn(t.Context(), in)
	require.ErrorIs(t, err, users.ErrCredentials)
	require.True(t, f.alive(t, s.Token))

	in.Password = password
	session, err := f.Service.SignIn(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, ada, session.UserID)
	f.settle()
	require.False(t, f.alive(t, s.Token))
	require.True(t, f.alive(t, session.Token))
	_, err = f.Service.SignIn(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []event.Event{users.Registered{UserID: ada}, users.Merged{From: s.UserID, To: ada}}, f.Events(t))
	report, err := f.Service.Audit(service(t), audit.Input{Repair: true})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
	require.Equal(t, map[string]int64{"users.session_of_nobody": 2, "users.token_of_nobody": 0, "users.merged_guest": 1}, report.Checked)
	_, err = f.Service.Audit(as(t, ada), audit.Input{})
	require.ErrorIs(t, err, identity.ErrForbidden)
	require.Equal(t, users.RoleGuest, f.read(t, s.UserID).Role, "others may still have things of his")

	// Too late to become an account himself.
	user, err := f.Service.Register(t.Context(), users.RegisterInput{Email: "b@example.com", Password: password, Name: "B", Guest: s.Token})
	require.NoError(t, err)
	require.NotEqual(t, s.UserID, user)
}

func guestContended(t *testing.T, f Fixture) {
	s := f.guest(t)
	emails := []string{"a@example.com", "b@example.com", "c@example.com"}
	f.register(t, emails[0])
	f.register(t, emails[1])
	errs := make([]error, len(emails))
	var all sync.WaitGroup
	for i, email := range emails {
		all.Go(func() {
			if i == 2 {
				_, errs[i] = f.Service.Register(as(t, s.UserID), users.RegisterInput{Email: email, Password: password, Name: "C", Guest: s.Token})
				return
			}
			_, errs[i] = f.Service.SignIn(t.Context(), users.SignInInput{Email: email, Password: password, Guest: s.Token})
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	took := 0
	for _, e := range f.Events(t) {
		switch e := e.(type) {
		case users.Merged:
			require.Equal(t, s.UserID, e.From)
			took++
		case users.Registered:
			if e.UserID == s.UserID {
				took++
			}
		}
	}
	require.Equal(t, 1, took, "one has the guest's cart")
}

func guestMergesNobody(t *testing.T, f Fixture) {
	f.register(t, "ada@example.com")
	f.register(t, "bob@example.com")
	bob := f.signIn(t, "bob@example.com")
	for _, token := range []string{"", "no token", bob} {
		_, err := f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password, Guest: token})
		require.NoError(t, err)
	}
	require.True(t, f.alive(t, bob))
	require.Len(t, f.Events(t), 2)
}

func guestRemoved(t *testing.T, f Fixture) {
	s := f.guest(t)
	require.NoError(t, f.Service.RemoveUser(as(t, s.UserID), users.RemoveUserInput{ID: s.UserID}))
	f.settle()
	require.False(t, f.alive(t, s.Token))
	require.Equal(t, []event.Event{users.Removed{UserID: s.UserID}}, f.Events(t))
}

func guestsIdle(t *testing.T, f Fixture) {
	idle, used, left, merged := f.guest(t), f.guest(t), f.guest(t), f.guest(t)
	ada := f.register(t, "ada@example.com")
	_, err := f.Service.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password, Guest: merged.Token})
	require.NoError(t, err)
	require.NoError(t, f.Service.SignOut(t.Context(), users.SignOutInput{Token: left.Token}))
	f.Clock.Advance(20 * 24 * time.Hour)
	young := f.guest(t)
	require.True(t, f.alive(t, used.Token))
	f.RemoveIdleGuests(t)
	f.read(t, left.UserID)

	f.Clock.Advance(10 * 24 * time.Hour)
	f.RemoveIdleGuests(t)
	for _, s := range []users.NewSession{idle, left, merged} {
		_, err := f.Service.User(admin(t), users.UserInput{ID: s.UserID})
		require.ErrorIs(t, err, users.ErrUserNotFound)
	}
	require.True(t, f.alive(t, used.Token))
	require.True(t, f.alive(t, young.Token))
	f.read(t, ada)
	want := []event.Event{users.Registered{UserID: ada}, users.Merged{From: merged.UserID, To: ada}}
	require.ElementsMatch(t, append(want, users.Removed{UserID: idle.UserID}, users.Removed{UserID: left.UserID}, users.Removed{UserID: merged.UserID}), f.Events(t))
}
