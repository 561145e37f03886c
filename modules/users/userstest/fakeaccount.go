package userstest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"shop/modules/users"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// User implements users.Service.
func (f *Fake) User(ctx context.Context, in users.UserInput) (users.User, error) {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return users.User{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.find(in.ID, 0)
	return a.User, err
}

// FindUser implements users.Service.
func (f *Fake) FindUser(ctx context.Context, in users.FindUserInput) (users.User, error) {
	if err := identity.RequireService(ctx); err != nil {
		return users.User{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.byEmail(in.Email); a != nil {
		return a.User, nil
	}
	return users.User{}, users.ErrUserNotFound
}

// ListUsers implements users.Service.
func (f *Fake) ListUsers(ctx context.Context, in users.ListUsersInput) (page.Page[users.User], error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return page.Page[users.User]{}, err
	}
	if err := in.Validate(); err != nil {
		return page.Page[users.User]{}, err
	}
	var before id.User
	if in.Page.Cursor != "" {
		cursor, err := page.Decode(in.Page.Cursor, "")
		if err != nil || before.UnmarshalText([]byte(cursor.ID)) != nil {
			return page.Page[users.User]{}, page.ErrCursor
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var matching, rest []users.User
	for _, a := range f.accounts {
		text := strings.ToLower(a.Name + "\n" + a.Email)
		if strings.Contains(text, strings.ToLower(in.Query)) && (in.Role == a.Role || in.Role == "" && a.Role != users.RoleGuest) {
			matching = append(matching, a.User)
		}
	}
	slices.SortFunc(matching, func(a, b users.User) int { return strings.Compare(b.ID.String(), a.ID.String()) })
	for _, u := range matching {
		if before.IsZero() || u.ID.String() < before.String() {
			rest = append(rest, u)
		}
	}
	size := in.Page.Size()
	cut := page.Cut(rest, size, func(u users.User) page.Cursor { return page.Cursor{ID: u.ID.String()} })
	if in.Page.CountExact {
		total := int64(len(matching))
		cut.Total = &total
	}
	return cut, nil
}

// UpdateUser implements users.Service.
func (f *Fake) UpdateUser(ctx context.Context, in users.UpdateUserInput) (users.User, error) {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return users.User{}, err
	}
	if err := in.Validate(); err != nil {
		return users.User{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before, err := f.find(in.ID, in.IfVersion)
	if err != nil {
		return users.User{}, err
	}
	if before.Role == users.RoleGuest {
		return users.User{}, users.ErrGuest
	}
	after := before
	if err := f.setPassword(ctx, &after, in); err != nil {
		return users.User{}, err
	}
	if err := f.setRole(ctx, &after, in); err != nil {
		return users.User{}, err
	}
	if in.Name != nil {
		after.Name = *in.Name
	}
	moved := false
	if in.Email != nil {
		if other := f.byEmail(*in.Email); other != nil && other.ID != in.ID {
			return users.User{}, users.ErrEmailTaken
		}
		after.Email = *in.Email
		moved = users.EmailKey(after.Email) != users.EmailKey(before.Email)
		after.Verified = before.Verified && !moved
	}
	if after == before && in.Password == nil {
		return before.User, nil
	}
	after.Version++
	after.UpdatedAt = f.now()
	f.accounts[in.ID] = after
	if moved || in.Password != nil {
		maps.DeleteFunc(f.tokens, func(_ string, t token) bool { return t.user == in.ID })
	}
	f.events = append(f.events, users.Changed{UserID: in.ID, Version: after.Version})
	if moved {
		f.events = append(f.events, users.VerificationRequested{UserID: in.ID})
	}
	if in.Password != nil {
		f.endSessions(in.ID, in.KeepSession)
		f.forgetFailures(before.Email, "")
	}
	return after.User, nil
}

func (f *Fake) setPassword(ctx context.Context, a *account, in users.UpdateUserInput) error {
	if in.Password == nil {
		return nil
	}
	if !identity.From(ctx).IsPrivileged() {
		if in.CurrentPassword == "" {
			return users.ErrWrongPassword
		}
		from := "password change of " + a.ID.String()
		if err := f.allow(a.Email, from); err != nil {
			return err
		}
		if in.CurrentPassword != a.password {
			f.failures = append(f.failures, failure{users.EmailKey(a.Email), from, f.now()})
			return users.ErrWrongPassword
		}
	}
	a.password = *in.Password
	return nil
}

func (f *Fake) setRole(ctx context.Context, a *account, in users.UpdateUserInput) error {
	if in.Role == nil || *in.Role == a.Role {
		return nil
	}
	if !identity.From(ctx).IsPrivileged() {
		return identity.ErrForbidden
	}
	if a.Role == users.RoleAdministrator && f.administrators() < 2 {
		return users.ErrLastAdministrator
	}
	a.Role = *in.Role
	for text, s := range f.sessions {
		if s.UserID == a.ID {
			s.Role = a.Role
			f.sessions[text] = s
		}
	}
	return nil
}

// RemoveUser implements users.Service.
func (f *Fake) RemoveUser(ctx context.Context, in users.RemoveUserInput) error {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.find(in.ID, in.IfVersion)
	if err != nil {
		return err
	}
	if a.Role == users.RoleAdministrator && f.administrators() < 2 {
		return users.ErrLastAdministrator
	}
	delete(f.accounts, in.ID)
	f.endSessions(in.ID, "")
	f.forgetFailures(a.Email, "")
	maps.DeleteFunc(f.tokens, func(_ string, t token) bool { return t.user == in.ID })
	f.answers.Forget(identity.Actor{User: in.ID}.String())
	f.events = append(f.events, users.Removed{UserID: in.ID})
	return nil
}
