package rest

import (
	"context"
	"net/http"

	"shop/modules/catalog"
	"shop/platform/audit"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// registerInternal declares what only services call.
func registerInternal(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "find-products", Method: http.MethodPost, Path: "/internal/catalog/products", Module: "catalog",
		Summary: "Read several products at once", Access: httpapi.Internal,
		Description: "Deleted ones included, in no order; those that never existed are left out.",
	}, h.find)
	httpapi.Handle(api, httpapi.Operation{
		ID: "import-products", Method: http.MethodPost, Path: "/internal/catalog/import", Module: "catalog",
		Summary: "Create and update products, all or none", Access: httpapi.Internal, MaxBodyBytes: 32 << 20,
	}, h.importProducts)
	registerReservations(api, h)
	audit.Register(api, "catalog", h.service.Verify)
}

// ProductIDs names products.
type ProductIDs struct {
	IDs []id.Product `json:"ids" maxItems:"1000" nullable:"false" example:"[\"prod_01h455vb4pex5vsknk084sn02q\"]"`
}

// FoundProducts are the products that exist.
type FoundProducts struct {
	Items []Product `json:"items" nullable:"false"`
}

type findInput struct{ Body ProductIDs }

type findOutput struct{ Body FoundProducts }

func (h handlers) find(ctx context.Context, in *findInput) (*findOutput, error) {
	products, err := h.service.Products(ctx, catalog.ProductsInput{IDs: in.Body.IDs})
	if err != nil {
		return nil, err
	}
	out := &findOutput{FoundProducts{Items: make([]Product, len(products))}}
	for i, p := range products {
		out.Body.Items[i] = productOf(p)
	}
	return out, nil
}

// Import is a batch of products.
type Import struct {
	Products []NewProduct `json:"products" minItems:"1" maxItems:"1000" nullable:"false"`
}

// ImportResult counts what an import did.
type ImportResult struct {
	Created int `json:"created" example:"60"`
	Updated int `json:"updated" example:"2"`
}

type importInput struct {
	httpapi.IdempotencyKey
	Body Import
}

type importOutput struct {
	Replayed string `header:"Idempotent-Replayed"`
	Body     ImportResult
}

func (h handlers) importProducts(ctx context.Context, in *importInput) (*importOutput, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	batch := catalog.ImportProductsInput{Key: key, Products: make([]catalog.CreateProductInput, len(in.Body.Products))}
	for i, p := range in.Body.Products {
		batch.Products[i] = p.input()
	}
	result, err := h.service.ImportProducts(ctx, batch)
	if err != nil {
		return nil, err
	}
	out := &importOutput{Body: ImportResult(result)}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out, nil
}
