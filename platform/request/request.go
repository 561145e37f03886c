// Package request is what travels with a request across modules and processes
// besides the actor and the trace: its identifier, so that one search finds it
// in every log, and how long the caller will wait.
package request

import "context"

// Header carries the identifier between clients, processes and back.
const Header = "X-Request-Id"

// DeadlineHeader tells the far side how many milliseconds the caller will wait
// for the answer. It is believed from services only.
const DeadlineHeader = "Shop-Deadline-Ms"

// Key is what a context has its request's identifier under, as *string. It is
// exported for the edge, whose context holds all that travels with a request in
// one place; others call WithID.
type Key struct{}

// WithID is ctx for the request with an identifier.
func WithID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, Key{}, &id)
}

// ID is the identifier of the request that ctx belongs to; empty outside of one.
func ID(ctx context.Context) string {
	if id, _ := ctx.Value(Key{}).(*string); id != nil {
		return *id
	}
	return ""
}
