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

// An invoice's reference and number are fields that the first release did not
// have: they are added where there are any.
func TestEventsWithNumber(t *testing.T) {
	t.Parallel()
	for _, e := range []event.Event{
		payments.InvoiceCreated{Reference: "chk_1", Number: "2026-000001"},
		payments.InvoicePaid{Reference: "chk_1", Number: "2026-000001"},
	} {
		text, err := json.Marshal(e)
		require.NoError(t, err)
		require.Contains(t, string(text), `,"reference":"chk_1","number":"2026-000001"}`)
	}
}

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
		payments.InvoiceVoided{InvoiceID: invoice, UserID: user, Reference: "chk_1"},
		payments.InvoiceWrittenOff{InvoiceID: invoice, UserID: user, Reference: "chk_1"},
		payments.InvoiceRefunded{
			InvoiceID: invoice, UserID: user, CreditNoteID: id.CreditNote{0: 1, 15: 4}, Amount: money.Of(990, "EUR"),
			Remaining: money.Of(2000, "EUR"), Reference: "chk_1",
		},
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
