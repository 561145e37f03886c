package cart_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/money"
)

// What was published once must stay readable: a changed golden file is a new
// version of the event.
func TestEventPayloads(t *testing.T) {
	t.Parallel()
	for _, e := range []event.Event{
		cart.CheckedOut{
			CheckoutID: id.Checkout{0: 1, 15: 1}, UserID: id.User{0: 1, 15: 2}, InvoiceID: id.Invoice{0: 1, 15: 3},
			Total: money.Of(2990, "EUR"), Lines: 2,
		},
	} {
		t.Run(e.EventName(), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, e.EventVersion())
			require.NotEmpty(t, e.EventKey())
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
