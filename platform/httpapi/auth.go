package httpapi

import (
	"context"
	"net/http"
	"strings"

	"shop/platform/fault"
	"shop/platform/identity"
)

// errToken is answered to a bearer token that is unknown, expired or ended.
var errToken = fault.New(fault.Unauthenticated, "invalid_token", "the session is unknown or has ended; sign in again")

type internalKey struct{}

// isInternal reports whether the request came in by the internal listener.
func isInternal(ctx context.Context) bool {
	internal, _ := ctx.Value(internalKey{}).(bool)
	return internal
}

// authenticate finds out who is asking. No Authorization header is an
// anonymous visitor; a wrong one is refused even where none is needed, so that
// nobody believes himself signed in.
func (a *API) authenticate(ctx context.Context, h http.Header, module string, internal bool) (identity.Actor, error) {
	header := h.Get("Authorization")
	if header == "" {
		return identity.Actor{}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return identity.Actor{}, errToken.With("expected Authorization: Bearer and a token")
	}
	// A JSON Web Token has two dots (RFC 7519), a session's token has none.
	if internal && strings.Count(token, ".") == 2 && a.options.AuthenticateService != nil {
		actor, err := a.options.AuthenticateService(token, module)
		if err != nil {
			return identity.Actor{}, errToken.With("the service token is not valid here").WithCause(err)
		}
		return actor, nil
	}
	if a.options.AuthenticateSession == nil {
		return identity.Actor{}, errToken
	}
	actor, err := a.options.AuthenticateSession(ctx, token)
	switch {
	case err == nil:
		return actor, nil
	case fault.KindOf(err) == fault.Unauthenticated:
		return identity.Actor{}, errToken
	default:
		return identity.Actor{}, err
	}
}
