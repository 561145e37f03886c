package userstest

import (
	"context"
	"sync"
	"time"

	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

// Fake is the users module in memory, for tests of modules that need one. It
// passes Run. Passwords are kept as they are.
type Fake struct {
	now     func() time.Time
	answers *idempotency.Memory

	mu       sync.Mutex
	accounts map[id.User]account
	sessions map[string]users.Session
	tokens   map[string]token
	failures []failure
	events   []event.Event
}

type account struct {
	users.User
	password   string
	mergedInto id.User
}

type token struct {
	user    id.User
	purpose users.Purpose
	expires time.Time
}

type failure struct {
	email, address string
	at             time.Time
}

var _ users.Service = (*Fake)(nil)

// NewFake makes a users module without accounts. now is its clock; nil means
// time.Now.
func NewFake(now func() time.Time) *Fake {
	if now == nil {
		now = time.Now
	}
	return &Fake{
		now:      func() time.Time { return database.Timestamp(now()) },
		answers:  idempotency.NewMemory(now),
		accounts: map[id.User]account{},
		sessions: map[string]users.Session{},
		tokens:   map[string]token{},
	}
}

// Add puts an account into the fake as it is, verified or not, without
// publishing anything: for tests that need somebody. The zero ID, version and
// times are filled in.
func (f *Fake) Add(u users.User, password string) users.User {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u.ID.IsZero() {
		u.ID = id.NewUser()
	}
	if u.Role == "" {
		u.Role = users.RoleCustomer
	}
	if u.CreatedAt.IsZero() {
		u.Version, u.CreatedAt, u.UpdatedAt = 1, f.now(), f.now()
	}
	f.accounts[u.ID] = account{User: u, password: password}
	return u
}

// Events lists what was published, oldest first.
func (f *Fake) Events() []event.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]event.Event(nil), f.events...)
}

// Register implements users.Service.
func (f *Fake) Register(ctx context.Context, in users.RegisterInput) (id.User, error) {
	if err := in.Validate(); err != nil {
		return id.User{}, err
	}
	fingerprinted := struct{ Email, Name string }{in.Email, in.Name}
	return idempotency.DoMemory(ctx, f.answers, in.Key, "users.Register", fingerprinted, func(context.Context) (id.User, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var user id.User
		var err error
		if guest, found := f.guestOf(in.Guest); found && guest.mergedInto.IsZero() {
			user, err = f.turn(guest, in)
		} else {
			user, err = f.create(in.Email, in.Password, in.Name, users.RoleCustomer)
		}
		if err == nil {
			f.events = append(f.events, users.Registered{UserID: user})
		}
		return user, err
	})
}

// CreateAdministrator implements users.Service.
func (f *Fake) CreateAdministrator(ctx context.Context, in users.CreateAdministratorInput) (id.User, error) {
	if err := identity.RequireService(ctx); err != nil {
		return id.User{}, err
	}
	if err := in.Validate(); err != nil {
		return id.User{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if in.OnlyFirst && f.administrators() > 0 {
		return id.User{}, nil
	}
	return f.create(in.Email, in.Password, in.Name, users.RoleAdministrator)
}

func (f *Fake) create(email, password, name string, role users.Role) (id.User, error) {
	if f.byEmail(email) != nil {
		return id.User{}, users.ErrEmailTaken
	}
	now := f.now()
	u := users.User{
		ID: id.NewUser(), Email: email, Name: name, Role: role, Verified: role == users.RoleAdministrator,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	f.accounts[u.ID] = account{User: u, password: password}
	return u.ID, nil
}

func (f *Fake) byEmail(email string) *account {
	for _, a := range f.accounts {
		if a.Role != users.RoleGuest && users.EmailKey(a.Email) == users.EmailKey(email) {
			return &a
		}
	}
	return nil
}

func (f *Fake) administrators() int {
	n := 0
	for _, a := range f.accounts {
		if a.Role == users.RoleAdministrator {
			n++
		}
	}
	return n
}

// find is an account at a version; 0 is any.
func (f *Fake) find(user id.User, version int64) (account, error) {
	a, found := f.accounts[user]
	switch {
	case !found:
		return a, users.ErrUserNotFound
	case version != 0 && version != a.Version:
		return a, fault.ErrPrecondition
	default:
		return a, nil
	}
}
