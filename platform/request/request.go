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

type contextKey struct{}

// WithID is ctx for the request with an identifier.
func WithID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// ID is the identifier of the request that ctx belongs to; empty outside of one.
func ID(ctx context.Context) string {
	id, _ := ctx.Value(contextKey{}).(string)
	return id
}
