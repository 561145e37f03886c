package placement_test

import (
	"context"
	"testing"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
	"github.com/stretchr/testify/require"

	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/placement"
	"shop/platform/remote"
)

// flagsOf are the flags of a team's own provider.
func flagsOf(values map[string]any) map[string]memprovider.InMemoryFlag {
	flags := map[string]memprovider.InMemoryFlag{}
	for name, value := range values {
		flags[name] = memprovider.InMemoryFlag{
			Key: name, State: memprovider.Enabled, DefaultVariant: "on", Variants: map[string]any{"on": value},
		}
	}
	return flags
}

// A team's own provider decides what it knows; the rest is as wanted.
func TestFlags(t *testing.T) {
	t.Parallel()
	provider := memprovider.NewInMemoryProvider(flagsOf(map[string]any{"catalog.remote": 25, "cart.remote": 99}))
	r := newRig(t, options{
		settings:    settings(t, "", "SHOP_CATALOG_FALLBACK=reads"),
		configuring: func(o *placement.Options) { o.Flags = provider },
	}).run(t)
	eventually(t, func() bool { return r.route.Policy() == flip.Policy{Remote: 25, Fallback: flip.FallbackReads} }, "decided")

	_, err := r.Change(t.Context(), "catalog", placement.Change{Remote: new(50)})
	require.ErrorIs(t, err, placement.ErrDecidedElsewhere)
	require.Contains(t, fault.From(err).Message, "remote 25%")
	require.Equal(t, 25, r.route.Policy().Remote)
	r.change(t, placement.Change{Shadow: new(5), Remote: new(25)})
	require.Equal(t, flip.Policy{Remote: 25, Shadow: 5, Fallback: flip.FallbackReads}, r.route.Policy())

	provider.UpdateFlags(flagsOf(map[string]any{"catalog.remote": 75, "catalog.fallback": "none"}))
	eventually(t, func() bool { return r.route.Policy() == flip.Policy{Remote: 75, Shadow: 5} }, "decided anew")
	provider.UpdateFlags(flagsOf(map[string]any{"catalog.remote": 500, "catalog.fallback": "writes"}))
	eventually(t, func() bool {
		return r.route.Policy() == flip.Policy{Remote: 25, Shadow: 5, Fallback: flip.FallbackReads}
	}, "nonsense decides nothing")
}

// What a provider decides has to be safe, too.
func TestFlags_DifferentDatabase(t *testing.T) {
	t.Parallel()
	provider := memprovider.NewInMemoryProvider(flagsOf(map[string]any{"catalog.remote": 25}))
	r := newRig(t, options{
		says:        []remote.Greeting{answering("http://a", theirs)},
		configuring: func(o *placement.Options) { o.Flags = provider },
	}).run(t)
	eventually(t, func() bool { return r.state(t).Waiting != nil && contains(r.logs, "fedcba98") }, "it waits")
	require.Equal(t, flip.Policy{}, r.route.Policy())
}

// never is a provider that does not come up.
type never struct{ openfeature.NoopProvider }

func (never) Init(openfeature.EvaluationContext) error { return context.DeadlineExceeded }
func (never) Shutdown()                                {}

// A provider that fails leaves everything as it is wanted.
func TestFlags_Unavailable(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{configuring: func(o *placement.Options) { o.Flags = never{} }}).run(t)
	r.change(t, placement.Change{Remote: new(25)})
	require.Equal(t, 25, r.route.Policy().Remote)
}
