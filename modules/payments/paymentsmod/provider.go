package paymentsmod

import (
	"fmt"

	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/sandbox"
	"shop/modules/payments/internal/stripe"
)

// ProviderSettings say who charges customers. The zero value is the sandbox,
// without webhooks.
type ProviderSettings struct {
	// Name is sandbox or stripe; empty is sandbox.
	Name string
	// StripeKey is the account's secret key; stripe needs it.
	StripeKey string
	// StripeURL is where Stripe's API is; empty is Stripe.
	StripeURL string
	// StripeWebhookSecret and SandboxWebhookSecret sign webhooks; empty: none are
	// taken.
	StripeWebhookSecret, SandboxWebhookSecret string
}

// newProvider makes the one that the settings name.
func newProvider(d Deps) (provider.Provider, error) {
	switch o := d.ProviderSettings; o.Name {
	case "", sandbox.Name:
		return sandbox.New(sandbox.Options{DB: d.DB, WebhookSecret: o.SandboxWebhookSecret}), nil
	case stripe.Name:
		return stripe.New(stripe.Options{ //nolint:wrapcheck // says what it is about
			Key: o.StripeKey, WebhookSecret: o.StripeWebhookSecret, URL: o.StripeURL, Logger: d.Logger, Now: d.Now,
		})
	default:
		return nil, fmt.Errorf("there is no payment provider %q", o.Name)
	}
}
