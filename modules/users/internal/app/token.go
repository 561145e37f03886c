package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"shop/modules/users"
	"shop/platform/identity"
)

// secretLength is how many random bytes a token has; 256 bits cannot be
// guessed, so that a plain hash is enough to store them.
const secretLength = 32

// newSecret makes the text of a token and what is stored of it.
func newSecret() (text string, hash Hash) {
	var secret [secretLength]byte
	rand.Read(secret[:]) // never fails, says its documentation
	return base64.RawURLEncoding.EncodeToString(secret[:]), sha256.Sum256(secret[:])
}

// hashOfToken is what is stored of a token; the zero Hash, which no token has,
// for text that is none.
func hashOfToken(text string) Hash {
	var secret [secretLength + 1]byte
	var encoded [43]byte
	if len(text) != len(encoded) {
		return Hash{}
	}
	copy(encoded[:], text)
	n, err := base64.RawURLEncoding.Strict().Decode(secret[:], encoded[:])
	if err != nil || n != secretLength {
		return Hash{}
	}
	return sha256.Sum256(secret[:secretLength])
}

// RequestVerification implements users.Service.
func (s *Service) RequestVerification(ctx context.Context, in users.RequestVerificationInput) error {
	if err := identity.RequireSelf(ctx, in.UserID); err != nil {
		return err
	}
	return s.store.InTx(ctx, func(ctx context.Context) error {
		account, err := s.store.LockAccount(ctx, in.UserID)
		if err != nil {
			return err
		}
		if account.Role == users.RoleGuest {
			return users.ErrGuest
		}
		if account.Verified {
			return users.ErrAlreadyVerified
		}
		return s.events.Append(ctx, users.VerificationRequested(in))
	})
}

// RequestPasswordReset implements users.Service. It does not look whether there
// is such an account: so it cannot tell.
func (s *Service) RequestPasswordReset(ctx context.Context, in users.RequestPasswordResetInput) error {
	if err := in.Validate(); err != nil {
		return err
	}
	return s.events.Append(ctx, users.PasswordResetRequested{Email: users.EmailKey(in.Email)})
}

// IssueToken implements users.Service.
func (s *Service) IssueToken(ctx context.Context, in users.IssueTokenInput) (users.Token, error) {
	if err := identity.RequireService(ctx); err != nil {
		return users.Token{}, err
	}
	if err := in.Validate(); err != nil {
		return users.Token{}, err
	}
	lifetime := verificationLifetime
	if in.Purpose == users.PurposePasswordReset {
		lifetime = resetLifetime
	}
	text, hash := newSecret()
	expires := s.now().Add(lifetime)
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		account, err := s.store.LockAccount(ctx, in.UserID)
		if err != nil {
			return err
		}
		if account.Role == users.RoleGuest {
			return users.ErrGuest
		}
		return s.store.PutToken(ctx, Token{
			Hash: hash, UserID: account.ID, Purpose: in.Purpose,
			EmailKey: users.EmailKey(account.Email), ExpiresAt: expires,
		})
	})
	if err != nil {
		return users.Token{}, err
	}
	return users.Token{Text: text, ExpiresAt: expires}, nil
}

// Verify implements users.Service.
func (s *Service) Verify(ctx context.Context, in users.VerifyInput) (users.User, error) {
	var verified users.User
	err := s.redeem(ctx, in.Token, users.PurposeVerification, func(ctx context.Context, account Account) error {
		verified = account.User
		if account.Verified {
			return nil
		}
		account.Verified = true
		account.Version++
		account.UpdatedAt = s.now()
		verified = account.User
		return s.saveNewVersion(ctx, account)
	})
	if err != nil {
		return users.User{}, err
	}
	return verified, nil
}

// ResetPassword implements users.Service. The link came by mail, so whoever
// has it also controls the address, which thereby is verified: the proof is the
// same that a verification asks for. Failed sign-ins are forgotten, so that the
// owner of an account that is under attack gets in.
func (s *Service) ResetPassword(ctx context.Context, in users.ResetPasswordInput) error {
	if err := in.Validate(); err != nil {
		return err
	}
	// Before hashing, which nobody shall have for nothing.
	if _, err := s.store.Token(ctx, hashOfToken(in.Token), users.PurposePasswordReset, s.now()); err != nil {
		return err
	}
	hash, err := s.passwords.hashInTurn(ctx, in.Password)
	if err != nil {
		return err
	}
	defer s.sessions.forget()
	return s.redeem(ctx, in.Token, users.PurposePasswordReset, func(ctx context.Context, account Account) error {
		account.PasswordHash = hash
		account.PasswordVersion++
		account.Verified = true
		account.Version++
		account.UpdatedAt = s.now()
		if err := s.saveNewVersion(ctx, account); err != nil {
			return err
		}
		if err := s.store.DeleteSessions(ctx, account.ID, Hash{}); err != nil {
			return err
		}
		return s.store.ForgetFailures(ctx, hashOfEmail(account.Email), "")
	})
}

// saveNewVersion writes an account and tells of it.
func (s *Service) saveNewVersion(ctx context.Context, account Account) error {
	if err := s.store.SaveAccount(ctx, account); err != nil {
		return err
	}
	return s.events.Append(ctx, users.Changed{UserID: account.ID, Version: account.Version})
}

// redeem uses a token up and runs fn with its locked account, in one
// transaction. Errors: users.ErrTokenInvalid.
func (s *Service) redeem(
	ctx context.Context, text string, purpose users.Purpose, fn func(context.Context, Account) error,
) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		token, err := s.store.Token(ctx, hashOfToken(text), purpose, s.now())
		if err != nil {
			return err
		}
		// The account before the token, as everywhere, so that nobody deadlocks.
		account, err := s.store.LockAccount(ctx, token.UserID)
		if err != nil {
			return users.ErrTokenInvalid.WithCause(err)
		}
		taken, err := s.store.TakeToken(ctx, token.Hash)
		if err != nil {
			return err
		}
		if !taken || token.EmailKey != users.EmailKey(account.Email) {
			return users.ErrTokenInvalid
		}
		return fn(ctx, account)
	})
}
