package app

import (
	"context"
	"errors"
	"strings"

	"shop/modules/users"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/page"
)

// Register implements users.Service.
func (s *Service) Register(ctx context.Context, in users.RegisterInput) (id.User, error) {
	if err := in.Validate(); err != nil {
		return id.User{}, err
	}
	account, err := s.newAccount(ctx, in.Email, in.Password, in.Name)
	if err != nil {
		return id.User{}, err
	}
	account.Role = users.RoleCustomer
	guest, err := s.guestOf(ctx, in.Guest)
	if err != nil {
		return id.User{}, err
	}
	if !guest.IsZero() {
		defer s.sessions.forget()
	}
	// The password stays out of what is fingerprinted, because that is stored.
	fingerprinted := struct{ Email, Name string }{in.Email, in.Name}
	return sqlstore.Do(ctx, s.idempotency, in.Key, "users.Register", fingerprinted,
		func(ctx context.Context) (id.User, error) {
			if !guest.IsZero() {
				turned, err := s.turn(ctx, guest, account, hashOfToken(in.Guest))
				if err != nil {
					return id.User{}, err
				}
				if turned {
					return guest, s.events.Append(ctx, users.Registered{UserID: guest})
				}
			}
			if err := s.store.InsertAccount(ctx, account); err != nil {
				return id.User{}, err
			}
			return account.ID, s.events.Append(ctx, users.Registered{UserID: account.ID})
		})
}

// CreateAdministrator implements users.Service.
func (s *Service) CreateAdministrator(ctx context.Context, in users.CreateAdministratorInput) (id.User, error) {
	if err := identity.RequireService(ctx); err != nil {
		return id.User{}, err
	}
	if err := in.Validate(); err != nil {
		return id.User{}, err
	}
	if in.OnlyFirst {
		if found, err := s.store.HasAdministrator(ctx); found || err != nil {
			return id.User{}, err
		}
	}
	account, err := s.newAccount(ctx, in.Email, in.Password, in.Name)
	if err != nil {
		return id.User{}, err
	}
	account.Role, account.Verified = users.RoleAdministrator, true
	var made id.User
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		made = account.ID
		if in.OnlyFirst {
			// Replicas that start together must not make one each.
			if err := s.store.LockAllAccounts(ctx); err != nil {
				return err
			}
			found, err := s.store.HasAdministrator(ctx)
			if err != nil {
				return err
			}
			if found {
				made = id.User{}
				return nil
			}
		}
		return s.store.InsertAccount(ctx, account)
	})
	if err != nil {
		return id.User{}, err
	}
	return made, nil
}

// newAccount hashes the password, which takes too long for a transaction.
func (s *Service) newAccount(ctx context.Context, email, password, name string) (Account, error) {
	hash, err := s.passwords.hashInTurn(ctx, password)
	if err != nil {
		return Account{}, err
	}
	now := s.now()
	return Account{
		User: users.User{
			ID: id.NewUser(), Email: email, Name: name, Version: 1, CreatedAt: now, UpdatedAt: now,
		},
		PasswordHash: hash, PasswordVersion: 1,
	}, nil
}

// User implements users.Service.
func (s *Service) User(ctx context.Context, in users.UserInput) (users.User, error) {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return users.User{}, err
	}
	account, err := s.store.Account(ctx, in.ID)
	return account.User, err
}

// FindUser implements users.Service.
func (s *Service) FindUser(ctx context.Context, in users.FindUserInput) (users.User, error) {
	if err := identity.RequireService(ctx); err != nil {
		return users.User{}, err
	}
	account, err := s.store.AccountByEmail(ctx, users.EmailKey(in.Email))
	return account.User, err
}

// ListUsers implements users.Service.
func (s *Service) ListUsers(ctx context.Context, in users.ListUsersInput) (page.Page[users.User], error) {
	var none page.Page[users.User]
	if err := identity.RequirePrivileged(ctx); err != nil {
		return none, err
	}
	if err := in.Validate(); err != nil {
		return none, err
	}
	query := AccountQuery{Text: strings.ToLower(in.Query), Role: in.Role, Limit: in.Page.Size() + 1}
	if in.Page.Cursor != "" {
		cursor, err := page.Decode(in.Page.Cursor, "")
		if err != nil {
			return none, err
		}
		if err := query.Before.UnmarshalText([]byte(cursor.ID)); err != nil {
			return none, page.ErrCursor
		}
	}
	found, err := s.store.ListAccounts(ctx, query)
	if err != nil {
		return none, err
	}
	cut := page.Cut(found, in.Page.Size(), func(u users.User) page.Cursor { return page.Cursor{ID: u.ID.String()} })
	if in.Page.CountExact {
		total, err := s.store.CountAccounts(ctx, query)
		if err != nil {
			return none, err
		}
		cut.Total = &total
	}
	return cut, nil
}

// RemoveUser implements users.Service.
func (s *Service) RemoveUser(ctx context.Context, in users.RemoveUserInput) error {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return err
	}
	defer s.sessions.forget()
	return s.store.InTx(ctx, func(ctx context.Context) error {
		// First, and always: who takes the administrators' locks in the same order
		// as everybody else cannot deadlock.
		administrators, err := s.store.LockAdministrators(ctx)
		if err != nil {
			return err
		}
		account, err := s.lock(ctx, in.ID, in.IfVersion)
		if err != nil {
			return err
		}
		if account.Role == users.RoleAdministrator && len(administrators) < 2 {
			return users.ErrLastAdministrator
		}
		if err := s.store.DeleteAccount(ctx, in.ID); err != nil {
			return err
		}
		if err := s.store.ForgetFailures(ctx, hashOfEmail(account.Email), ""); err != nil {
			return err
		}
		if err := s.idempotency.Forget(ctx, identity.Actor{User: in.ID}.String()); err != nil {
			return err
		}
		return s.events.Append(ctx, users.Removed{UserID: in.ID})
	})
}

// lock locks an account and compares its version with the wanted one; 0 is any.
func (s *Service) lock(ctx context.Context, user id.User, version int64) (Account, error) {
	account, err := s.store.LockAccount(ctx, user)
	if err != nil {
		return Account{}, err
	}
	if version != 0 && version != account.Version {
		return Account{}, fault.ErrPrecondition
	}
	return account, nil
}

// accountOrNobody finds the account of an address; nil when there is none.
func (s *Service) accountOrNobody(ctx context.Context, email string) (*Account, error) {
	account, err := s.store.AccountByEmail(ctx, users.EmailKey(email))
	if errors.Is(err, users.ErrUserNotFound) {
		return nil, nil //nolint:nilnil // nobody is an answer here
	}
	if err != nil {
		return nil, err
	}
	return &account, nil
}
