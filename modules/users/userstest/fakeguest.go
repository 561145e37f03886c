package userstest

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"

	"shop/modules/users"
	"shop/platform/id"
)

// SignInGuest implements users.Service.
func (f *Fake) SignInGuest(context.Context, users.SignInGuestInput) (users.NewSession, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	u := users.User{ID: id.NewUser(), Role: users.RoleGuest, Version: 1, CreatedAt: now, UpdatedAt: now}
	f.accounts[u.ID] = account{User: u}
	s := users.Session{ID: id.NewSession(), UserID: u.ID, Role: u.Role, ExpiresAt: now.Add(sessionTTL)}
	text := rand.Text()
	f.sessions[text] = s
	return users.NewSession{Token: text, UserID: u.ID, ExpiresAt: s.ExpiresAt}, nil
}

// guestOf is the guest whose living session's token that is.
func (f *Fake) guestOf(token string) (account, bool) {
	s, found := f.sessions[token]
	a := f.accounts[s.UserID]
	return a, found && f.now().Before(s.ExpiresAt) && a.Role == users.RoleGuest
}

// turn makes a guest the owner of an account.
func (f *Fake) turn(guest account, in users.RegisterInput) (id.User, error) {
	if f.byEmail(in.Email) != nil {
		return id.User{}, users.ErrEmailTaken
	}
	guest.Email, guest.Name, guest.Role, guest.password = in.Email, in.Name, users.RoleCustomer, in.Password
	guest.Version++
	guest.UpdatedAt = f.now()
	f.accounts[guest.ID] = guest
	f.endSessions(guest.ID, in.Guest)
	s := f.sessions[in.Guest]
	s.Role = guest.Role
	f.sessions[in.Guest] = s
	return guest.ID, nil
}

// merge merges the guest of a session into an account.
func (f *Fake) merge(token string, into id.User) {
	guest, found := f.guestOf(token)
	if !found || !guest.mergedInto.IsZero() {
		return
	}
	guest.mergedInto = into
	guest.Version++
	guest.UpdatedAt = f.now()
	f.accounts[guest.ID] = guest
	f.endSessions(guest.ID, "")
	f.events = append(f.events, users.Merged{From: guest.ID, To: into})
}

// RemoveIdleGuests removes the guests without a session who are older than one
// lives.
func (f *Fake) RemoveIdleGuests(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	var idle []id.User
	for _, a := range f.accounts {
		living := func(s users.Session) bool { return s.UserID == a.ID && now.Before(s.ExpiresAt) }
		if a.Role == users.RoleGuest && now.Sub(a.CreatedAt) >= sessionTTL && !slices.ContainsFunc(slices.Collect(maps.Values(f.sessions)), living) {
			idle = append(idle, a.ID)
		}
	}
	slices.SortFunc(idle, func(a, b id.User) int { return strings.Compare(a.String(), b.String()) })
	for _, guest := range idle {
		delete(f.accounts, guest)
		f.endSessions(guest, "")
		f.events = append(f.events, users.Removed{UserID: guest})
	}
	return int64(len(idle)), nil
}
