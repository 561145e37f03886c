package app

import (
	"context"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/identity"
)

// UpdateUser implements users.Service.
func (s *Service) UpdateUser(ctx context.Context, in users.UpdateUserInput) (users.User, error) {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return users.User{}, err
	}
	if err := in.Validate(); err != nil {
		return users.User{}, err
	}
	c := change{Service: s, in: in}
	if in.Password != nil {
		if err := c.preparePassword(ctx); err != nil {
			return users.User{}, err
		}
	}
	if in.Password != nil || in.Role != nil {
		defer s.sessions.forget()
	}
	var changed users.User
	err := s.store.InTx(ctx, func(ctx context.Context) (err error) {
		changed, err = c.apply(ctx)
		return err
	})
	if err != nil {
		return users.User{}, err
	}
	return changed, nil
}

// change is one UpdateUser.
type change struct {
	*Service
	in users.UpdateUserInput
	// hash is that of the new password.
	hash string
	// basedOn is the version of the password that was proved to be known; 0 when
	// no proof was needed.
	basedOn int64
}

// preparePassword checks the current password and hashes the new one, which
// takes too long for a transaction.
func (c *change) preparePassword(ctx context.Context) error {
	if !identity.From(ctx).IsPrivileged() {
		account, err := c.store.Account(ctx, c.in.ID)
		if err != nil {
			return err
		}
		if account.Role == users.RoleGuest {
			return users.ErrGuest
		}
		if c.in.CurrentPassword == "" {
			return users.ErrWrongPassword
		}
		from := changeSource(account.User)
		verdict, err := c.check(ctx, from, c.in.CurrentPassword, account.PasswordHash)
		if err != nil {
			return err
		}
		if !verdict.match {
			return users.ErrWrongPassword
		}
		c.basedOn = account.PasswordVersion
	}
	hash, err := c.passwords.hashInTurn(ctx, *c.in.Password)
	c.hash = hash
	return err
}

// apply makes the change in the transaction of ctx.
func (c *change) apply(ctx context.Context) (users.User, error) {
	last := false
	if c.in.Role != nil && *c.in.Role != users.RoleAdministrator {
		// Before the account's own lock, as RemoveUser does.
		administrators, err := c.store.LockAdministrators(ctx)
		if err != nil {
			return users.User{}, err
		}
		last = len(administrators) < 2
	}
	before, err := c.lock(ctx, c.in.ID, c.in.IfVersion)
	if err != nil {
		return users.User{}, err
	}
	if before.Role == users.RoleGuest {
		return users.User{}, users.ErrGuest
	}
	after := before
	if err := c.applyRole(ctx, &after, last); err != nil {
		return users.User{}, err
	}
	if c.in.Name != nil {
		after.Name = *c.in.Name
	}
	moved := false
	if c.in.Email != nil {
		after.Email = *c.in.Email
		moved = users.EmailKey(after.Email) != users.EmailKey(before.Email)
		after.Verified = before.Verified && !moved
	}
	if c.in.Password != nil {
		if c.basedOn != 0 && c.basedOn != before.PasswordVersion {
			return users.User{}, users.ErrWrongPassword
		}
		after.PasswordHash = c.hash
		after.PasswordVersion++
	}
	if after == before {
		return before.User, nil
	}
	after.Version++
	after.UpdatedAt = c.now()
	if err := c.store.SaveAccount(ctx, after); err != nil {
		return users.User{}, err
	}
	return after.User, c.consequences(ctx, before, moved)
}

func (c *change) applyRole(ctx context.Context, a *Account, last bool) error {
	if c.in.Role == nil || *c.in.Role == a.Role {
		return nil
	}
	if !identity.From(ctx).IsPrivileged() {
		return identity.ErrForbidden
	}
	if a.Role == users.RoleAdministrator && last {
		return users.ErrLastAdministrator
	}
	a.Role = *c.in.Role
	return nil
}

// consequences does what follows from the change of an account.
func (c *change) consequences(ctx context.Context, before Account, moved bool) error {
	if moved || c.in.Password != nil {
		// Links that went to the old address, or were asked for because of the old
		// password, are void.
		if err := c.store.DeleteTokens(ctx, before.ID); err != nil {
			return err
		}
	}
	if c.in.Password != nil {
		if err := c.store.DeleteSessions(ctx, before.ID, hashOfToken(c.in.KeepSession)); err != nil {
			return err
		}
		if err := c.store.ForgetFailures(ctx, hashOfEmail(before.Email), ""); err != nil {
			return err
		}
	}
	facts := []event.Event{users.Changed{UserID: before.ID, Version: before.Version + 1}}
	if moved {
		facts = append(facts, users.VerificationRequested{UserID: before.ID})
	}
	return c.events.Append(ctx, facts...)
}
