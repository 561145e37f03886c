package rest

import (
	"context"
	"net/http"
	"strconv"

	"shop/modules/catalog"
	"shop/platform/httpapi"
	"shop/platform/page"
	"shop/platform/remote"
)

// Client is the catalog in another process, over the routes beside.
type Client struct{ remote *remote.Client }

var _ catalog.Service = (*Client)(nil)

// NewClient makes the catalog that r reaches.
func NewClient(r *remote.Client) *Client { return &Client{r} }

// CreateProduct implements catalog.Service.
func (c *Client) CreateProduct(ctx context.Context, in catalog.CreateProductInput) (catalog.Product, error) {
	var wire Product
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodCreateProduct, Method: http.MethodPost, Path: "/product/",
		Key: in.Key, TakesKey: true, Body: newProductOf(in), Result: &wire,
	})
	return wire.value(), err
}

// Product implements catalog.Service.
func (c *Client) Product(ctx context.Context, in catalog.ProductInput) (catalog.Product, error) {
	var wire Product
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodProduct, Method: http.MethodGet, Path: "/product/" + in.ID.String(), Result: &wire,
	})
	return wire.value(), err
}

// Products implements catalog.Service.
func (c *Client) Products(ctx context.Context, in catalog.ProductsInput) ([]catalog.Product, error) {
	var wire FoundProducts
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodProducts, Method: http.MethodPost, Path: "/internal/catalog/products",
		Body: ProductIDs{IDs: in.IDs}, Result: &wire,
	})
	products := make([]catalog.Product, len(wire.Items))
	for i, p := range wire.Items {
		products[i] = p.value()
	}
	return products, err
}

// ListProducts implements catalog.Service.
func (c *Client) ListProducts(ctx context.Context, in catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	query := httpapi.PageValues(in.Page)
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("q", in.Query)
	set("category", in.Category)
	set("sort", string(in.Sort))
	if in.PriceMin != nil {
		set("price_min", strconv.FormatInt(*in.PriceMin, 10))
	}
	if in.PriceMax != nil {
		set("price_max", strconv.FormatInt(*in.PriceMax, 10))
	}
	if in.InStock {
		set("in_stock", "true")
	}
	var wire httpapi.ListBody[Product]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodListProducts, Method: http.MethodGet, Path: "/products/", Query: query, Result: &wire,
	})
	return httpapi.PageOf(wire, Product.value), err
}

// Categories implements catalog.Service.
func (c *Client) Categories(ctx context.Context, _ catalog.CategoriesInput) ([]catalog.Category, error) {
	var wire httpapi.ListBody[Category]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodCategories, Method: http.MethodGet, Path: "/categories/", Result: &wire,
	})
	categories := make([]catalog.Category, len(wire.Items))
	for i, category := range wire.Items {
		categories[i] = catalog.Category(category)
	}
	return categories, err
}

// UpdateProduct implements catalog.Service.
func (c *Client) UpdateProduct(ctx context.Context, in catalog.UpdateProductInput) (catalog.Product, error) {
	var wire Product
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodUpdateProduct, Method: http.MethodPut, Path: "/product/" + in.ID.String(),
		Header: httpapi.IfVersion(in.IfVersion), Body: changedProductOf(in), Result: &wire,
	})
	return wire.value(), err
}

// DeleteProduct implements catalog.Service.
func (c *Client) DeleteProduct(ctx context.Context, in catalog.DeleteProductInput) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodDeleteProduct, Method: http.MethodDelete, Path: "/product/" + in.ID.String(),
		Header: httpapi.IfVersion(in.IfVersion),
	})
	return err
}

// ImportProducts implements catalog.Service.
func (c *Client) ImportProducts(ctx context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	batch := Import{Products: make([]NewProduct, len(in.Products))}
	for i, p := range in.Products {
		batch.Products[i] = newProductOf(p)
	}
	var wire ImportResult
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodImportProducts, Method: http.MethodPost, Path: "/internal/catalog/import",
		Key: in.Key, TakesKey: true, Body: batch, Result: &wire,
	})
	return catalog.ImportResult(wire), err
}
