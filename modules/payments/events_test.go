package payments_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/module/moduletest"
	"shop/platform/money"
)

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
		moduletest.CheckEvent(t, e.EventName(), invoice.String(), e)
	}
}
