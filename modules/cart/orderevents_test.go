package cart_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/money"
)

var update = flag.Bool("update", false, "write the golden files")

// What was published once must stay readable: a changed golden file is a new
// version of the event.
func TestOrderEventPayloads(t *testing.T) {
	t.Parallel()
	fact := cart.OrderEvent{
		OrderID: id.Order{0: 1, 15: 1}, UserID: id.User{0: 1, 15: 2}, InvoiceID: id.Invoice{0: 1, 15: 3}, Number: "2026-000001",
	}
	total := money.Of(2990, "EUR")
	placed, packed, shipped, delivered, cancelled := fact, fact, fact, fact, fact
	placed.Name, placed.Total = cart.EventOrderPlaced, &total
	packed.Name = cart.EventOrderPacked
	shipped.Name, shipped.Carrier, shipped.Tracking = cart.EventOrderShipped, "DHL", "00340434161094042557"
	delivered.Name = cart.EventOrderDelivered
	cancelled.Name = cart.EventOrderCancelled
	for _, e := range []event.Event{placed, packed, shipped, delivered, cancelled} {
		t.Run(e.EventName(), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, e.EventVersion())
			require.Equal(t, fact.OrderID.String(), e.EventKey())
			got, err := json.MarshalIndent(e, "", "  ")
			require.NoError(t, err)
			file := filepath.Join("testdata", e.EventName()+".json")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(got))
		})
	}
}
