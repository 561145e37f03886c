package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"shop/modules/payments"
	"shop/platform/httpapi"
	"shop/platform/remote"
)

// maxWebhook is the largest webhook that is read, in bytes.
const maxWebhook = 512 << 10

// registerWebhooks declares where providers send what they say by themselves.
func registerWebhooks(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "receive-webhook", Method: http.MethodPost, Path: "/webhooks/{provider}", Module: "payments",
		Summary: "Take a webhook of the payment provider", Access: httpapi.Public, Status: http.StatusOK, MaxBodyBytes: maxWebhook,
		Description: "Called by the provider. 200: it is kept, and acted on afterwards; one that has come before changes nothing. " +
			"400: the signature is not the provider's, or more than five minutes old.",
	}, h.webhook)
	api.OpenAPI().Paths["/webhooks/{provider}"].Post.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
			Type: huma.TypeObject, Description: "An event in Stripe's form. What it says is not believed, but asked for.",
			AdditionalProperties: true,
		}}},
	}
	httpapi.Handle(api, httpapi.Operation{
		ID: "forward-webhook", Method: http.MethodPost, Path: "/internal/payments/webhooks", Module: "payments",
		Summary: "Pass a webhook on as it came", Access: httpapi.Internal, MaxBodyBytes: 2 * maxWebhook,
	}, h.forwarded)
}

type webhookInput struct {
	Provider  string `path:"provider" maxLength:"50" doc:"The provider's name." example:"stripe"`
	Signature string `header:"Stripe-Signature" maxLength:"2000" doc:"The provider's signature over the body; the sandbox signs as Stripe does."`
	RawBody   []byte
}

func (h handlers) webhook(ctx context.Context, in *webhookInput) (*struct{}, error) {
	return nil, h.service.Webhook(ctx, payments.WebhookInput{Provider: in.Provider, Body: in.RawBody, Signature: in.Signature})
}

// Webhook is a webhook on its way to the process that hosts the module.
type Webhook struct {
	Provider  string `json:"provider" maxLength:"50" example:"stripe"`
	Body      []byte `json:"body" doc:"The body as it came, byte by byte." example:"e30="`
	Signature string `json:"signature" maxLength:"2000" example:"t=1793612345,v1=5f"`
}

type forwardInput struct{ Body Webhook }

func (h handlers) forwarded(ctx context.Context, in *forwardInput) (*struct{}, error) {
	return nil, h.service.Webhook(ctx, payments.WebhookInput(in.Body))
}

// Webhook implements payments.Service.
func (c *Client) Webhook(ctx context.Context, in payments.WebhookInput) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodWebhook, Method: http.MethodPost, Path: "/internal/payments/webhooks", Body: Webhook(in),
	})
	return err
}
