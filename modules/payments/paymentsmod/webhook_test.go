package paymentsmod_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v84/webhook"

	"shop/modules/payments"
	"shop/modules/payments/internal/gormstore"
	"shop/modules/payments/internal/sandbox"
	"shop/modules/payments/paymentsmod"
	"shop/modules/payments/paymentstest"
	"shop/platform/flip"
	"shop/platform/module"
)

// notify sends what the provider says about the last payment of an invoice.
func (w *world) notify(t *testing.T, service payments.Service, event string) {
	t.Helper()
	body := []byte(`{"id":"` + event + `","object":"event","type":"payment_intent.succeeded","data":{"object":{"metadata":{"shop_payment":"` +
		w.LastPayment(t, w.invoice).String() + `"}}}}`)
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{
		Payload: body, Secret: paymentstest.WebhookSecret, Timestamp: time.Now(),
	})
	require.NoError(t, service.Webhook(t.Context(), payments.WebhookInput{Provider: "sandbox", Body: body, Signature: signed.Header}))
}

// kept is what is kept of a webhook.
type kept struct {
	Attempts  int64
	Error     string
	HandledAt *time.Time
}

func (w *world) kept(t *testing.T) (all []kept) {
	t.Helper()
	require.NoError(t, w.db.Read(t.Context()).Raw(`SELECT attempts, error, handled_at FROM webhooks ORDER BY id`).Find(&all).Error)
	return all
}

// A webhook that cannot be acted on is tried again, for a day.
func TestWebhookPutOff(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.provider.set(lineDead, nil, lineDead)
		require.ErrorIs(t, w.pay(t, ""), payments.ErrOutcomeUnknown)
		w.notify(t, w.Service, "evt_1")
		replica := build(t, w.db, w.Outside, w.provider)
		require.NoError(t, run(t.Context(), w.db, replica, "handle webhooks", `SELECT count(*) FROM webhooks WHERE error = ''`))
		require.Equal(t, payments.StatusPaying, w.status(t))
		w.notify(t, w.Service, "evt_1")
		first := w.kept(t)
		require.Len(t, first, 1)
		require.Nil(t, first[0].HandledAt)
		require.Contains(t, first[0].Error, "no outcome")

		w.Clock.Advance(25 * time.Hour)
		require.NoError(t, w.HandleWebhooks(t.Context()))
		given := w.kept(t)[0]
		require.NotNil(t, given.HandledAt)
		require.Contains(t, given.Error, "no outcome")
		require.Equal(t, payments.StatusPaying, w.status(t))

		w.provider.set(nil, nil, nil)
		w.notify(t, w.Service, "evt_2")
		require.NoError(t, w.HandleWebhooks(t.Context()))
		require.Empty(t, w.kept(t)[1].Error)
		w.requirePaidOnce(t)
	})
}

// Webhooks go when they were handled long ago; those that wait stay.
func TestWebhooksPruned(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		require.NoError(t, w.pay(t, ""))
		w.notify(t, w.Service, "evt_1")
		require.NoError(t, w.HandleWebhooks(t.Context()))
		w.notify(t, w.Service, "evt_2")
		store := gormstore.New(w.db)
		for minutes, left := range []int{2, 1} {
			_, err := store.PruneWebhooks(t.Context(), w.Clock.Now().Add(time.Duration(minutes)*time.Minute))
			require.NoError(t, err)
			require.Equal(t, left, w.Webhooks(t))
		}
	})
}

// A webhook is acted on when it arrives, not when somebody looks next.
func TestWebhookAtOnce(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		built, err := paymentsmod.New(paymentsmod.Deps{
			Deps:  module.Deps{DB: w.db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)},
			Users: w.Users, Provider: newSandbox(w.db), Now: w.Clock.Now,
			Settings: paymentsmod.Settings{ResolveEvery: time.Hour},
		})
		require.NoError(t, err)
		_, err = w.Service.Pay(w.ctx(t), payments.PayInput{ID: w.invoice, PaymentMethod: sandbox.MethodTimeout})
		require.ErrorIs(t, err, payments.ErrOutcomeUnknown)
		w.notify(t, built.Service, "evt_1")
		require.NoError(t, run(t.Context(), w.db, built, "handle webhooks", `SELECT count(*) FROM webhooks WHERE handled_at IS NULL`))
		w.requirePaidOnce(t)
	})
}
