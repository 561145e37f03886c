package rest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/rest"
	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/module/moduletest"
	"shop/platform/money"
	"shop/platform/page"
	"shop/platform/remote"
)

// stub is a catalog that plays a script.
type stub struct{ script *moduletest.Script }

func (s stub) CreateProduct(_ context.Context, in catalog.CreateProductInput) (catalog.Product, error) {
	return moduletest.Play[catalog.Product](s.script, in)
}

func (s stub) Product(_ context.Context, in catalog.ProductInput) (catalog.Product, error) {
	return moduletest.Play[catalog.Product](s.script, in)
}

func (s stub) Products(_ context.Context, in catalog.ProductsInput) ([]catalog.Product, error) {
	return moduletest.Play[[]catalog.Product](s.script, in)
}

func (s stub) ListProducts(_ context.Context, in catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	return moduletest.Play[page.Page[catalog.Product]](s.script, in)
}

func (s stub) Categories(_ context.Context, in catalog.CategoriesInput) ([]catalog.Category, error) {
	return moduletest.Play[[]catalog.Category](s.script, in)
}

func (s stub) UpdateProduct(_ context.Context, in catalog.UpdateProductInput) (catalog.Product, error) {
	return moduletest.Play[catalog.Product](s.script, in)
}

func (s stub) DeleteProduct(_ context.Context, in catalog.DeleteProductInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) ImportProducts(_ context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	return moduletest.Play[catalog.ImportResult](s.script, in)
}

func (s stub) Restock(_ context.Context, in catalog.RestockInput) (catalog.Product, error) {
	return moduletest.Play[catalog.Product](s.script, in)
}

func (s stub) Verify(_ context.Context, in audit.Input) (audit.Report, error) {
	return moduletest.Play[audit.Report](s.script, in)
}

func (s stub) Reserve(_ context.Context, in catalog.ReserveInput) (catalog.Reservation, error) {
	return moduletest.Play[catalog.Reservation](s.script, in)
}

func (s stub) Reservation(_ context.Context, in catalog.ReservationInput) (catalog.Reservation, error) {
	return moduletest.Play[catalog.Reservation](s.script, in)
}

func (s stub) Reservations(_ context.Context, in catalog.ReservationsInput) ([]catalog.Reservation, error) {
	return moduletest.Play[[]catalog.Reservation](s.script, in)
}

func (s stub) Commit(_ context.Context, in catalog.CommitInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) Return(_ context.Context, in catalog.ReturnInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) Release(_ context.Context, in catalog.ReleaseInput) error {
	return moduletest.Perform(s.script, in)
}

