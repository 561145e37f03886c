package rest

import (
	"context"
	"net/http"

	"shop/modules/cart"
	"shop/platform/audit"
	"shop/platform/httpapi"
	"shop/platform/module"
)

const mergePath = "/internal/cart/merge"

// registerInternal declares what only services call.
func registerInternal(api *httpapi.API, h handlers) {
	module.RegisterEvents(api, "cart", h.service.Receive)
	audit.Register(api, "cart", h.service.Verify)
	httpapi.Handle(api, httpapi.Operation{
		ID: "merge-carts", Method: http.MethodPost, Path: mergePath, Module: "cart",
		Summary: "Move a guest's cart into a user's", Access: httpapi.Internal, Description: "Safe to repeat.",
		Errors: []int{http.StatusConflict},
	}, h.merge)
}

type mergeInput struct{ Body NewMerge }

func (h handlers) merge(ctx context.Context, in *mergeInput) (*struct{}, error) {
	return nil, h.service.Merge(ctx, cart.MergeInput(in.Body))
}
