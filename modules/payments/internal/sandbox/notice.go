package sandbox

import (
	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/stripe"
)

// ReadNotice implements provider.Provider. The sandbox sends no notices of its
// own: whoever tries them out signs and sends them in Stripe's form.
func (s *Sandbox) ReadNotice(body []byte, signature string) (provider.Notice, error) {
	return stripe.ReadNotice(body, signature, s.options.WebhookSecret)
}
