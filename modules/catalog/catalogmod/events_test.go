package catalogmod_test

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// published are the events in the outbox, in their order, by name.
func published(t *testing.T, db *database.DB) (names []string, stock []catalog.StockChanged) {
	t.Helper()
	var rows []struct {
		Name, Key, Payload string
		Version            int
	}
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT name, key, version, payload FROM outbox ORDER BY seq`).Scan(&rows).Error)
	for _, row := range rows {
		names = append(names, row.Name)
		require.Equal(t, 1, row.Version)
		var about struct {
			ProductID id.Product `json:"product_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(row.Payload), &about))
		require.Equal(t, row.Key, about.ProductID.String())
		if row.Name == catalog.EventStockChanged {
			var e catalog.StockChanged
			require.NoError(t, json.Unmarshal([]byte(row.Payload), &e))
			stock = append(stock, e)
		}
	}
	return names, stock
}

func TestEvents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		s := build(t, db)
		admin := identity.With(t.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		product := func(sku string, stock int64) id.Product {
			p, err := s.CreateProduct(admin, catalog.CreateProductInput{SKU: sku, Name: sku, Price: money.Of(1, "EUR"), Stock: stock})
			require.NoError(t, err)
			return p.ID
		}
		a, b := product("A", 9), product("B", 0)
		name, five := "a", int64(5)
		_, err := s.UpdateProduct(admin, catalog.UpdateProductInput{ID: a, Name: &name})
		require.NoError(t, err)
		_, err = s.UpdateProduct(admin, catalog.UpdateProductInput{ID: b, Stock: &five})
		require.NoError(t, err)
		_, err = s.ImportProducts(admin, catalog.ImportProductsInput{Products: []catalog.CreateProductInput{
			{SKU: "A", Name: "A", Price: money.Of(1, "EUR"), Stock: 9}, {SKU: "C", Name: "C", Price: money.Of(1, "EUR"), Stock: 1},
		}})
		require.NoError(t, err)
		_, err = s.Restock(admin, catalog.RestockInput{ProductID: a, Delta: -1})
		require.NoError(t, err)
		_, err = s.UpdateProduct(admin, catalog.UpdateProductInput{ID: a, IfVersion: 77})
		require.Error(t, err, "what failed is no event")
		sold, given := id.NewCheckout(), id.NewCheckout()
		reserve := func(key id.Checkout, lines ...catalog.ReserveLine) {
			_, err := s.Reserve(ctx, catalog.ReserveInput{Key: key, Lines: lines})
			require.NoError(t, err)
		}
		reserve(sold, catalog.ReserveLine{Product: a, Quantity: 3}, catalog.ReserveLine{Product: b, Quantity: 1})
		reserve(given, catalog.ReserveLine{Product: a, Quantity: 2})
		reserve(given, catalog.ReserveLine{Product: a, Quantity: 2})
		_, err = s.Reserve(ctx, catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a, Quantity: 7}}})
		require.ErrorIs(t, err, catalog.ErrOutOfStock)
		require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: given}))
		require.NoError(t, s.Commit(ctx, catalog.CommitInput{Key: sold}))
		require.NoError(t, s.Return(ctx, catalog.ReturnInput{Key: sold}))
		require.NoError(t, s.DeleteProduct(admin, catalog.DeleteProductInput{ID: b}))

		names, stock := published(t, db)
		counts := map[string]int{}
		for _, name := range names {
			counts[name]++
		}
		require.Equal(t, map[string]int{
			catalog.EventProductCreated: 3, catalog.EventProductChanged: 3, catalog.EventProductDeleted: 1, catalog.EventStockChanged: 10,
		}, counts)
		require.Equal(t, catalog.EventProductDeleted, names[len(names)-1])
		of := func(product id.Product) (events []catalog.StockChanged) {
			for _, e := range stock {
				if e.ProductID == product {
					events = append(events, e)
				}
			}
			return events
		}
		require.Equal(t, []catalog.StockChanged{
			{ProductID: a, Quantity: 9, Delta: 9, Reason: "counted"},
			{ProductID: a, Quantity: 8, Delta: -1, Reason: "restocked"},
			{ProductID: a, Quantity: 5, Delta: -3, Reason: "reserved", Reference: sold},
			{ProductID: a, Quantity: 3, Delta: -2, Reason: "reserved", Reference: given},
			{ProductID: a, Quantity: 5, Delta: 2, Reason: "released", Reference: given},
			{ProductID: a, Quantity: 8, Delta: 3, Reason: "returned", Reference: sold},
		}, of(a))
		require.Equal(t, []catalog.StockChanged{
			{ProductID: b, Quantity: 5, Delta: 5, Reason: "counted"},
			{ProductID: b, Quantity: 4, Delta: -1, Reason: "reserved", Reference: sold},
			{ProductID: b, Quantity: 5, Delta: 1, Reason: "returned", Reference: sold},
		}, of(b))
	})
}

// The events of a product are in the order of its changes, whoever makes them at
// the same time, and administrators who edit it stand in nobody's way.
func TestEventsInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		here, there := build(t, db), build(t, db)
		admin := identity.With(t.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		p, err := here.CreateProduct(admin, catalog.CreateProductInput{SKU: "A", Name: "A", Price: money.Of(1, "EUR"), Stock: 1000})
		require.NoError(t, err)
		var all sync.WaitGroup
		for n := range 12 {
			all.Go(func() {
				s := here
				if n%2 == 0 {
					s = there
				}
				for range 5 {
					_, err := s.Reserve(ctx, catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}}})
					if err != nil {
						t.Errorf("reserve: %v", err)
					}
					if n == 0 {
						if _, err := s.UpdateProduct(admin, catalog.UpdateProductInput{ID: p.ID, Name: &p.SKU}); err != nil {
							t.Errorf("update: %v", err)
						}
						if _, err := s.Restock(admin, catalog.RestockInput{ProductID: p.ID, Delta: 1}); err != nil {
							t.Errorf("restock: %v", err)
						}
					}
				}
			})
		}
		all.Wait()
		_, stock := published(t, db)
		level := int64(0)
		for _, e := range stock {
			level += e.Delta
			require.Equal(t, level, e.Quantity)
		}
		require.Equal(t, int64(1000-60+5), level)
	})
}
