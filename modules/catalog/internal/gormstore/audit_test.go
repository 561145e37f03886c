package gormstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/modules/catalog/internal/gormstore"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event/outbox"
	"shop/platform/id"
	"shop/platform/money"
)

// What the audit reads comes in pages, nothing twice and nothing left out.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		store := gormstore.New(db, outbox.New(db))
		now := database.Timestamp(time.Now())
		var products []catalog.Product
		var lines []catalog.ReserveLine
		for _, sku := range []string{"A", "B", "C", "D", "E"} {
			p := catalog.Product{ID: id.NewProduct(), SKU: sku, Name: sku, Price: money.Of(1, "EUR"), Stock: 9, Version: 1, CreatedAt: now, UpdatedAt: now}
			products, lines = append(products, p), append(lines, catalog.ReserveLine{Product: p.ID, Quantity: 1})
		}
		require.NoError(t, store.Insert(t.Context(), products))
		keys := make([]id.Checkout, 5)
		for i := range keys {
			keys[i] = id.NewCheckout()
			taken, err := store.Take(t.Context(), []app.Taking{{Key: keys[i], Lines: lines}}, now)
			require.NoError(t, err)
			require.True(t, taken)
		}
		// Of the first the row alone is there, of the second the movements.
		require.NoError(t, db.Write(t.Context()).Exec(`DELETE FROM stock_movements WHERE reference = ?`, keys[0]).Error)
		require.NoError(t, db.Write(t.Context()).Exec(`DELETE FROM reservations WHERE reference = ?`, keys[1]).Error)

		var seen []id.Product
		var read []id.Checkout
		for page := range 3 {
			var lastProduct id.Product
			var lastKey id.Checkout
			if page > 0 {
				lastProduct, lastKey = seen[len(seen)-1], read[len(read)-1]
			}
			levels, err := store.Levels(t.Context(), lastProduct, 2)
			require.NoError(t, err)
			for _, l := range levels {
				seen = append(seen, l.Product)
			}
			balances, err := store.Balances(t.Context(), lastKey, 2)
			require.NoError(t, err)
			for _, b := range balances {
				read = append(read, b.Key)
				require.Equal(t, b.Key != keys[0], b.Products == 5)
				require.Equal(t, b.Key == keys[1], b.State == "")
			}
		}
		for i, p := range products {
			require.Equal(t, p.ID, seen[i])
		}
		require.Equal(t, keys, read)
	})
}
