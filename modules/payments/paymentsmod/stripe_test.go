package paymentsmod_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v84/webhook"

	"shop/modules/payments"
	"shop/modules/payments/paymentsmod"
	"shop/modules/payments/paymentstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/money"
)

// Stripe charges and its answer is lost; its webhook makes the shop look.
func TestStripeAnswerLost(t *testing.T) {
	t.Parallel()
	var charges atomic.Int64
	api := http.NewServeMux()
	api.HandleFunc("POST /v1/payment_intents", func(http.ResponseWriter, *http.Request) {
		charges.Add(1)
		panic(http.ErrAbortHandler)
	})
	api.HandleFunc("GET /v1/payment_intents/search", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"object":"search_result","data":[{"id":"pi_1","status":"processing"}]}`))
	})
	api.HandleFunc("GET /v1/payment_intents/pi_1", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":"pi_1","status":"succeeded"}`))
	})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)

	users, clock := &paymentstest.Users{}, &paymentstest.Clock{}
	db := dbtest.Open(t, database.SQLite, "payments")
	built, err := paymentsmod.New(paymentsmod.Deps{
		Deps:  module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)},
		Users: users, Now: clock.Now, Settings: paymentsmod.Settings{ResolveEvery: time.Millisecond},
		ProviderSettings: paymentsmod.ProviderSettings{
			Name: "stripe", StripeKey: "sk_test_1", StripeURL: server.URL, StripeWebhookSecret: "whsec_1",
		},
	})
	require.NoError(t, err)
	f := fixtureOf(db, paymentstest.Outside{Users: users, Clock: clock}, built)
	ctx := identity.With(t.Context(), identity.Actor{User: users.Add(), Service: "cart"})
	v, err := f.Service.CreateInvoice(ctx, payments.CreateInvoiceInput{
		UserID: identity.From(ctx).User, Currency: "EUR",
		Lines: []payments.LineInput{{Description: "Blue mug", Quantity: 1, UnitPrice: money.Of(1250, "EUR")}},
	})
	require.NoError(t, err)
	_, err = f.Service.Pay(ctx, payments.PayInput{ID: v.ID, PaymentMethod: "card"})
	require.Error(t, err)
	_, err = f.Service.Pay(ctx, payments.PayInput{ID: v.ID, PaymentMethod: "pm_card_visa"})
	require.ErrorIs(t, err, payments.ErrOutcomeUnknown)

	body := []byte(`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"metadata":{"shop_payment":"` +
		f.LastPayment(t, v.ID).String() + `"}}}}`)
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: "whsec_1", Timestamp: time.Now()})
	require.NoError(t, f.Service.Webhook(t.Context(), payments.WebhookInput{Provider: "stripe", Body: body, Signature: signed.Header}))
	require.NoError(t, f.HandleWebhooks(t.Context()))
	paid, err := f.Service.Invoice(ctx, payments.InvoiceInput{ID: v.ID})
	require.NoError(t, err)
	require.Equal(t, payments.StatusPaid, paid.Status)
	require.EqualValues(t, 1, charges.Load())
}

// A provider that there is not, or that lacks its key, is refused at the start.
func TestProviderRefused(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, database.SQLite, "payments")
	for name, message := range map[string]string{"cash": "no payment provider", "stripe": "secret key"} {
		_, err := paymentsmod.New(paymentsmod.Deps{
			Deps:  module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler)},
			Users: &paymentstest.Users{}, ProviderSettings: paymentsmod.ProviderSettings{Name: name},
		})
		require.ErrorContains(t, err, message)
	}
}
