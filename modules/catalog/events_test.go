package catalog_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/event"
	"shop/platform/id"
)

var update = flag.Bool("update", false, "write the golden files")

// What was published once must stay readable: a changed golden file is a new
// version of the event.
func TestEventPayloads(t *testing.T) {
	t.Parallel()
	product := id.Product{0: 1, 15: 1}
	for file, e := range map[string]event.Event{
		"product_created":         catalog.ProductCreated{ProductID: product, Version: 1},
		"product_changed":         catalog.ProductChanged{ProductID: product, Version: 2},
		"product_deleted":         catalog.ProductDeleted{ProductID: product, Version: 3},
		"stock_changed":           catalog.StockChanged{ProductID: product, Quantity: 7, Delta: -2, Reason: "reserved", Reference: id.Checkout{0: 1, 15: 2}},
		"stock_changed-restocked": catalog.StockChanged{ProductID: product, Quantity: 0, Delta: 9, Reason: "restocked"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, e.EventVersion())
			require.Equal(t, product.String(), e.EventKey())
			got, err := json.MarshalIndent(e, "", "  ")
			require.NoError(t, err)
			path := filepath.Join("testdata", "catalog."+file+".json")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o750))
				require.NoError(t, os.WriteFile(path, append(got, '\n'), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(got))
		})
	}
}
