package httpapi

import (
	"context"
	"net/http"
	"strings"

	"shop/platform/fault"
	"shop/platform/identity"
)

// Errors of authentication.
var (
	// errToken is answered to a bearer token that is unknown, expired or ended.
	errToken = fault.New(fault.Unauthenticated, "invalid_token", "the session is unknown or has ended; sign in again")
	// errServiceToken is answered to a service token that is not valid for the
	// module. It has a code of its own, so that a calling service does not take
	// its own mistake for its user's.
	errServiceToken = fault.New(fault.Unauthenticated, "invalid_service_token", "the service token is not valid for this module")
)

// authenticate finds out who is asking. No Authorization header is an
// anonymous visitor; a wrong one is refused even where none is needed, so that
// nobody believes himself signed in.
//
// vouched is true when a service vouches for the actor: then the actor may be
// anybody, and the internal listener is open to the call.
func (a *API) authenticate(ctx context.Context, h http.Header, module string, internal bool) (actor identity.Actor, vouched bool, err error) {
	header := h.Get("Authorization")
	if header == "" {
		return identity.Actor{}, false, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return identity.Actor{}, false, errToken.With("expected Authorization: Bearer and a token")
	}
	if internal && isServiceToken(header) && a.options.AuthenticateService != nil {
		actor, err = a.options.AuthenticateService(token, module)
		if err != nil {
			return identity.Actor{}, false, errServiceToken.WithCause(err)
		}
		return actor, true, nil
	}
	if a.options.AuthenticateSession == nil {
		return identity.Actor{}, false, errToken
	}
	actor, err = a.options.AuthenticateSession(ctx, token)
	if err != nil && fault.KindOf(err) == fault.Unauthenticated {
		err = errToken
	}
	return actor, false, err
}

// isServiceToken tells a JSON Web Token, which has two dots (RFC 7519), from a
// session's token, which has none.
func isServiceToken(authorization string) bool { return strings.Count(authorization, ".") == 2 }
