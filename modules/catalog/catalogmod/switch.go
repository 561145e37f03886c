package catalogmod

import (
	"context"

	"shop/modules/catalog"
	"shop/platform/audit"
	"shop/platform/flip"
	"shop/platform/page"
)

// Switch is the catalog as other modules hold it: each call goes by the route
// to the implementation in charge.
type Switch struct{ route *flip.Route[catalog.Service] }

var _ catalog.Service = (*Switch)(nil)

// CreateProduct implements catalog.Service.
func (s *Switch) CreateProduct(ctx context.Context, in catalog.CreateProductInput) (catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodCreateProduct, catalog.Service.CreateProduct, in)
}

// Product implements catalog.Service.
func (s *Switch) Product(ctx context.Context, in catalog.ProductInput) (catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodProduct, catalog.Service.Product, in)
}

// Products implements catalog.Service.
func (s *Switch) Products(ctx context.Context, in catalog.ProductsInput) ([]catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodProducts, catalog.Service.Products, in)
}

// ListProducts implements catalog.Service.
func (s *Switch) ListProducts(ctx context.Context, in catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	return flip.Call(ctx, s.route, catalog.MethodListProducts, catalog.Service.ListProducts, in)
}

// Categories implements catalog.Service.
func (s *Switch) Categories(ctx context.Context, in catalog.CategoriesInput) ([]catalog.Category, error) {
	return flip.Call(ctx, s.route, catalog.MethodCategories, catalog.Service.Categories, in)
}

// UpdateProduct implements catalog.Service.
func (s *Switch) UpdateProduct(ctx context.Context, in catalog.UpdateProductInput) (catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodUpdateProduct, catalog.Service.UpdateProduct, in)
}

// DeleteProduct implements catalog.Service.
func (s *Switch) DeleteProduct(ctx context.Context, in catalog.DeleteProductInput) error {
	return flip.Do(ctx, s.route, catalog.MethodDeleteProduct, catalog.Service.DeleteProduct, in)
}

// ImportProducts implements catalog.Service.
func (s *Switch) ImportProducts(ctx context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	return flip.Call(ctx, s.route, catalog.MethodImportProducts, catalog.Service.ImportProducts, in)
}

// Restock implements catalog.Service.
func (s *Switch) Restock(ctx context.Context, in catalog.RestockInput) (catalog.Product, error) {
	return flip.Call(ctx, s.route, catalog.MethodRestock, catalog.Service.Restock, in)
}

// Reserve implements catalog.Service.
func (s *Switch) Reserve(ctx context.Context, in catalog.ReserveInput) (catalog.Reservation, error) {
	return flip.Call(ctx, s.route, catalog.MethodReserve, catalog.Service.Reserve, in)
}

// Reservation implements catalog.Service.
func (s *Switch) Reservation(ctx context.Context, in catalog.ReservationInput) (catalog.Reservation, error) {
	return flip.Call(ctx, s.route, catalog.MethodReservation, catalog.Service.Reservation, in)
}

// Reservations implements catalog.Service.
func (s *Switch) Reservations(ctx context.Context, in catalog.ReservationsInput) ([]catalog.Reservation, error) {
	return flip.Call(ctx, s.route, catalog.MethodReservations, catalog.Service.Reservations, in)
}

// Commit implements catalog.Service.
func (s *Switch) Commit(ctx context.Context, in catalog.CommitInput) error {
	return flip.Do(ctx, s.route, catalog.MethodCommit, catalog.Service.Commit, in)
}

// Release implements catalog.Service.
func (s *Switch) Release(ctx context.Context, in catalog.ReleaseInput) error {
	return flip.Do(ctx, s.route, catalog.MethodRelease, catalog.Service.Release, in)
}

// Return implements catalog.Service.
func (s *Switch) Return(ctx context.Context, in catalog.ReturnInput) error {
	return flip.Do(ctx, s.route, catalog.MethodReturn, catalog.Service.Return, in)
}

// Verify implements catalog.Service.
func (s *Switch) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return flip.Call(ctx, s.route, catalog.MethodVerify, catalog.Service.Verify, in)
}
