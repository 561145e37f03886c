package rest

import (
	"context"
	"net/http"

	"shop/modules/payments"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// registerStates declares the operations that change where an invoice stands.
func (h handlers) registerStates(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "open-invoice", Method: http.MethodPost, Path: "/invoices/{id}/open", Module: "payments",
		Summary: "Open a draft", Access: httpapi.Administrator, Errors: []int{http.StatusConflict},
		Description: "It gets its number and can be paid.",
	}, h.changes(func(ctx context.Context, key *idempotency.Key, invoice id.Invoice) (payments.Invoice, error) {
		return h.service.OpenInvoice(ctx, payments.OpenInvoiceInput{Key: key, ID: invoice})
	}))
	httpapi.Handle(api, httpapi.Operation{
		ID: "void-invoice", Method: http.MethodPost, Path: "/invoices/{id}/void", Module: "payments",
		Summary: "Call an invoice off", Access: httpapi.Administrator, Errors: []int{http.StatusConflict},
		Description: "Open ones and drafts. Voiding a void invoice changes nothing.",
	}, h.changes(func(ctx context.Context, key *idempotency.Key, invoice id.Invoice) (payments.Invoice, error) {
		return h.service.Void(ctx, payments.VoidInput{Key: key, ID: invoice})
	}))
	httpapi.Handle(api, httpapi.Operation{
		ID: "write-off-invoice", Method: http.MethodPost, Path: "/invoices/{id}/write-off", Module: "payments",
		Summary: "Give an open invoice up as uncollectible", Access: httpapi.Administrator, Errors: []int{http.StatusConflict},
	}, h.changes(func(ctx context.Context, key *idempotency.Key, invoice id.Invoice) (payments.Invoice, error) {
		return h.service.WriteOff(ctx, payments.WriteOffInput{Key: key, ID: invoice})
	}))
}

type changeInput struct {
	httpapi.IdempotencyKey
	ID id.Invoice `path:"id" doc:"The invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
}

// changes is the handler of an operation that changes a state.
func (handlers) changes(
	do func(context.Context, *idempotency.Key, id.Invoice) (payments.Invoice, error),
) func(context.Context, *changeInput) (*changedOutput, error) {
	return func(ctx context.Context, in *changeInput) (*changedOutput, error) {
		key, err := in.Key()
		if err != nil {
			return nil, err
		}
		v, err := do(ctx, key, in.ID)
		if err != nil {
			return nil, err
		}
		return changed(v, key), nil
	}
}
