// Package request carries the identifier of the request that something is done
// for, across modules and processes, so that one search finds it in every log.
package request

import "context"

// Header carries the identifier between clients, processes and back.
const Header = "X-Request-Id"

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
