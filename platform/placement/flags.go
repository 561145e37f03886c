package placement

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"

	"shop/platform/flip"
)

// The flags of a module are its name and one of these.
const (
	flagRemote   = ".remote"   // int, percent
	flagShadow   = ".shadow"   // int, percent
	flagFallback = ".fallback" // string, "none" or "reads"
)

// flagDomain is what the shop is called towards a provider of flags.
const flagDomain = "shop.modules"

// flagTimeout bounds how long a provider may take.
const flagTimeout = 2 * time.Second

// flags decide policies through the OpenFeature API: what is wanted goes in as
// the default, and what the provider makes of it comes out. They are asked when
// something changes, never for a call.
type flags struct {
	api    *openfeature.EvaluationAPI
	client *openfeature.Client
	own    *wantedFlags
}

// newFlags makes an API of the controller's own, so that two controllers in one
// process share nothing. provider nil is the built-in one. changed is called
// when the provider says that flags have changed; it must not block.
func newFlags(ctx context.Context, provider openfeature.FeatureProvider, changed func()) (*flags, error) {
	f := &flags{api: isolated.NewAPI(), own: &wantedFlags{policies: map[string]flip.Policy{}}}
	domain := openfeature.WithDomain(flagDomain)
	var err error
	if provider == nil {
		err = f.api.SetProviderAndWait(ctx, f.own, domain)
	} else {
		// A provider that is not ready yet does not hold up the start: until then
		// everything is as wanted.
		err = f.api.SetProvider(context.WithoutCancel(ctx), provider, domain)
	}
	if err != nil {
		return nil, fmt.Errorf("set the provider of flags: %w", err)
	}
	f.client = f.api.NewClient(domain)
	callback := func(openfeature.EventDetails) { changed() }
	f.client.AddHandler(openfeature.ProviderReady, &callback)
	f.client.AddHandler(openfeature.ProviderConfigChange, &callback)
	return f, nil
}

// decide is the policy of a module when an operator wants p.
func (f *flags) decide(ctx context.Context, module string, p flip.Policy) flip.Policy {
	ctx, cancel := context.WithTimeout(ctx, flagTimeout)
	defer cancel()
	f.own.want(module, p)
	about := openfeature.NewTargetlessEvaluationContext(map[string]any{"module": module})
	decided := flip.Policy{
		Remote: percent(f.client.Int(ctx, module+flagRemote, int64(p.Remote), about), p.Remote),
		Shadow: percent(f.client.Int(ctx, module+flagShadow, int64(p.Shadow), about), p.Shadow),
	}
	if err := decided.Fallback.UnmarshalText([]byte(f.client.String(ctx, module+flagFallback, p.Fallback.String(), about))); err != nil {
		decided.Fallback = p.Fallback // the provider says something else than none or reads
	}
	return decided
}

// percent is the provider's value, or what is wanted if that is no share.
func percent(value int64, wanted int) int {
	if value < 0 || value > 100 {
		return wanted
	}
	return int(value)
}

// close ends what the API does in the background.
func (f *flags) close(ctx context.Context) error {
	return f.api.Shutdown(ctx) //nolint:wrapcheck // says what it is about
}

// wantedFlags is the built-in provider: what the settings and the store say.
type wantedFlags struct {
	openfeature.NoopProvider

	mu       sync.Mutex
	policies map[string]flip.Policy
}

var _ openfeature.FeatureProvider = (*wantedFlags)(nil)

func (w *wantedFlags) want(module string, p flip.Policy) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.policies[module] = p
}

func (w *wantedFlags) wanted(context openfeature.FlattenedContext) (flip.Policy, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	module, _ := context["module"].(string)
	p, found := w.policies[module]
	return p, found
}

// Metadata implements openfeature.FeatureProvider.
func (*wantedFlags) Metadata() openfeature.Metadata { return openfeature.Metadata{Name: "shop"} }

// IntEvaluation implements openfeature.FeatureProvider.
func (w *wantedFlags) IntEvaluation(
	_ context.Context, flag string, fallback int64, context openfeature.FlattenedContext,
) openfeature.IntResolutionDetail {
	module, _ := context["module"].(string)
	switch p, found := w.wanted(context); {
	case found && flag == module+flagRemote:
		return openfeature.IntResolutionDetail{Value: int64(p.Remote), ProviderResolutionDetail: static}
	case found && flag == module+flagShadow:
		return openfeature.IntResolutionDetail{Value: int64(p.Shadow), ProviderResolutionDetail: static}
	}
	return openfeature.IntResolutionDetail{Value: fallback, ProviderResolutionDetail: notFound(flag)}
}

// StringEvaluation implements openfeature.FeatureProvider.
func (w *wantedFlags) StringEvaluation(
	_ context.Context, flag, fallback string, context openfeature.FlattenedContext,
) openfeature.StringResolutionDetail {
	module, _ := context["module"].(string)
	if p, found := w.wanted(context); found && flag == module+flagFallback {
		return openfeature.StringResolutionDetail{Value: p.Fallback.String(), ProviderResolutionDetail: static}
	}
	return openfeature.StringResolutionDetail{Value: fallback, ProviderResolutionDetail: notFound(flag)}
}

// static is how the built-in provider comes to a value.
var static = openfeature.ProviderResolutionDetail{Reason: openfeature.StaticReason}

func notFound(flag string) openfeature.ProviderResolutionDetail {
	return openfeature.ProviderResolutionDetail{
		Reason: openfeature.ErrorReason, ResolutionError: openfeature.NewFlagNotFoundResolutionError(flag + " is no flag of the shop"),
	}
}
