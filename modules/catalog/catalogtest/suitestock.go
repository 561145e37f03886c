package catalogtest

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

func importMerges(t *testing.T, s catalog.Service) {
	known := create(t, s, func(in *catalog.CreateProductInput) { in.SKU = "KNOWN" })
	update, add := mug(), mug()
	update.SKU, update.Name, update.Stock = "KNOWN", "New name", 99
	add.SKU = "NEW"
	result, err := s.ImportProducts(admin(t), catalog.ImportProductsInput{Products: []catalog.CreateProductInput{update, add}})
	require.NoError(t, err)
	require.Equal(t, catalog.ImportResult{Created: 1, Updated: 1}, result)
	read, err := s.Product(visitor(t), catalog.ProductInput{ID: known.ID})
	require.NoError(t, err)
	require.Equal(t, "New name", read.Name)
	require.Equal(t, int64(99), read.Stock)
	require.Equal(t, known.Version+1, read.Version)
	require.Equal(t, known.CreatedAt, read.CreatedAt)
}

func importAllOrNone(t *testing.T, s catalog.Service) {
	good, bad := mug(), mug()
	bad.SKU, bad.Name = "BAD", ""
	_, err := s.ImportProducts(admin(t), catalog.ImportProductsInput{Products: []catalog.CreateProductInput{good, bad}})
	requireField(t, err, "body.products[1].name")
	_, err = s.ImportProducts(admin(t), catalog.ImportProductsInput{Products: []catalog.CreateProductInput{good, good}})
	requireField(t, err, "body.products[1].sku")
	_, err = s.ImportProducts(admin(t), catalog.ImportProductsInput{})
	requireField(t, err, "body.products")
	list, err := s.ListProducts(visitor(t), catalog.ListProductsInput{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

func stock(t *testing.T, s catalog.Service, product id.Product) int64 {
	t.Helper()
	p, err := s.Product(visitor(t), catalog.ProductInput{ID: product})
	require.NoError(t, err)
	return p.Stock
}

func restockDelta(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	in := catalog.RestockInput{ProductID: p.ID, Delta: 12, Reason: "Delivery 7", Key: idempotency.NewKey("delivery-7")}
	restocked, err := s.Restock(admin(t), in)
	require.NoError(t, err)
	require.Equal(t, int64(19), restocked.Stock)
	require.Equal(t, p.Version, restocked.Version)
	require.Greater(t, restocked.Revision, p.Revision)
	in.Key = idempotency.NewKey("delivery-7")
	again, err := s.Restock(admin(t), in)
	require.NoError(t, err)
	require.Equal(t, restocked, again)
	require.True(t, in.Key.Replayed())
	_, err = s.Restock(admin(t), catalog.RestockInput{ProductID: p.ID, Delta: -18})
	require.NoError(t, err)
	require.Equal(t, int64(1), stock(t, s, p.ID))
	_, err = s.Restock(admin(t), catalog.RestockInput{ProductID: p.ID, Delta: -2})
	require.ErrorIs(t, err, catalog.ErrOutOfStock)
	require.Equal(t, []fault.Field{{Location: "body.delta", Message: "only 1 left"}}, fault.From(err).Fields)
	require.Equal(t, int64(1), stock(t, s, p.ID))
}

func restockRefuses(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	for field, in := range map[string]catalog.RestockInput{
		"body.delta":  {ProductID: p.ID},
		"body.reason": {ProductID: p.ID, Delta: 1, Reason: strings.Repeat("x", 201)},
	} {
		_, err := s.Restock(admin(t), in)
		requireField(t, err, field)
	}
	_, err := s.Restock(admin(t), catalog.RestockInput{ProductID: p.ID, Delta: catalog.MaxStock})
	requireField(t, err, "body.delta")
	_, err = s.Restock(admin(t), catalog.RestockInput{ProductID: id.NewProduct(), Delta: 1})
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
	_, err = s.Restock(visitor(t), catalog.RestockInput{ProductID: p.ID, Delta: 1})
	require.ErrorIs(t, err, identity.ErrForbidden)
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: p.ID}))
	_, err = s.Restock(admin(t), catalog.RestockInput{ProductID: p.ID, Delta: 1})
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
}

