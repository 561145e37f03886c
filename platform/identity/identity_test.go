package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/id"
	"shop/platform/identity"
)

func TestRequire(t *testing.T) {
	t.Parallel()
	ada, bob := id.NewUser(), id.NewUser()
	for name, c := range map[string]struct {
		actor                                      identity.Actor
		signedIn, self, other, privileged, service error
	}{
		"Anonymous": {
			identity.Actor{},
			identity.ErrUnauthenticated, identity.ErrUnauthenticated, identity.ErrUnauthenticated, identity.ErrUnauthenticated, identity.ErrUnauthenticated,
		},
		"Customer":      {identity.Actor{User: ada}, nil, nil, identity.ErrForbidden, identity.ErrForbidden, identity.ErrForbidden},
		"Administrator": {identity.Actor{User: ada, Administrator: true}, nil, nil, nil, nil, identity.ErrForbidden},
		"Service":       {identity.Actor{Service: "cart"}, nil, nil, nil, nil, nil},
		"ServiceForAda": {identity.Actor{User: ada, Service: "cart"}, nil, nil, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := identity.With(t.Context(), c.actor)
			require.Equal(t, c.actor, identity.From(ctx))
			require.ErrorIs(t, identity.RequireSignedIn(ctx), c.signedIn)
			require.ErrorIs(t, identity.RequireSelf(ctx, ada), c.self)
			require.ErrorIs(t, identity.RequireSelf(ctx, bob), c.other)
			require.ErrorIs(t, identity.RequirePrivileged(ctx), c.privileged)
			require.ErrorIs(t, identity.RequireService(ctx), c.service)
			require.Equal(t, c.privileged == nil, c.actor.IsPrivileged())
		})
	}
}

// Nobody's things belong to nobody: not even to an anonymous visitor.
func TestRequireSelf_Nobody(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, identity.RequireSelf(t.Context(), id.User{}), identity.ErrUnauthenticated)
	ctx := identity.With(t.Context(), identity.Actor{User: id.NewUser()})
	require.ErrorIs(t, identity.RequireSelf(ctx, id.User{}), identity.ErrForbidden)
}

func TestAsService(t *testing.T) {
	t.Parallel()
	ada := id.NewUser()
	ctx := identity.With(t.Context(), identity.Actor{User: ada, Administrator: true})
	require.Equal(t, identity.Actor{User: ada, Service: "cart"}, identity.From(identity.AsService(ctx, "cart")))
	require.Equal(t, identity.Actor{Service: "cart"}, identity.From(identity.AsService(t.Context(), "cart")))
	require.Equal(t, identity.Actor{User: ada, Administrator: true}, identity.From(ctx))
}

func TestString(t *testing.T) {
	t.Parallel()
	ada := id.NewUser()
	require.Equal(t, "anonymous", identity.Actor{}.String())
	require.Equal(t, ada.String(), identity.Actor{User: ada, Administrator: true}.String())
	require.Equal(t, "service:cart", identity.Actor{User: ada, Service: "cart"}.String())
}
