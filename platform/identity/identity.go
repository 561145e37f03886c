// Package identity says on whose behalf something happens. The actor travels
// in the context from the edge (a session or a service token) to the use case,
// which asks this package whether the actor may. Between processes it travels
// in the service token.
package identity

import (
	"context"

	"shop/platform/fault"
	"shop/platform/id"
)

// Actor is who acts. The zero value is an anonymous visitor.
type Actor struct {
	// User is the signed-in user, also when a service acts on the user's behalf.
	User id.User
	// Administrator is true for a user with that role.
	Administrator bool
	// Service is the module that calls ("cart"), empty for a person. A service
	// may do what an administrator may.
	Service string
}

// Errors of authorization.
var (
	// ErrUnauthenticated is returned to an anonymous visitor where a session is
	// needed.
	ErrUnauthenticated = fault.New(fault.Unauthenticated, "unauthenticated", "sign in first: send the session's token as Authorization: Bearer …")
	// ErrForbidden is returned to somebody known who may not do that.
	ErrForbidden = fault.New(fault.Forbidden, "forbidden", "you may not do that")
)

// Key is what a context has its actor under, as *Actor. It is exported for the
// edge, whose context holds all that travels with a request in one place; others
// call With.
type Key struct{}

// With returns a context that acts as a.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, Key{}, &a)
}

// From is the actor of ctx, anonymous when none was set.
func From(ctx context.Context) Actor {
	if a, _ := ctx.Value(Key{}).(*Actor); a != nil {
		return *a
	}
	return Actor{}
}

// AsService returns a context in which the named module acts itself, still on
// behalf of the user that ctx acts for. Only a module's own use cases and
// workers call it, where the module vouches for the call.
func AsService(ctx context.Context, module string) context.Context {
	a := From(ctx)
	return With(ctx, Actor{User: a.User, Service: module})
}

// IsPrivileged reports whether a is an administrator or a service.
func (a Actor) IsPrivileged() bool { return a.Administrator || a.Service != "" }

// String names the actor for the log and as a scope: "anonymous", a user's
// identifier, or "service:cart".
func (a Actor) String() string {
	switch {
	case a.Service != "":
		return "service:" + a.Service
	case !a.User.IsZero():
		return a.User.String()
	default:
		return "anonymous"
	}
}

// RequireSignedIn returns ErrUnauthenticated for an anonymous visitor.
func RequireSignedIn(ctx context.Context) error {
	a := From(ctx)
	if a.User.IsZero() && a.Service == "" {
		return ErrUnauthenticated
	}
	return nil
}

// RequireSelf lets the user himself, administrators and services pass.
// Errors: ErrUnauthenticated, ErrForbidden.
func RequireSelf(ctx context.Context, user id.User) error {
	if err := RequireSignedIn(ctx); err != nil {
		return err
	}
	if a := From(ctx); !a.IsPrivileged() && a.User != user {
		return ErrForbidden
	}
	return nil
}

// RequirePrivileged lets administrators and services pass. Errors:
// ErrUnauthenticated, ErrForbidden.
func RequirePrivileged(ctx context.Context) error {
	if err := RequireSignedIn(ctx); err != nil {
		return err
	}
	if !From(ctx).IsPrivileged() {
		return ErrForbidden
	}
	return nil
}

// RequireService lets services pass only: for operations that modules offer
// one another. Errors: ErrUnauthenticated, ErrForbidden.
func RequireService(ctx context.Context) error {
	if err := RequireSignedIn(ctx); err != nil {
		return err
	}
	if From(ctx).Service == "" {
		return ErrForbidden
	}
	return nil
}
