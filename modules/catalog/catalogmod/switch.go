package catalogmod

import (
	"context"

	"shop/modules/catalog"
	"shop/platform/flip"
	"shop/platform/page"
)

// Switch is the catalog as other modules hold it: each call goes by the route
// to the implementation in charge.
type Switch struct{ route *flip.Route[catalog.Service] }

var _ catalog.Service = (*Switch)(nil)

// CreateProduct implements catalog.Service.
func (s *Switch) CreateProduct(ctx context.Context, in catalog.CreateProductInput) (catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodCreateProduct, func(ctx context.Context, t catalog.Service) (catalog.Product, error) { return t.CreateProduct(ctx, in) })
}

// Product implements catalog.Service.
func (s *Switch) Product(ctx context.Context, in catalog.ProductInput) (catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodProduct, func(ctx context.Context, t catalog.Service) (catalog.Product, error) { return t.Product(ctx, in) })
}

// Products implements catalog.Service.
func (s *Switch) Products(ctx context.Context, in catalog.ProductsInput) ([]catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodProducts, func(ctx context.Context, t catalog.Service) ([]catalog.Product, error) { return t.Products(ctx, in) })
}

// ListProducts implements catalog.Service.
func (s *Switch) ListProducts(ctx context.Context, in catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	return flip.Call(ctx, s.route, catalog.MethodListProducts, func(ctx context.Context, t catalog.Service) (page.Page[catalog.Product], error) {
		return t.ListProducts(ctx, in)
	})
}

// Categories implements catalog.Service.
func (s *Switch) Categories(ctx context.Context, in catalog.CategoriesInput) ([]catalog.Category, error) {
	return flip.Call(ctx, s.route, catalog.MethodCategories, func(ctx context.Context, t catalog.Service) ([]catalog.Category, error) { return t.Categories(ctx, in) })
}

// UpdateProduct implements catalog.Service.
func (s *Switch) UpdateProduct(ctx context.Context, in catalog.UpdateProductInput) (catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodUpdateProduct, func(ctx context.Context, t catalog.Service) (catalog.Product, error) { return t.UpdateProduct(ctx, in) })
}

// DeleteProduct implements catalog.Service.
func (s *Switch) DeleteProduct(ctx context.Context, in catalog.DeleteProductInput) error {
	return flip.Do(ctx, s.route, catalog.MethodDeleteProduct, func(ctx context.Context, t catalog.Service) error { return t.DeleteProduct(ctx, in) })
}

// ImportProducts implements catalog.Service.
func (s *Switch) ImportProducts(ctx context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	return flip.Call(ctx, s.route, catalog.MethodImportProducts, func(ctx context.Context, t catalog.Service) (catalog.ImportResult, error) {
		return t.ImportProducts(ctx, in)
	})
}

// Reserve implements catalog.Service.
func (s *Switch) Reserve(ctx context.Context, in catalog.ReserveInput) (catalog.Reservation, error) {
	return flip.Call(ctx, s.route, catalog.MethodReserve, func(ctx context.Context, t catalog.Service) (catalog.Reservation, error) { return t.Reserve(ctx, in) })
}

// Release implements catalog.Service.
func (s *Switch) Release(ctx context.Context, in catalog.ReleaseInput) error {
	return flip.Do(ctx, s.route, catalog.MethodRelease, func(ctx context.Context, t catalog.Service) error { return t.Release(ctx, in) })
}
