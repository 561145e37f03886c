package rest

import (
	"context"
	"net/http"

	"shop/modules/catalog"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/money"
)

// Register declares the catalog's operations.
func Register(api *httpapi.API, s catalog.Service) {
	h := handlers{s}
	httpapi.Handle(api, httpapi.Operation{
		ID: "create-product", Method: http.MethodPost, Path: "/product/", Module: "catalog",
		Summary: "Create a product", Access: httpapi.Administrator, Status: http.StatusCreated,
		Errors: []int{http.StatusConflict},
	}, h.create)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-product", Method: http.MethodGet, Path: "/product/{id}", Module: "catalog",
		Summary: "Read a product", Errors: []int{http.StatusNotModified},
		Description: "Also a deleted one, with `deleted_at`: who has it in a cart or on an invoice can still look at it.",
	}, h.get)
	httpapi.Handle(api, httpapi.Operation{
		ID: "update-product", Method: http.MethodPut, Path: "/product/{id}", Module: "catalog",
		Summary: "Change a product", Access: httpapi.Administrator,
		Description: "Fields left out keep their value. With `If-Match` the change is made only to the version you have seen; a sale in between does not count.",
		Errors:      []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, h.update)
	httpapi.Handle(api, httpapi.Operation{
		ID: "delete-product", Method: http.MethodDelete, Path: "/product/{id}", Module: "catalog",
		Summary: "Take a product off sale", Access: httpapi.Administrator,
		Errors: []int{http.StatusPreconditionFailed},
	}, h.remove)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-products", Method: http.MethodGet, Path: "/products/", Module: "catalog",
		Summary:     "List and search products",
		Description: "`q` finds products that have all its words, or words that begin with them, and ranks name and SKU above category and description.",
	}, h.list)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-categories", Method: http.MethodGet, Path: "/categories/", Module: "catalog",
		Summary: "List categories with counts",
	}, h.categories)
	registerRestock(api, h)
	registerInternal(api, h)
}

type handlers struct{ service catalog.Service }

type createInput struct {
	httpapi.IdempotencyKey
	Body NewProduct
}

func (h handlers) create(ctx context.Context, in *createInput) (*httpapi.Created[Product], error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	product := in.Body.input()
	product.Key = key
	p, err := h.service.CreateProduct(ctx, product)
	if err != nil {
		return nil, err
	}
	return httpapi.NewCreated("/product/"+p.ID.String(), etag(p), key, productOf(p)), nil
}

// productOutput is one product.
type productOutput struct {
	ETag string `header:"ETag" doc:"Changes with the product and with its stock."`
	Body Product
}

type getInput struct {
	httpapi.Conditional
	ID id.Product `path:"id" doc:"The product." example:"prod_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) get(ctx context.Context, in *getInput) (*productOutput, error) {
	p, err := h.service.Product(ctx, catalog.ProductInput{ID: in.ID})
	if err != nil {
		return nil, err
	}
	if err := in.Check(etag(p)); err != nil {
		return nil, err
	}
	return &productOutput{ETag: etag(p), Body: productOf(p)}, nil
}

type updateInput struct {
	httpapi.Precondition
	ID   id.Product `path:"id" doc:"The product." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Body ChangedProduct
}

func (h handlers) update(ctx context.Context, in *updateInput) (*productOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	b := in.Body
	change := catalog.UpdateProductInput{
		ID: in.ID, IfVersion: version, SKU: b.SKU, Name: b.Name, Description: b.Description,
		Stock: b.Stock, Category: b.Category, Attributes: b.Attributes, Images: b.Images,
	}
	if b.Price != nil {
		price := money.Of(b.Price.Amount, money.Currency(b.Price.Currency))
		change.Price = &price
	}
	p, err := h.service.UpdateProduct(ctx, change)
	if err != nil {
		return nil, err
	}
	return &productOutput{ETag: etag(p), Body: productOf(p)}, nil
}

type removeInput struct {
	httpapi.Precondition
	ID id.Product `path:"id" doc:"The product." example:"prod_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) remove(ctx context.Context, in *removeInput) (*struct{}, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return nil, h.service.DeleteProduct(ctx, catalog.DeleteProductInput{ID: in.ID, IfVersion: version})
}

type listInput struct {
	httpapi.PageQuery
	Query    string                `query:"q" maxLength:"200" doc:"Words to search for." example:"blue mug"`
	Category string                `query:"category" maxLength:"100" doc:"Only this category." example:"Kitchen"`
	PriceMin httpapi.OptionalInt64 `query:"price_min" doc:"Lowest price in minor units, inclusive."`
	PriceMax httpapi.OptionalInt64 `query:"price_max" doc:"Highest price in minor units, inclusive."`
	InStock  bool                  `query:"in_stock" doc:"Only what can be bought now."`
	Sort     string                `query:"sort" enum:"created_at,-created_at,name,-name,price,-price,relevance" doc:"The order; - is descending. Default: relevance with q, else -created_at."`
}

func (h handlers) list(ctx context.Context, in *listInput) (*httpapi.List[Product], error) {
	p, err := h.service.ListProducts(ctx, catalog.ListProductsInput{
		Page: in.Page(), Query: in.Query, Category: in.Category, PriceMin: in.PriceMin.Pointer(),
		PriceMax: in.PriceMax.Pointer(), InStock: in.InStock, Sort: catalog.Sort(in.Sort),
	})
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(ctx, p, productOf), nil
}

// categoriesOutput is all categories; there are few, so they come on one page.
type categoriesOutput struct {
	Body httpapi.ListBody[Category]
}

func (h handlers) categories(ctx context.Context, _ *struct{}) (*categoriesOutput, error) {
	categories, err := h.service.Categories(ctx, catalog.CategoriesInput{})
	if err != nil {
		return nil, err
	}
	out := &categoriesOutput{}
	out.Body.Items = make([]Category, len(categories))
	for i, c := range categories {
		out.Body.Items[i] = Category(c)
	}
	return out, nil
}

// etag changes with the product and with its stock; If-Match looks at the
// version alone.
func etag(p catalog.Product) string { return httpapi.ETag(p.Version, p.Revision) }
