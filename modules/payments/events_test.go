package payments_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/money"
)

var update = flag.Bool("update", false, "write the golden files")

// What was published once must stay readable: a changed golden file is a new
// version of the event.
func TestEventPayloads(t *testing.T) {
	t.Parallel()
	invoice := id.Invoice{0: 1, 15: 1}
	user := id.User{0: 1, 15: 2}
	payment := id.Payment{0: 1, 15: 3}
	total := money.Of(2990, "EUR")
	for _, e := range []event.Event{
		payments.InvoiceCreated{InvoiceID: invoice, UserID: user, Total: total},
		payments.InvoicePaid{InvoiceID: invoice, UserID: user, Total: total, PaymentID: payment},
		payments.PaymentDeclined{InvoiceID: invoice, UserID: user, PaymentID: payment},
	} {
		t.Run(e.EventName(), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, e.EventVersion())
			require.Equal(t, invoice.String(), e.EventKey())
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
