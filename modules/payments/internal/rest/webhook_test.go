package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v84/webhook"

	"shop/modules/payments/paymentstest"
	"shop/platform/httpapi"
)

// A webhook needs no session, only a signature over its body as it came.
func TestWebhook(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const body = "{ \"id\": \"evt_1\",\n\t\"object\":\"event\", \"type\":\"x\" }\n"
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{
		Payload: []byte(body), Secret: paymentstest.WebhookSecret, Timestamp: time.Now(),
	}).Header
	for range 2 {
		taken := call(t, s.public, http.MethodPost, "/webhooks/sandbox", "", body,
			"Stripe-Signature", signed, "Content-Type", "application/json; charset=utf-8")
		require.Equal(t, http.StatusOK, taken.Code, taken.Body)
	}
	require.Equal(t, 1, s.fake.Notices())

	for name, test := range map[string]struct {
		path, body, signature string
		status                int
		code                  string
	}{
		"changed":   {"/webhooks/sandbox", strings.TrimSpace(body), signed, 400, "webhook_signature"},
		"unsigned":  {"/webhooks/sandbox", body, "", 400, "webhook_signature"},
		"another":   {"/webhooks/stripe", body, signed, 404, "webhook_not_configured"},
		"too large": {"/webhooks/sandbox", `{"x":"` + strings.Repeat("x", 512<<10) + `"}`, signed, 413, "body_too_large"},
	} {
		refused := call(t, s.public, http.MethodPost, test.path, "", test.body, "Stripe-Signature", test.signature)
		require.Equal(t, test.status, refused.Code, name)
		var problem httpapi.Problem
		require.NoError(t, json.Unmarshal(refused.Body.Bytes(), &problem))
		require.Equal(t, test.code, problem.Code, name)
	}
	require.Equal(t, 1, s.fake.Notices())
}
