package rest

import (
	"context"
	"net/http"

	"shop/modules/catalog"
	"shop/platform/httpapi"
	"shop/platform/id"
)

func registerRestock(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "restock-product", Method: http.MethodPost, Path: "/product/{id}/stock", Module: "catalog",
		Summary: "Change a product's stock by a delta", Access: httpapi.Administrator,
		Description: "Up when goods came, down when some are broken or lost; sales in between do no harm, as they would to a count.",
		Errors:      []int{http.StatusConflict},
	}, h.restock)
}

// Restock is the body of a restock.
type Restock struct {
	Delta  int64  `json:"delta" minimum:"-1000000000" maximum:"1000000000" doc:"How many pieces more, or fewer when negative; not 0." example:"120"`
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"Why, for those who read the ledger." example:"Delivery 4711"`
}

type restockInput struct {
	httpapi.IdempotencyKey
	ID   id.Product `path:"id" doc:"The product." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Body Restock
}

// restockOutput is the product as it is then.
type restockOutput struct {
	ETag     string `header:"ETag" doc:"Changes with the product and with its stock."`
	Replayed string `header:"Idempotent-Replayed" doc:"true: the answer of an earlier request with the same Idempotency-Key."`
	Body     Product
}

func (h handlers) restock(ctx context.Context, in *restockInput) (*restockOutput, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	p, err := h.service.Restock(ctx, catalog.RestockInput{
		Key: key, ProductID: in.ID, Delta: in.Body.Delta, Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, err
	}
	out := &restockOutput{ETag: etag(p), Body: productOf(p)}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out, nil
}
