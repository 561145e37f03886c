package userstest

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"shop/modules/users"
	"shop/platform/id"
	"shop/platform/identity"
)

// How long things last, and how often a sign-in may fail.
const (
	sessionTTL    = 30 * 24 * time.Hour
	failureWindow = 15 * time.Minute
	pairLimit     = 10
	addressLimit  = 100
)

// SignIn implements users.Service.
func (f *Fake) SignIn(_ context.Context, in users.SignInInput) (users.NewSession, error) {
	if err := in.Validate(); err != nil {
		return users.NewSession{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.allow(in.Email, in.Address); err != nil {
		return users.NewSession{}, err
	}
	a := f.byEmail(in.Email)
	if a == nil || a.password != in.Password {
		f.failures = append(f.failures, failure{users.EmailKey(in.Email), in.Address, f.now()})
		return users.NewSession{}, users.ErrCredentials
	}
	f.forgetFailures(in.Email, in.Address)
	s := users.Session{ID: id.NewSession(), UserID: a.ID, Role: a.Role, ExpiresAt: f.now().Add(sessionTTL)}
	text := rand.Text()
	f.sessions[text] = s
	f.merge(in.Guest, a.ID)
	return users.NewSession{Token: text, UserID: a.ID, ExpiresAt: s.ExpiresAt}, nil
}

func (f *Fake) allow(email, address string) error {
	since := f.now().Add(-failureWindow)
	var pair, all int
	for _, failed := range f.failures {
		if failed.address == address && failed.at.After(since) {
			all++
			if failed.email == users.EmailKey(email) {
				pair++
			}
		}
	}
	if pair >= pairLimit || all >= addressLimit {
		return users.ErrTooManyAttempts.WithRetryAfter(failureWindow)
	}
	return nil
}

// forgetFailures forgets those from one address, or from all if it is empty.
func (f *Fake) forgetFailures(email, address string) {
	f.failures = slices.DeleteFunc(f.failures, func(failed failure) bool {
		return failed.email == users.EmailKey(email) && (address == "" || failed.address == address)
	})
}

// Authenticate implements users.Service.
func (f *Fake) Authenticate(_ context.Context, in users.AuthenticateInput) (users.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, found := f.sessions[in.Token]
	if !found || !f.now().Before(s.ExpiresAt) {
		return users.Session{}, users.ErrSessionEnded
	}
	if s.ExpiresAt.Sub(f.now()) < sessionTTL-sessionTTL/20 {
		s.ExpiresAt = f.now().Add(sessionTTL)
		f.sessions[in.Token] = s
	}
	return s, nil
}

// SignOut implements users.Service.
func (f *Fake) SignOut(_ context.Context, in users.SignOutInput) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, in.Token)
	return nil
}

// EndSessions implements users.Service.
func (f *Fake) EndSessions(ctx context.Context, in users.EndSessionsInput) error {
	if err := identity.RequireSelf(ctx, in.UserID); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endSessions(in.UserID, "")
	return nil
}

func (f *Fake) endSessions(user id.User, except string) {
	maps.DeleteFunc(f.sessions, func(text string, s users.Session) bool { return s.UserID == user && text != except })
}
