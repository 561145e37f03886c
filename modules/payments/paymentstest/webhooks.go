package paymentstest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/id"
)

// notice is an event in Stripe's form about a payment.
func notice(event, kind string, payment id.Payment) string {
	return fmt.Sprintf(`{"id":%q, "object":"event", "type":%q, "data":{"object":{"metadata":{"shop_payment":%q}}}}`,
		event, kind, payment)
}

// sign signs a body as Stripe does.
func sign(body string, at time.Time, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// notify sends what the provider says by itself, as nobody in particular.
func (s *suite) notify(ctx context.Context, body string) error {
	return s.Service.Webhook(ctx, payments.WebhookInput{
		Provider: "sandbox", Body: []byte(body), Signature: sign(body, time.Now(), WebhookSecret),
	})
}

// webhookResolves: what the provider says makes the shop ask, at once, and is
// acted on once, however often and in whatever order it comes.
func webhookResolves(t *testing.T, s *suite) {
	v := s.timeOut(t, "")
	payment := s.LastPayment(t, v.ID)
	for range 2 {
		// It says that the payment failed: the provider, asked, says otherwise.
		require.NoError(t, s.notify(t.Context(), notice("evt_1", "payment_intent.payment_failed", payment)))
	}
	require.NoError(t, s.HandleWebhooks(t.Context()))
	require.Equal(t, payments.StatusPaid, s.invoice(t, v.ID).Status)
	require.Equal(t, 1, s.Webhooks(t))

	for event, kind := range map[string]string{
		"evt_2": "payment_intent.succeeded", "evt_3": "payment_intent.processing", "evt_4": "payment_intent.canceled",
	} {
		require.NoError(t, s.notify(t.Context(), notice(event, kind, payment)))
	}
	require.NoError(t, s.HandleWebhooks(t.Context()))
	require.Equal(t, payments.StatusPaid, s.invoice(t, v.ID).Status)
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventInvoicePaid}, s.names(t))
	require.Equal(t, 1, s.Charges(t, v.ID))
	require.Equal(t, 4, s.Webhooks(t))
}

// webhookResolvesRefunds: the same for refunds, named by themselves or by the
// charge that they are of.
func webhookResolvesRefunds(t *testing.T, s *suite) {
	for event, kind := range map[string]string{"evt_1": "refund.updated", "evt_2": "charge.refunded"} {
		v := s.paid(t, "pm_refund_timeout")
		pending := s.refund(t, payments.RefundInput{ID: v.ID})
		require.Equal(t, payments.RefundPending, pending.State)
		metadata := `{"shop_refund":"` + pending.ID.String() + `"}`
		if kind == "charge.refunded" {
			metadata = `{"shop_payment":"` + s.LastPayment(t, v.ID).String() + `"}`
		}
		s.Clock.Advance(time.Minute) // whoever asked has had his time
		require.NoError(t, s.notify(t.Context(), fmt.Sprintf(
			`{"id":%q,"object":"event","type":%q,"data":{"object":{"metadata":%s}}}`, event, kind, metadata)))
		require.NoError(t, s.HandleWebhooks(t.Context()))
		require.Equal(t, payments.StatusRefunded, s.invoice(t, v.ID).Status, kind)
	}
}

// webhookOfOthers: what is about nothing of the shop's is acknowledged.
func webhookOfOthers(t *testing.T, s *suite) {
	for event, body := range map[string]string{
		"unknown kind":    notice("evt_1", "customer.moved", id.Payment{}),
		"unknown payment": notice("evt_2", "payment_intent.succeeded", id.NewPayment()),
		"no object":       `{"id":"evt_3","object":"event","type":"balance.available"}`,
	} {
		require.NoError(t, s.notify(t.Context(), body), event)
	}
	require.NoError(t, s.HandleWebhooks(t.Context()))
	require.Equal(t, 3, s.Webhooks(t))
}

// webhookRefused: without the provider's signature nothing is kept.
func webhookRefused(t *testing.T, s *suite) {
	body := notice("evt_1", "payment_intent.succeeded", id.NewPayment())
	now := time.Now()
	for signature, want := range map[string]error{
		"":                                 payments.ErrWebhookSignature,
		"t=1,v1=00":                        payments.ErrWebhookSignature,
		sign(body, now, "whsec_other"):     payments.ErrWebhookSignature,
		sign(body+" ", now, WebhookSecret): payments.ErrWebhookSignature,
		sign(body, now.Add(-6*time.Minute), WebhookSecret): payments.ErrWebhookSignature,
	} {
		err := s.Service.Webhook(t.Context(), payments.WebhookInput{Provider: "sandbox", Body: []byte(body), Signature: signature})
		require.ErrorIs(t, err, want, signature)
	}
	err := s.Service.Webhook(t.Context(), payments.WebhookInput{
		Provider: "cash", Body: []byte(body), Signature: sign(body, now, WebhookSecret),
	})
	require.ErrorIs(t, err, payments.ErrNoWebhooks)
	require.ErrorIs(t, s.notify(t.Context(), `{"object":"event"}`), payments.ErrWebhookUnreadable)
	require.Zero(t, s.Webhooks(t))
}
