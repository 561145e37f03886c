package rest

import (
	"context"
	"net/http"

	"shop/platform/event"
	"shop/platform/httpapi"
)

// registerInternal declares what only services call.
func registerInternal(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "deliver-event-to-cart", Method: http.MethodPost, Path: "/internal/cart/events", Module: "cart",
		Summary: "Act on an event of another module", Access: httpapi.Internal,
		Description: "Safe to repeat.",
	}, h.receive)
}

type receiveInput struct{ Body event.Envelope }

func (h handlers) receive(ctx context.Context, in *receiveInput) (*struct{}, error) {
	return nil, h.service.Receive(ctx, in.Body)
}
