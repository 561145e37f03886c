package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/contract"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/identity"
)

// A service may be of a newer release and send what this one does not know; a
// person who does so has mistyped.
func TestUnknown_FromServices(t *testing.T) {
	t.Parallel()
	api := newAPI(t, options(), hooks{})
	const body = `{"name":"a","news":{"deep":[1]},"parts":[{"b":"c","newer":true}]}`
	service := []string{"Authorization", "Bearer service.for.itself"}
	w := call(t, api.Internal(), http.MethodPost, "/internal/shop/secret", body, service...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"name":"a","parts":[{"b":"c"}]}`, w.Body.String())
	w = call(t, api.Internal(), http.MethodPost, "/things/", body, service...)
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	w = call(t, api.Internal(), http.MethodGet, "/things/?newer=1", "", service...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)

	p := problem(t, call(t, api.Internal(), http.MethodPost, "/internal/shop/secret", `{"name":"","news":1}`, service...), http.StatusUnprocessableEntity, "invalid_request")
	require.Equal(t, "body.name", fields(p), "what is known must still be right")

	admin := []string{"Authorization", "Bearer admin"}
	p = problem(t, call(t, api.Internal(), http.MethodPost, "/internal/shop/secret", body, admin...), http.StatusUnprocessableEntity, "invalid_request")
	require.ElementsMatch(t, []string{"body.news", "body.parts[0].newer"}, strings.Fields(fields(p)))
	problem(t, call(t, api.Public(), http.MethodPost, "/things/", body), http.StatusUnprocessableEntity, "invalid_request")
	p = problem(t, call(t, api.Internal(), http.MethodGet, "/things/?newer=1", "", admin...), http.StatusUnprocessableEntity, "invalid_request")
	require.Equal(t, "query.newer", fields(p))
}

// A module that is elsewhere is offered to the public and not to neighbours: no
// call goes on from process to process.
func TestPlacement(t *testing.T) {
	t.Parallel()
	admin, service := []string{"Authorization", "Bearer admin"}, []string{"Authorization", "Bearer service.for.itself"}
	for _, c := range []struct {
		placement        httpapi.Placement
		public, internal int
	}{
		{httpapi.Here, http.StatusOK, http.StatusOK},
		{httpapi.Elsewhere, http.StatusOK, http.StatusMisdirectedRequest},
		{httpapi.Nowhere, http.StatusNotFound, http.StatusMisdirectedRequest},
	} {
		o := options()
		o.Placement = map[string]httpapi.Placement{"shop": c.placement}
		api := newAPI(t, o, hooks{})
		require.Equal(t, c.public, call(t, api.Public(), http.MethodGet, "/things/", "").Code)
		require.Equal(t, c.internal, call(t, api.Internal(), http.MethodGet, "/things/", "", admin...).Code)
		require.Equal(t, c.internal, call(t, api.Internal(), http.MethodGet, "/things/", "", service...).Code)
		problem(t, call(t, api.Internal(), http.MethodGet, "/things/", "", "Authorization", "Bearer a.forged.one"), http.StatusUnauthorized, "invalid_service_token")
		problem(t, call(t, api.Public(), http.MethodGet, "/log", ""), http.StatusNotFound, "no_such_route")
	}
}

// What arrives on the internal listener is led to this process's own side.
func TestArrived(t *testing.T) {
	t.Parallel()
	m := contract.Method{Module: "shop", Name: "Where", Class: contract.Read}
	route := flip.New(flip.Options[where]{
		Module: "shop", Methods: []contract.Method{m}, Local: where("here"), Remote: where("there"),
		Policy: flip.Policy{Remote: 100},
	})
	var got string
	api := newAPI(t, options(), hooks{run: func(ctx context.Context) (err error) {
		got, err = flip.Call(ctx, route, m, where.Where, struct{}{})
		return err
	}})
	require.Equal(t, http.StatusOK, call(t, api.Public(), http.MethodGet, "/run", "").Code)
	require.Equal(t, "there", got)
	require.Equal(t, http.StatusOK, call(t, api.Internal(), http.MethodGet, "/run", "", "Authorization", "Bearer service.for.nobody").Code)
	require.Equal(t, "here", got)
}

type where string

func (w where) Where(context.Context, struct{}) (string, error) { return string(w), nil }

// What was begun while it was found out who asks may go on behind the request's
// back; it never sees somebody else than nobody.
func TestAuthentication_GoesOn(t *testing.T) {
	t.Parallel()
	o := options()
	inner := o.AuthenticateSession
	seen, asked := make(chan identity.Actor), make(chan struct{})
	o.AuthenticateSession = func(ctx context.Context, token string) (identity.Actor, error) {
		go func() {
			for {
				select {
				case <-asked:
					seen <- identity.From(ctx)
					return
				default:
					_ = identity.From(ctx)
				}
			}
		}()
		return inner(ctx, token)
	}
	api := newAPI(t, o, hooks{run: func(context.Context) error {
		close(asked)
		require.Equal(t, identity.Actor{}, <-seen)
		return nil
	}})
	require.Equal(t, http.StatusOK, call(t, api.Public(), http.MethodGet, "/run", "", "Authorization", "Bearer customer").Code)
}
