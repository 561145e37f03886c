// Package app holds the use cases of accounts: who may do what, in which
// order, in which transaction.
package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/idempotency/sqlstore"
)

// Deps are what the use cases need. Store, Events, Idempotency and Logger are
// required.
type Deps struct {
	Store       Store
	Events      Events
	Idempotency *sqlstore.Store
	Logger      *slog.Logger
	// Now is the clock; nil means time.Now.
	Now      func() time.Time
	Settings Settings
}

// Events takes what the module publishes, in the transaction of ctx.
type Events interface {
	Append(ctx context.Context, events ...event.Event) error
}

// Settings tune the module. The zero value works.
type Settings struct {
	// SessionTTL is how long a session lives after it was last used; 0 means 30
	// days.
	SessionTTL time.Duration
	// GuestTTL is how long a guest's session lives after it was last used; 0 means
	// 30 days. A guest without a session is removed when he is as old as that.
	GuestTTL time.Duration
	// PasswordMemory is the memory of one argon2id hash in KiB, and
	// PasswordIterations the number of passes over it; 0 means 19456 and 2, the
	// OWASP recommendation. Hashes made with other values are replaced when their
	// owners sign in.
	PasswordMemory, PasswordIterations uint32
	// PasswordsAtOnce is how many passwords are hashed at the same time; 0 means
	// half of the processors, so that a flood of sign-ins leaves the other half to
	// everybody else.
	PasswordsAtOnce int
	// PasswordsWaiting is how many more may wait for that; 0 means 64.
	PasswordsWaiting int
}

// Lifetimes of single-use tokens.
const (
	verificationLifetime = 48 * time.Hour
	resetLifetime        = time.Hour
)

// Service implements users.Service. It is safe for concurrent use.
type Service struct {
	store       Store
	events      Events
	idempotency *sqlstore.Store
	now         func() time.Time
	passwords   *passwords
	sessions    *sessions
	attempts    attempts
}

var _ users.Service = (*Service)(nil)

// New makes the use cases.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Events == nil || d.Idempotency == nil || d.Logger == nil {
		return nil, errors.New("users needs Store, Events, Idempotency and Logger")
	}
	clock := d.Now
	if clock == nil {
		clock = time.Now
	}
	now := func() time.Time { return database.Timestamp(clock()) }
	o := d.Settings
	setDefault(&o.SessionTTL, 30*24*time.Hour)
	setDefault(&o.GuestTTL, 30*24*time.Hour)
	setDefault(&o.PasswordMemory, 19*1024)
	setDefault(&o.PasswordIterations, 2)
	setDefault(&o.PasswordsAtOnce, max(1, runtime.GOMAXPROCS(0)/2))
	setDefault(&o.PasswordsWaiting, 64)
	passwords, err := newPasswords(o)
	if err != nil {
		return nil, err
	}
	sessions, err := newSessions(d.Store, d.Logger, now, o)
	if err != nil {
		return nil, err
	}
	return &Service{
		store: d.Store, events: d.Events, idempotency: d.Idempotency, now: now,
		passwords: passwords, sessions: sessions, attempts: attempts{store: d.Store, now: now},
	}, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
