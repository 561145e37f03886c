// Package stripe charges customers through Stripe, with payment intents.
//
// A payment method is what Stripe's own script made of the customer's card in
// the shop's pages: the card never comes near this program. An intent is made
// and confirmed in one request. There is no way back to the customer from here,
// so a payment that would need one (3-D Secure) counts as declined and its
// intent is cancelled: it cannot succeed later.
//
// Stripe keeps the answer to an idempotency key for a day. Within half of it,
// asking again with the same key is safe whatever became of the first request.
// Later than that nothing is asked for any more, only looked up, and a day
// after it was asked for what Stripe does not have is settled as not charged.
// Each intent and refund carries our key as metadata, by which it is found.
package stripe

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v84"

	"shop/modules/payments/internal/provider"
	"shop/platform/id"
)

// Name is the provider's name.
const Name = "stripe"

// What intents and refunds carry: the shop's own identifiers.
const (
	metadataPayment = "shop_payment"
	metadataRefund  = "shop_refund"
	metadataInvoice = "shop_invoice"
)

// Ages of a payment, from when it was begun.
const (
	// askUntil is how long it may be asked for.
	askUntil = 12 * time.Hour
	// lookUntil is how long it is looked for. Stripe's search has seen by then
	// whatever was asked for in time.
	lookUntil = 24 * time.Hour
)

// Options configure the provider. Key and Logger are needed.
type Options struct {
	// Key is the account's secret key.
	Key string
	// WebhookSecret signs Stripe's webhooks; empty: none are taken.
	WebhookSecret string
	// URL is where Stripe's API is; empty is Stripe itself.
	URL string
	// Logger says why a charge or a refund was refused.
	Logger *slog.Logger
	// Transport carries requests; nil is one of its own.
	Transport http.RoundTripper
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Stripe is the provider. It is safe for concurrent use.
type Stripe struct {
	api           api
	webhookSecret string
	logger        *slog.Logger
	now           func() time.Time
}

var _ provider.Provider = (*Stripe)(nil)

// New makes the provider. Nothing is sent yet.
func New(o Options) (*Stripe, error) {
	if o.Key == "" || o.Logger == nil {
		return nil, errors.New("stripe: a secret key and a logger are needed")
	}
	if strings.HasPrefix(o.Key, "pk_") {
		return nil, errors.New("stripe: the key is a publishable one (pk_…); the secret key (sk_… or rk_…) is needed")
	}
	if o.URL == "" {
		o.URL = sdk.APIURL
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Stripe{api: newAPI(o), webhookSecret: o.WebhookSecret, logger: o.Logger, now: o.Now}, nil
}

// Name implements provider.Provider.
func (s *Stripe) Name() string { return Name }

// CheckMethod implements provider.Provider.
func (s *Stripe) CheckMethod(method string) error {
	rest, found := strings.CutPrefix(method, "pm_")
	if !found || rest == "" || strings.ContainsFunc(rest, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) {
		return provider.ErrUnknownMethod
	}
	return nil
}

// age is how long ago a payment was begun, which its identifier says; 0 of one
// that says nothing.
func (s *Stripe) age(key string) time.Duration {
	var payment id.Payment
	if payment.UnmarshalText([]byte(key)) != nil || payment.IsZero() {
		return 0
	}
	return s.now().Sub(begun(payment))
}

// begun is the time in a UUIDv7.
func begun(uuid [16]byte) time.Time {
	var ms int64
	for _, b := range uuid[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms)
}
