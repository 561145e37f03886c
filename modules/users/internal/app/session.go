package app

import (
	"context"

	"shop/modules/users"
	"shop/platform/id"
	"shop/platform/identity"
)

// SignIn implements users.Service.
func (s *Service) SignIn(ctx context.Context, in users.SignInInput) (users.NewSession, error) {
	if err := in.Validate(); err != nil {
		return users.NewSession{}, err
	}
	account, err := s.accountOrNobody(ctx, in.Email)
	if err != nil {
		return users.NewSession{}, err
	}
	hash := s.passwords.nobody
	if account != nil {
		hash = account.PasswordHash
	}
	from := signInSource(in.Email, in.Address)
	verdict, err := s.check(ctx, from, in.Password, hash)
	if err != nil {
		return users.NewSession{}, err
	}
	if !verdict.match || account == nil {
		return users.NewSession{}, users.ErrCredentials
	}
	guest, err := s.guestOf(ctx, in.Guest)
	if err != nil {
		return users.NewSession{}, err
	}
	if !guest.IsZero() {
		defer s.sessions.forget()
	}
	return s.startSession(ctx, *account, guest, from, verdict)
}

// startSession stores a session of an account whose password has been checked,
// and merges the guest, if there is one, into the account.
func (s *Service) startSession(
	ctx context.Context, a Account, guest id.User, from source, v finding,
) (users.NewSession, error) {
	text, hash := newSecret()
	now := s.now()
	session := Session{
		Token: hash, ID: id.NewSession(), UserID: a.ID, CreatedAt: now, ExpiresAt: now.Add(s.sessions.lifetime(a.Role)),
	}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		// The account may have got another password, or be gone, since its hash was
		// read: then this session would outlive those that were ended for that.
		started, err := s.store.InsertSession(ctx, session, a.PasswordVersion)
		if err != nil {
			return err
		}
		if !started {
			return users.ErrCredentials
		}
		if v.failures > 0 {
			if err := s.store.ForgetFailures(ctx, from.account, from.address); err != nil {
				return err
			}
		}
		if v.rehashed != "" {
			if err := s.store.ReplacePasswordHash(ctx, a.ID, a.PasswordHash, v.rehashed); err != nil {
				return err
			}
		}
		if guest.IsZero() {
			return nil
		}
		return s.merge(ctx, guest, a.ID)
	})
	if err != nil {
		return users.NewSession{}, err
	}
	return users.NewSession{Token: text, UserID: a.ID, ExpiresAt: session.ExpiresAt}, nil
}

// Authenticate implements users.Service.
func (s *Service) Authenticate(ctx context.Context, in users.AuthenticateInput) (users.Session, error) {
	return s.sessions.find(ctx, hashOfToken(in.Token))
}

// SignOut implements users.Service.
func (s *Service) SignOut(ctx context.Context, in users.SignOutInput) error {
	hash := hashOfToken(in.Token)
	if hash == (Hash{}) {
		return nil
	}
	defer s.sessions.forget()
	return s.store.DeleteSession(ctx, hash)
}

// EndSessions implements users.Service.
func (s *Service) EndSessions(ctx context.Context, in users.EndSessionsInput) error {
	if err := identity.RequireSelf(ctx, in.UserID); err != nil {
		return err
	}
	defer s.sessions.forget()
	return s.store.DeleteSessions(ctx, in.UserID, Hash{})
}
