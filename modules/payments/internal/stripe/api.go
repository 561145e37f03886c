package stripe

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v84"
)

// api is what is used of Stripe's API. Functions rather than the library's
// client, which would have the linker keep all of the library: 6 MB.
type api struct {
	create       func(context.Context, *sdk.PaymentIntentCreateParams) (*sdk.PaymentIntent, error)
	retrieve     func(context.Context, string, *sdk.PaymentIntentRetrieveParams) (*sdk.PaymentIntent, error)
	cancel       func(context.Context, string, *sdk.PaymentIntentCancelParams) (*sdk.PaymentIntent, error)
	search       func(context.Context, *sdk.PaymentIntentSearchParams) iter.Seq2[*sdk.PaymentIntent, error]
	list         func(context.Context, *sdk.PaymentIntentListParams) iter.Seq2[*sdk.PaymentIntent, error]
	createRefund func(context.Context, *sdk.RefundCreateParams) (*sdk.Refund, error)
	listRefunds  func(context.Context, *sdk.RefundListParams) iter.Seq2[*sdk.Refund, error]
}

// newAPI makes the library's client. Nothing is sent yet.
func newAPI(o Options) api {
	backend := sdk.GetBackendWithConfig(sdk.APIBackend, &sdk.BackendConfig{
		URL: new(strings.TrimSuffix(o.URL, "/")),
		HTTPClient: &http.Client{
			Transport: reticent{o.Transport},
			// An API does not send elsewhere; a request must not go where nobody knows
			// its key.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		// Whether to ask again is decided above, where it is known what it means.
		MaxNetworkRetries: new(int64(0)),
		EnableTelemetry:   new(false),
		// What it would log may hold a customer's address.
		LeveledLogger: &sdk.LeveledLogger{Level: sdk.LevelNull},
	})
	client := sdk.NewClient(o.Key, sdk.WithBackends(&sdk.Backends{API: backend}))
	intents, refunds := client.V1PaymentIntents, client.V1Refunds
	return api{
		create: intents.Create, retrieve: intents.Retrieve, cancel: intents.Cancel,
		search: func(ctx context.Context, p *sdk.PaymentIntentSearchParams) iter.Seq2[*sdk.PaymentIntent, error] {
			return iter.Seq2[*sdk.PaymentIntent, error](intents.Search(ctx, p))
		},
		list: func(ctx context.Context, p *sdk.PaymentIntentListParams) iter.Seq2[*sdk.PaymentIntent, error] {
			return iter.Seq2[*sdk.PaymentIntent, error](intents.List(ctx, p))
		},
		createRefund: refunds.Create,
		listRefunds: func(ctx context.Context, p *sdk.RefundListParams) iter.Seq2[*sdk.Refund, error] {
			return iter.Seq2[*sdk.Refund, error](refunds.List(ctx, p))
		},
	}
}

// newTransport is one for the few requests that are under way at once.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second,
	}
}

// reticent leaves out what the library tells about the machine that it runs on.
type reticent struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t reticent) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("X-Stripe-Client-User-Agent")
	return t.RoundTripper.RoundTrip(r) //nolint:wrapcheck // it stands for the one that it wraps
}
