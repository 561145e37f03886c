package userstest

import (
	"context"
	"crypto/rand"
	"maps"
	"time"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/identity"
)

// RequestVerification implements users.Service.
func (f *Fake) RequestVerification(ctx context.Context, in users.RequestVerificationInput) error {
	if err := identity.RequireSelf(ctx, in.UserID); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.find(in.UserID, 0)
	if err != nil {
		return err
	}
	if a.Role == users.RoleGuest {
		return users.ErrGuest
	}
	if a.Verified {
		return users.ErrAlreadyVerified
	}
	f.events = append(f.events, users.VerificationRequested(in))
	return nil
}

// RequestPasswordReset implements users.Service.
func (f *Fake) RequestPasswordReset(_ context.Context, in users.RequestPasswordResetInput) error {
	if err := in.Validate(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, users.PasswordResetRequested{Email: users.EmailKey(in.Email)})
	return nil
}

// IssueToken implements users.Service.
func (f *Fake) IssueToken(ctx context.Context, in users.IssueTokenInput) (users.Token, error) {
	if err := identity.RequireService(ctx); err != nil {
		return users.Token{}, err
	}
	if err := in.Validate(); err != nil {
		return users.Token{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.find(in.UserID, 0)
	if err != nil {
		return users.Token{}, err
	}
	if a.Role == users.RoleGuest {
		return users.Token{}, users.ErrGuest
	}
	lifetime := 48 * time.Hour
	if in.Purpose == users.PurposePasswordReset {
		lifetime = time.Hour
	}
	maps.DeleteFunc(f.tokens, func(_ string, t token) bool { return t.user == a.ID && t.purpose == in.Purpose })
	issued := users.Token{Text: rand.Text(), ExpiresAt: f.now().Add(lifetime)}
	f.tokens[issued.Text] = token{user: a.ID, purpose: in.Purpose, expires: issued.ExpiresAt}
	return issued, nil
}

// Verify implements users.Service.
func (f *Fake) Verify(_ context.Context, in users.VerifyInput) (users.User, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.redeem(in.Token, users.PurposeVerification)
	if err != nil {
		return users.User{}, err
	}
	if !a.Verified {
		a.Verified = true
		a.Version++
		a.UpdatedAt = f.now()
		f.accounts[a.ID] = a
		f.events = append(f.events, users.Changed{UserID: a.ID, Version: a.Version})
	}
	return a.User, nil
}

// ResetPassword implements users.Service.
func (f *Fake) ResetPassword(_ context.Context, in users.ResetPasswordInput) error {
	if err := in.Validate(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.redeem(in.Token, users.PurposePasswordReset)
	if err != nil {
		return err
	}
	a.password, a.Verified = in.Password, true
	a.Version++
	a.UpdatedAt = f.now()
	f.accounts[a.ID] = a
	f.events = append(f.events, users.Changed{UserID: a.ID, Version: a.Version})
	f.endSessions(a.ID, "")
	f.forgetFailures(a.Email, "")
	return nil
}

func (f *Fake) redeem(text string, purpose users.Purpose) (account, error) {
	t, found := f.tokens[text]
	if !found || t.purpose != purpose || !f.now().Before(t.expires) {
		return account{}, users.ErrTokenInvalid
	}
	delete(f.tokens, text)
	return f.accounts[t.user], nil
}

// Audit implements users.Service: the fake keeps no strays.
func (f *Fake) Audit(ctx context.Context, _ audit.Input) (audit.Report, error) {
	var report audit.Report
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	merged := 0
	for _, a := range f.accounts {
		if !a.mergedInto.IsZero() {
			merged++
		}
	}
	report.Looked("users.session_of_nobody", int64(len(f.sessions)))
	report.Looked("users.token_of_nobody", int64(len(f.tokens)))
	report.Looked("users.merged_guest", int64(merged))
	return report, nil
}