func reserveOnce(t *testing.T, s catalog.Service) {
	a := create(t, s, func(*catalog.CreateProductInput) {})
	b := create(t, s, func(*catalog.CreateProductInput) {})
	in := catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: b.ID, Quantity: 7}, {Product: a.ID, Quantity: 2}}}
	first, err := s.Reserve(service(t), in)
	require.NoError(t, err)
	again, err := s.Reserve(service(t), in)
	require.NoError(t, err)
	require.ElementsMatch(t, first.Lines, again.Lines)
	require.ElementsMatch(t, in.Lines, first.Lines)
	require.Equal(t, int64(5), stock(t, s, a.ID))
	require.Zero(t, stock(t, s, b.ID))
	for field, spoilt := range map[string]catalog.ReserveInput{
		"body.key":                 {Lines: in.Lines},
		"body.lines":               {Key: id.NewCheckout()},
		"body.lines[0].quantity":   {Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a.ID}}},
		"body.lines[1].product_id": {Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a.ID, Quantity: 1}, {Product: a.ID, Quantity: 1}}},
	} {
		_, err := s.Reserve(service(t), spoilt)
		requireField(t, err, field)
	}
}

func reserveShort(t *testing.T, s catalog.Service) {
	a := create(t, s, func(*catalog.CreateProductInput) {})
	b := create(t, s, func(in *catalog.CreateProductInput) { in.Stock = 1 })
	_, err := s.Reserve(service(t), catalog.ReserveInput{
		Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a.ID, Quantity: 2}, {Product: b.ID, Quantity: 2}},
	})
	require.ErrorIs(t, err, catalog.ErrOutOfStock)
	require.Len(t, fault.From(err).Fields, 1)
	require.Contains(t, fault.From(err).Fields[0].Message, "1 left of "+b.ID.String())
	require.Equal(t, int64(7), stock(t, s, a.ID), "nothing of a refused reservation is taken")
}

// reserveContended lets 200 clients at 50 pieces: most want one, many of them
// something else as well, in either order; some want more than there is, and
// some ask twice.
func reserveContended(t *testing.T, s catalog.Service) {
	a := create(t, s, func(in *catalog.CreateProductInput) { in.Stock = 50 })
	b := create(t, s, func(in *catalog.CreateProductInput) { in.Stock = 1000 })
	var sold, both atomic.Int64
	var clients sync.WaitGroup
	ctx := service(t)
	for i := range 200 {
		lines := []catalog.ReserveLine{{Product: a.ID, Quantity: 1}}
		switch i % 8 {
		case 0:
			lines = append(lines, catalog.ReserveLine{Product: b.ID, Quantity: 1})
		case 1:
			lines = []catalog.ReserveLine{{Product: b.ID, Quantity: 1}, lines[0]}
		case 2:
			lines[0].Quantity = 51
		}
		in := catalog.ReserveInput{Key: id.NewCheckout(), Lines: lines}
		var taken, refused atomic.Int64
		for range 1 + i%8/7 {
			clients.Go(func() {
				_, err := s.Reserve(ctx, in)
				switch {
				case err == nil && taken.Add(1) == 1:
					sold.Add(lines[0].Quantity * lines[len(lines)-1].Quantity)
					both.Add(int64(len(lines) - 1))
				case err != nil:
					refused.Add(1)
					if fault.From(err).Code != catalog.ErrOutOfStock.Code {
						t.Errorf("reserve: %v", err)
					}
				}
				if taken.Load() > 0 && refused.Load() > 0 {
					t.Errorf("a repeat was answered otherwise")
				}
			})
		}
	}
	clients.Wait()
	require.Equal(t, int64(50), sold.Load())
	require.Zero(t, stock(t, s, a.ID))
	require.Equal(t, 1000-both.Load(), stock(t, s, b.ID))
}

func reserveServices(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	in := catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}}}
	_, err := s.Reserve(t.Context(), in)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Reserve(admin(t), in)
	require.ErrorIs(t, err, identity.ErrForbidden)
	require.ErrorIs(t, s.Release(admin(t), catalog.ReleaseInput{Key: in.Key}), identity.ErrForbidden)
}

func releaseOnce(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	key := id.NewCheckout()
	_, err := s.Reserve(service(t), catalog.ReserveInput{Key: key, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 5}}})
	require.NoError(t, err)
	ctx := service(t)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			if err := s.Release(ctx, catalog.ReleaseInput{Key: key}); err != nil {
				t.Errorf("release: %v", err)
			}
		})
	}
	clients.Wait()
	require.Equal(t, int64(7), stock(t, s, p.ID))
	_, err = s.Reserve(ctx, catalog.ReserveInput{Key: key, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 5}}})
	require.ErrorIs(t, err, catalog.ErrOutOfStock, "a key that was released takes nothing again")
	require.Equal(t, int64(7), stock(t, s, p.ID))
	require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: id.NewCheckout()}), "nothing to give back is fine")
}
