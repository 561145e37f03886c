package placement

import (
	"context"
	"fmt"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"

	"shop/platform/flip"
)

// The flags of a module are its name and one of these. The evaluation's context
// has what is wanted under the same names.
const (
	flagRemote   = ".remote"   // int, percent
	flagShadow   = ".shadow"   // int, percent
	flagFallback = ".fallback" // string, "none" or "reads"
)

// aboutModule is where the evaluation's context has the module's name.
const aboutModule = "module"

// flagDomain is what the shop is called towards a provider of flags.
const flagDomain = "shop.modules"

// flagTimeout bounds how long a provider may take.
const flagTimeout = 2 * time.Second

// flags decide policies through the OpenFeature API: what is wanted goes in as
// the default, and what the provider makes of it comes out. They are asked when
// something changes and when the targets have been greeted, never for a call.
type flags struct {
	api    *openfeature.EvaluationAPI
	client *openfeature.Client
}

// newFlags makes an API of the controller's own, so that two controllers in one
// process share nothing. provider nil is the built-in one. changed is called
// when the provider says that flags have changed; it must not block.
func newFlags(ctx context.Context, provider openfeature.FeatureProvider, changed func()) (*flags, error) {
	f := &flags{api: isolated.NewAPI()}
	domain := openfeature.WithDomain(flagDomain)
	var err error
	if provider == nil {
		err = f.api.SetProviderAndWait(ctx, wantedFlags{}, domain)
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

// decide is the policy of a module when p is wanted. The provider learns from
// the evaluation's context which module it is and what is wanted.
func (f *flags) decide(ctx context.Context, module string, p flip.Policy) flip.Policy {
	ctx, cancel := context.WithTimeout(ctx, flagTimeout)
	defer cancel()
	about := openfeature.NewTargetlessEvaluationContext(map[string]any{
		aboutModule: module, module + flagRemote: int64(p.Remote), module + flagShadow: int64(p.Shadow), module + flagFallback: p.Fallback.String(),
	})
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

// wantedFlags is the built-in provider: it lets through what the settings and
// the store want.
type wantedFlags struct{ openfeature.NoopProvider }

var _ openfeature.FeatureProvider = wantedFlags{}

// Metadata implements openfeature.FeatureProvider.
func (wantedFlags) Metadata() openfeature.Metadata { return openfeature.Metadata{Name: "shop"} }

// IntEvaluation implements openfeature.FeatureProvider.
func (wantedFlags) IntEvaluation(
	_ context.Context, flag string, fallback int64, about openfeature.FlattenedContext,
) openfeature.IntResolutionDetail {
	if wanted, found := about[flag].(int64); found {
		return openfeature.IntResolutionDetail{Value: wanted, ProviderResolutionDetail: asWanted()}
	}
	return openfeature.IntResolutionDetail{Value: fallback, ProviderResolutionDetail: notFound(flag)}
}

// StringEvaluation implements openfeature.FeatureProvider.
func (wantedFlags) StringEvaluation(
	_ context.Context, flag, fallback string, about openfeature.FlattenedContext,
) openfeature.StringResolutionDetail {
	if wanted, found := about[flag].(string); found {
		return openfeature.StringResolutionDetail{Value: wanted, ProviderResolutionDetail: asWanted()}
	}
	return openfeature.StringResolutionDetail{Value: fallback, ProviderResolutionDetail: notFound(flag)}
}

func asWanted() openfeature.ProviderResolutionDetail {
	return openfeature.ProviderResolutionDetail{Reason: openfeature.StaticReason}
}

func notFound(flag string) openfeature.ProviderResolutionDetail {
	return openfeature.ProviderResolutionDetail{
		Reason: openfeature.ErrorReason, ResolutionError: openfeature.NewFlagNotFoundResolutionError(flag + " is no flag of the shop"),
	}
}
