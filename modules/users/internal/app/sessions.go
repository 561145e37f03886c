package app

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"shop/modules/users"
)

const (
	// sessionFreshness is how long a session is believed without asking the
	// database: what another replica did is seen after it at the latest.
	sessionFreshness = 500 * time.Millisecond
	// sessionsKept bounds the memory of the cache to a few MB.
	sessionsKept = 16_384
	// sessionLookup is how long a lookup may take, whoever waits for it.
	sessionLookup = 5 * time.Second
	// prolongations is how many times a session in constant use is prolonged in
	// its lifetime: seldom, so that authenticating is a read.
	prolongations = 20
)

// sessions finds sessions, most of them in memory.
//
// What this process changes is seen at once: forget starts a new generation,
// and entries are looked up by generation. A lookup that began before a change
// was committed puts its finding under the old generation, where nobody looks
// any more; so there is no moment in which it could bring an ended session
// back. Time is part of the key in the same way, shifted by the token so that
// not all entries become stale in the same moment.
type sessions struct {
	store      Store
	log        *slog.Logger
	now        func() time.Time
	ttl        time.Duration
	generation atomic.Uint64
	cache      *otter.Cache[sessionKey, users.Session]
}

type sessionKey struct {
	token      Hash
	generation uint64
	period     int64
}

func newSessions(store Store, log *slog.Logger, now func() time.Time, ttl time.Duration) (*sessions, error) {
	cache, err := otter.New(&otter.Options[sessionKey, users.Session]{
		MaximumSize:      sessionsKept,
		ExpiryCalculator: otter.ExpiryWriting[sessionKey, users.Session](2 * sessionFreshness),
	})
	if err != nil {
		return nil, fmt.Errorf("make the cache of sessions: %w", err)
	}
	return &sessions{store: store, log: log, now: now, ttl: ttl, cache: cache}, nil
}

// find is the session of a token. Errors: users.ErrSessionEnded.
func (s *sessions) find(ctx context.Context, token Hash) (users.Session, error) {
	if token == (Hash{}) {
		return users.Session{}, users.ErrSessionEnded
	}
	now := s.now()
	shift := time.Duration(binary.BigEndian.Uint32(token[:])) % sessionFreshness
	session, err := s.cache.Get(ctx, sessionKey{
		token:      token,
		generation: s.generation.Load(),
		period:     (now.UnixNano() + int64(shift)) / int64(sessionFreshness),
	}, s)
	if err != nil {
		return users.Session{}, err
	}
	if !now.Before(session.ExpiresAt) {
		return users.Session{}, users.ErrSessionEnded
	}
	return session, nil
}

// Load implements otter.Loader; the cache calls it once for all who ask for the
// same key at the same time. So it does not end with the request of the first.
func (s *sessions) Load(ctx context.Context, key sessionKey) (users.Session, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sessionLookup)
	defer cancel()
	now := s.now()
	session, err := s.store.Session(ctx, key.token, now)
	if err != nil {
		return users.Session{}, err
	}
	if session.ExpiresAt.Sub(now) < s.ttl-s.ttl/prolongations {
		until := now.Add(s.ttl)
		if err := s.store.ProlongSession(ctx, key.token, until); err != nil {
			// The session is alive; the next lookup tries again to keep it so.
			s.log.WarnContext(ctx, "cannot prolong a session", "session", session.ID, "error", err)
			return session, nil
		}
		session.ExpiresAt = until
	}
	return session, nil
}

// Reload implements otter.Loader; without refreshing, the cache never calls it.
func (s *sessions) Reload(ctx context.Context, key sessionKey, _ users.Session) (users.Session, error) {
	return s.Load(ctx, key)
}

// forget makes this process ask the database again for every session. Call it
// after a change was committed.
func (s *sessions) forget() { s.generation.Add(1) }
