package stripe

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stripe/stripe-go/v84/webhook"

	"shop/modules/payments/internal/provider"
)

// ReadNotice implements provider.Provider.
func (s *Stripe) ReadNotice(body []byte, signature string) (provider.Notice, error) {
	return ReadNotice(body, signature, s.webhookSecret)
}

// event is what is read of a notice: what it is about, and nothing that it says
// about it, so that the version of Stripe's API that wrote it does not matter.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Object struct {
			Metadata map[string]string `json:"metadata"`
		} `json:"object"`
	} `json:"data"`
}

// ReadNotice checks a notice in Stripe's form that was signed with secret, no
// more than five minutes ago, and reads it. Errors are those of the provider's
// method.
func ReadNotice(body []byte, signature, secret string) (provider.Notice, error) {
	if secret == "" {
		return provider.Notice{}, provider.ErrNoNotices
	}
	if err := webhook.ValidatePayload(body, signature, secret); err != nil {
		return provider.Notice{}, fmt.Errorf("%w: %w", provider.ErrNotSigned, err)
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return provider.Notice{}, fmt.Errorf("read the notice: %w", err)
	}
	if e.ID == "" || e.Type == "" {
		return provider.Notice{}, errors.New("the notice has no id or type")
	}
	return provider.Notice{
		ID: e.ID, Kind: e.Type,
		Payment: e.Data.Object.Metadata[metadataPayment], Refund: e.Data.Object.Metadata[metadataRefund],
	}, nil
}
