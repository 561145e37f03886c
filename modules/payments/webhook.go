package payments

import "shop/platform/fault"

// WebhookInput is what a payment provider sent by itself.
type WebhookInput struct {
	// Provider is the provider's name.
	Provider string
	// Body is as it came, byte by byte: the signature is over it.
	Body []byte
	// Signature is what the provider signed it with.
	Signature string
}

// The failures of a webhook. Nothing was kept of it.
var (
	// ErrNoWebhooks is returned for a provider that this shop does not use, or
	// whose signing secret it does not have.
	ErrNoWebhooks = fault.New(fault.NotFound, "webhook_not_configured", "this shop takes no webhooks of such a provider")
	// ErrWebhookSignature is returned for a signature that is not the provider's,
	// or is too old.
	ErrWebhookSignature = fault.New(fault.Malformed, "webhook_signature", "the signature is not the provider's, or too old")
	// ErrWebhookUnreadable is returned for one that is signed and says nothing.
	ErrWebhookUnreadable = fault.New(fault.Malformed, "webhook_unreadable", "the webhook cannot be read")
)
