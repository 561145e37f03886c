package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"shop/platform/id"
	"shop/platform/identity"
)

// UserRef is a path parameter that names a user: an identifier, or "me" for
// whoever asks.
type UserRef struct {
	user id.User
	me   bool
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *UserRef) UnmarshalText(text []byte) error {
	if string(text) == "me" {
		r.me = true
		return nil
	}
	if err := r.user.UnmarshalText(text); err != nil {
		return err //nolint:wrapcheck // says what was expected
	}
	if r.user.IsZero() {
		return id.ErrMalformed // nobody has it
	}
	return nil
}

// Schema implements huma.SchemaProvider.
func (UserRef) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Description: "A user's identifier, or me for your own.",
		Examples: []any{"me"},
	}
}

// In is the identifier of the user that is meant. Errors:
// identity.ErrUnauthenticated for "me" without a session.
func (r UserRef) In(ctx context.Context) (id.User, error) {
	if !r.me {
		return r.user, nil
	}
	actor := identity.From(ctx)
	if actor.User.IsZero() {
		return id.User{}, identity.ErrUnauthenticated
	}
	return actor.User, nil
}
