package rest

import (
	"context"
	"net/http"

	"shop/modules/catalog"
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
	httpapi.Handle(api, httpapi.Operation{
		ID: "reserve-stock", Method: http.MethodPost, Path: "/internal/catalog/reservations", Module: "catalog",
		Summary: "Take stock for a checkout, all lines or none", Access: httpapi.Internal,
		Description: "The same key takes it once.", Errors: []int{http.StatusConflict},
	}, h.reserve)
	httpapi.Handle(api, httpapi.Operation{
		ID: "release-stock", Method: http.MethodDelete, Path: "/internal/catalog/reservations/{key}", Module: "catalog",
		Summary: "Give a reservation's stock back, once", Access: httpapi.Internal,
	}, h.release)
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

// Reservation is stock for a checkout.
type Reservation struct {
	Key   id.Checkout       `json:"key" pattern:"^chk_[0-7][0-9a-hjkmnp-tv-z]{25}$" example:"chk_01h455vb4pex5vsknk084sn02q"`
	Lines []ReservationLine `json:"lines" minItems:"1" maxItems:"1000" nullable:"false"`
}

// ReservationLine is a number of pieces of one product.
type ReservationLine struct {
	Product  id.Product `json:"product_id" pattern:"^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$" example:"prod_01h455vb4pex5vsknk084sn02q"`
	Quantity int64      `json:"quantity" minimum:"1" maximum:"1000000000" example:"2"`
}

func linesOf(lines []catalog.ReserveLine) []ReservationLine {
	wire := make([]ReservationLine, len(lines))
	for i, line := range lines {
		wire[i] = ReservationLine(line)
	}
	return wire
}

func (r Reservation) lines() []catalog.ReserveLine {
	lines := make([]catalog.ReserveLine, len(r.Lines))
	for i, line := range r.Lines {
		lines[i] = catalog.ReserveLine(line)
	}
	return lines
}

type reserveInput struct{ Body Reservation }

type reserveOutput struct{ Body Reservation }

func (h handlers) reserve(ctx context.Context, in *reserveInput) (*reserveOutput, error) {
	r, err := h.service.Reserve(ctx, catalog.ReserveInput{Key: in.Body.Key, Lines: in.Body.lines()})
	if err != nil {
		return nil, err
	}
	return &reserveOutput{Reservation{Key: r.Key, Lines: linesOf(r.Lines)}}, nil
}

type releaseInput struct {
	Key id.Checkout `path:"key" doc:"The checkout that reserved." example:"chk_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) release(ctx context.Context, in *releaseInput) (*struct{}, error) {
	return nil, h.service.Release(ctx, catalog.ReleaseInput{Key: in.Key})
}
