package paymentstest

import (
	"context"
	"sync"
	"time"

	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/identity"
)

// Outside is what the module under test is built on: its neighbours, and the
// time.
type Outside struct {
	Users *Users
	Clock *Clock
}

// Users is a users module that knows whom it was told of, and nothing but how
// to read them.
type Users struct {
	users.Service

	mu    sync.Mutex
	known map[id.User]bool
}

// Add makes a user.
func (u *Users) Add() id.User {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.known == nil {
		u.known = map[id.User]bool{}
	}
	user := id.NewUser()
	u.known[user] = true
	return user
}

// User implements users.Service.
func (u *Users) User(ctx context.Context, in users.UserInput) (users.User, error) {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return users.User{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.known[in.ID] {
		return users.User{}, users.ErrUserNotFound
	}
	return users.User{ID: in.ID, Name: "Grace Hopper", Email: "grace@example.com", Role: users.RoleCustomer}, nil
}

// Clock is a time that a test moves. The zero value stands at now.
type Clock struct {
	mu    sync.Mutex
	moved time.Duration
	start time.Time
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.start.IsZero() {
		c.start = database.Now()
	}
	return c.start.Add(c.moved)
}

// Advance moves the time.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += by
}
