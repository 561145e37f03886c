package app

import (
	"context"
	"log/slog"
	"time"

	"shop/modules/users"
	"shop/modules/users/internal/recent"
)

// prolongations is how many times a session in constant use is prolonged in its
// lifetime: seldom, so that authenticating is a read.
const prolongations = 20

// sessions finds sessions, most of them in memory.
type sessions struct {
	store Store
	log   *slog.Logger
	now   func() time.Time
	// ttl is how long a session lives after it was last used, and guestTTL that of
	// a guest.
	ttl, guestTTL time.Duration
	memory        *recent.Sessions[Hash]
}

func newSessions(store Store, log *slog.Logger, now func() time.Time, o Settings) (*sessions, error) {
	s := &sessions{store: store, log: log, now: now, ttl: o.SessionTTL, guestTTL: o.GuestTTL}
	var err error
	s.memory, err = recent.New(recent.OfDatabase, now, s.read)
	return s, err
}

// lifetime is how long an unused session of somebody with that role lives.
func (s *sessions) lifetime(role users.Role) time.Duration {
	if role == users.RoleGuest {
		return s.guestTTL
	}
	return s.ttl
}

// find is the session of a token. Errors: users.ErrSessionEnded.
func (s *sessions) find(ctx context.Context, token Hash) (users.Session, error) {
	if token == (Hash{}) {
		return users.Session{}, users.ErrSessionEnded
	}
	session, err := s.memory.Find(ctx, token)
	if err != nil {
		return users.Session{}, err
	}
	if !s.now().Before(session.ExpiresAt) {
		return users.Session{}, users.ErrSessionEnded
	}
	return session, nil
}

// read reads a session and prolongs it now and then.
func (s *sessions) read(ctx context.Context, token Hash) (users.Session, error) {
	now := s.now()
	session, err := s.store.Session(ctx, token, now)
	if err != nil {
		return users.Session{}, err
	}
	if ttl := s.lifetime(session.Role); session.ExpiresAt.Sub(now) < ttl-ttl/prolongations {
		until := now.Add(ttl)
		if err := s.store.ProlongSession(ctx, token, until); err != nil {
			// The session is alive; the next lookup tries again to keep it so.
			s.log.WarnContext(ctx, "cannot prolong a session", "session", session.ID, "error", err)
			return session, nil
		}
		session.ExpiresAt = until
	}
	return session, nil
}

// forget makes this process ask the database again for every session. Call it
// after a change was committed.
func (s *sessions) forget() { s.memory.Forget() }
