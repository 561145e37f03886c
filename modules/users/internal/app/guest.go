package app

import (
	"context"
	"errors"
	"time"

	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/id"
)

// SignInGuest implements users.Service.
func (s *Service) SignInGuest(ctx context.Context, _ users.SignInGuestInput) (users.NewSession, error) {
	now := s.now()
	guest := Account{
		User:            users.User{ID: id.NewUser(), Role: users.RoleGuest, Version: 1, CreatedAt: now, UpdatedAt: now},
		PasswordHash:    s.passwords.nobody,
		PasswordVersion: 1,
	}
	text, hash := newSecret()
	session := Session{
		Token: hash, ID: id.NewSession(), UserID: guest.ID, CreatedAt: now, ExpiresAt: now.Add(s.sessions.lifetime(users.RoleGuest)),
	}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.InsertAccount(ctx, guest); err != nil {
			return err
		}
		_, err := s.store.InsertSession(ctx, session, guest.PasswordVersion)
		return err
	})
	if err != nil {
		return users.NewSession{}, err
	}
	return users.NewSession{Token: text, UserID: guest.ID, ExpiresAt: session.ExpiresAt}, nil
}

// guestOf is the guest whose session's token that is; zero for any other text.
func (s *Service) guestOf(ctx context.Context, token string) (id.User, error) {
	session, err := s.sessions.find(ctx, hashOfToken(token))
	switch {
	case errors.Is(err, users.ErrSessionEnded):
		return id.User{}, nil
	case err != nil:
		return id.User{}, err
	case session.Role != users.RoleGuest:
		return id.User{}, nil
	default:
		return session.UserID, nil
	}
}

// turn makes a guest the owner of the account that was prepared, in the
// transaction of ctx, and says whether he could be: he may have registered or
// signed in elsewhere since his session was read.
func (s *Service) turn(ctx context.Context, guest id.User, account Account, keep Hash) (bool, error) {
	before, err := s.store.LockAccount(ctx, guest)
	if errors.Is(err, users.ErrUserNotFound) {
		return false, nil
	}
	if err != nil || before.Role != users.RoleGuest || !before.MergedInto.IsZero() {
		return false, err
	}
	account.ID, account.CreatedAt = before.ID, before.CreatedAt
	account.Version, account.PasswordVersion = before.Version+1, before.PasswordVersion+1
	if err := s.store.SaveAccount(ctx, account); err != nil {
		return false, err
	}
	// As after a new password: whoever else had got hold of a session has none of
	// the account.
	return true, s.store.DeleteSessions(ctx, before.ID, keep)
}

// merge marks a guest as merged into an account, in the transaction of ctx, and
// ends his sessions. It does nothing for one who is no guest any more.
func (s *Service) merge(ctx context.Context, guest, account id.User) error {
	merged, err := s.store.MergeGuest(ctx, guest, account, s.now())
	if err != nil || !merged {
		return err
	}
	if err := s.store.DeleteSessions(ctx, guest, Hash{}); err != nil {
		return err
	}
	return s.events.Append(ctx, users.Merged{From: guest, To: account})
}

// removalBatch is how many guests one transaction removes, so that on SQLite the
// writer is free in between.
const removalBatch = 200

// RemoveIdleGuests removes the guests who have no session at now and were made
// longer ago than a guest's session lives unused, and returns how many.
func (s *Service) RemoveIdleGuests(ctx context.Context, now time.Time) (int64, error) {
	now = database.Timestamp(now)
	var total int64
	madeBefore := now.Add(-s.sessions.lifetime(users.RoleGuest))
	for {
		var removed []id.User
		err := s.store.InTx(ctx, func(ctx context.Context) (err error) {
			removed, err = s.store.DeleteIdleGuests(ctx, madeBefore, now, removalBatch)
			if err != nil || len(removed) == 0 {
				return err
			}
			facts := make([]event.Event, len(removed))
			for i, guest := range removed {
				facts[i] = users.Removed{UserID: guest}
			}
			return s.events.Append(ctx, facts...)
		})
		if err != nil {
			return total, err
		}
		total += int64(len(removed))
		if len(removed) < removalBatch {
			return total, nil
		}
	}
}