func TestContract(t *testing.T) {
	t.Parallel()
	var product id.Product
	require.NoError(t, product.UnmarshalText([]byte("prod_01h455vb4pex5vsknk084sn02q")))
	var checkout id.Checkout
	require.NoError(t, checkout.UnmarshalText([]byte("chk_01h455vb4pex5vsknk084sn02q")))
	at := time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC)
	mug := catalog.Product{
		ID: product, SKU: "MUG", Name: "Mug", Description: "Holds 300 ml.", Price: money.Of(1250, "EUR"), Stock: 3,
		Category: "Kitchen", Attributes: map[string]string{"colour": "blue"}, Images: []string{"https://img.example.com/mug.jpg"},
		Version: 2, Revision: 7, CreatedAt: at, UpdatedAt: at.Add(time.Hour),
	}
	gone := mug
	gone.DeletedAt = at.Add(2 * time.Hour)
	input := catalog.CreateProductInput{
		SKU: "MUG", Name: "Mug", Description: "Holds 300 ml.", Price: money.Of(1250, "EUR"), Stock: 3,
		Category: "Kitchen", Attributes: mug.Attributes, Images: mug.Images,
	}
	keyed := func(key string) catalog.CreateProductInput {
		in := input
		in.Key = idempotency.NewKey(key)
		return in
	}
	name, price, stock, low, high, total := "Cup", money.Of(900, "EUR"), int64(9), int64(100), int64(2000), int64(41)
	lines := []catalog.ReserveLine{{Product: product, Quantity: 2}}

	report := audit.Report{
		Checked:  map[string]int64{"catalog.stock_level": 3},
		Findings: []audit.Finding{{Check: "catalog.stock_level", Subject: product.String(), Want: "3", Got: "4", Repaired: true}},
	}

	type S = catalog.Service
	answers, fails := moduletest.Answers[S], moduletest.Fails[S]
	moduletest.CheckContract(t, moduletest.Contract[S]{
		Module: "catalog", Versions: catalog.Contract, Register: rest.Register,
		Client: func(r *remote.Client) S { return rest.NewClient(r) },
		Stub:   func(s *moduletest.Script) S { return stub{s} },
		Exchanges: []moduletest.Exchange[S]{
			answers("CreateProduct", mug, func(ctx context.Context, s S) (any, error) {
				return s.CreateProduct(ctx, keyed("key-1"))
			}),
			fails("CreateProduct-taken", catalog.ErrSKUTaken, func(ctx context.Context, s S) (any, error) {
				return s.CreateProduct(ctx, keyed("key-2"))
			}),
			answers("Product", mug, func(ctx context.Context, s S) (any, error) {
				return s.Product(ctx, catalog.ProductInput{ID: product})
			}),
			answers("Product-deleted", gone, func(ctx context.Context, s S) (any, error) {
				return s.Product(ctx, catalog.ProductInput{ID: product})
			}),
			fails("Product-unknown", catalog.ErrProductNotFound, func(ctx context.Context, s S) (any, error) {
				return s.Product(ctx, catalog.ProductInput{ID: product})
			}),
			answers("Products", []catalog.Product{gone}, func(ctx context.Context, s S) (any, error) {
				return s.Products(ctx, catalog.ProductsInput{IDs: []id.Product{product}})
			}),
			answers("ListProducts", page.Page[catalog.Product]{Items: []catalog.Product{mug}, Next: "bW9yZQ", Total: &total}, func(ctx context.Context, s S) (any, error) {
				return s.ListProducts(ctx, catalog.ListProductsInput{
					Page: page.Request{Limit: 7, Cursor: "bmV4dA", CountExact: true}, Query: "blue mug", Category: "Kitchen",
					PriceMin: &low, PriceMax: &high, InStock: true, Sort: catalog.SortPriceDown,
				})
			}),
			answers("ListProducts-all", page.Page[catalog.Product]{}, func(ctx context.Context, s S) (any, error) {
				return s.ListProducts(ctx, catalog.ListProductsInput{Page: page.Request{Limit: 20}})
			}),
			fails("ListProducts-cursor", page.ErrCursor, func(ctx context.Context, s S) (any, error) {
				return s.ListProducts(ctx, catalog.ListProductsInput{Page: page.Request{Limit: 20, Cursor: "x"}})
			}),
			answers("Categories", []catalog.Category{{Name: "Kitchen", Count: 12}}, func(ctx context.Context, s S) (any, error) {
				return s.Categories(ctx, catalog.CategoriesInput{})
			}),
			answers("UpdateProduct", mug, func(ctx context.Context, s S) (any, error) {
				return s.UpdateProduct(ctx, catalog.UpdateProductInput{ID: product, IfVersion: 2, Name: &name, Price: &price, Stock: &stock})
			}),
			fails("UpdateProduct-changed", fault.ErrPrecondition, func(ctx context.Context, s S) (any, error) {
				return s.UpdateProduct(ctx, catalog.UpdateProductInput{ID: product, IfVersion: 1, Name: &name})
			}),
			answers("DeleteProduct", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.DeleteProduct(ctx, catalog.DeleteProductInput{ID: product, IfVersion: 3})
			}),
			answers("ImportProducts", catalog.ImportResult{Created: 1, Updated: 2}, func(ctx context.Context, s S) (any, error) {
				return s.ImportProducts(ctx, catalog.ImportProductsInput{Key: idempotency.NewKey("key-3"), Products: []catalog.CreateProductInput{input}})
			}),
			answers("Restock", mug, func(ctx context.Context, s S) (any, error) {
				return s.Restock(ctx, catalog.RestockInput{Key: idempotency.NewKey("key-4"), ProductID: product, Delta: 12, Reason: "delivery 7"})
			}),
			fails("Restock-outOfStock", catalog.ErrOutOfStock.WithField("body.delta", "only 1 left"), func(ctx context.Context, s S) (any, error) {
				return s.Restock(ctx, catalog.RestockInput{Key: idempotency.NewKey("key-5"), ProductID: product, Delta: -2})
			}),
			answers("Reserve", catalog.Reservation{Key: checkout, Lines: lines, State: catalog.StateReserved}, func(ctx context.Context, s S) (any, error) {
				return s.Reserve(ctx, catalog.ReserveInput{Key: checkout, Lines: lines})
			}),
			fails("Reserve-outOfStock", catalog.ErrOutOfStock.WithField("body.lines[0].quantity", "only 1 is left"), func(ctx context.Context, s S) (any, error) {
				return s.Reserve(ctx, catalog.ReserveInput{Key: checkout, Lines: lines})
			}),
			answers("Reserve-expiring", catalog.Reservation{Key: checkout, Lines: lines, State: catalog.StateReserved, ExpiresAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.Reserve(ctx, catalog.ReserveInput{Key: checkout, Lines: lines, ExpiresAt: at})
			}),
			fails("Reserve-gone", catalog.ErrReservationGone, func(ctx context.Context, s S) (any, error) {
				return s.Reserve(ctx, catalog.ReserveInput{Key: checkout, Lines: lines})
			}),
			answers("Reservation", catalog.Reservation{Key: checkout, Lines: lines, State: catalog.StateCommitted, ExpiresAt: at}, func(ctx context.Context, s S) (any, error) {
				return s.Reservation(ctx, catalog.ReservationInput{Key: checkout})
			}),
			fails("Reservation-unknown", catalog.ErrReservationNotFound, func(ctx context.Context, s S) (any, error) {
				return s.Reservation(ctx, catalog.ReservationInput{Key: checkout})
			}),
			answers("Reservations", []catalog.Reservation{{Key: checkout, Lines: lines, State: catalog.StateReleased}}, func(ctx context.Context, s S) (any, error) {
				return s.Reservations(ctx, catalog.ReservationsInput{Keys: []id.Checkout{checkout}})
			}),
			answers("Commit", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Commit(ctx, catalog.CommitInput{Key: checkout})
			}),
			fails("Commit-gone", catalog.ErrReservationGone, func(ctx context.Context, s S) (any, error) {
				return nil, s.Commit(ctx, catalog.CommitInput{Key: checkout})
			}),
			answers("Return", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Return(ctx, catalog.ReturnInput{Key: checkout})
			}),
			fails("Release-committed", catalog.ErrReservationCommitted, func(ctx context.Context, s S) (any, error) {
				return nil, s.Release(ctx, catalog.ReleaseInput{Key: checkout})
			}),
			answers("Verify", report, func(ctx context.Context, s S) (any, error) {
				return s.Verify(ctx, audit.Input{Repair: true, MinAge: time.Minute})
			}),
			answers("Release", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Release(ctx, catalog.ReleaseInput{Key: checkout})
			}),
		},
	})
}
