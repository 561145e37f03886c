package paymentsmod_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/database"
	"shop/platform/identity"
	"shop/platform/money"
)

// The ledger says what every change meant, refuses to be changed, and each
// difference is named.
func TestVerify(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		verify := func() map[string]string {
			report, err := w.Service.Verify(ctx, audit.Input{})
			require.NoError(t, err)
			found := map[string]string{}
			for _, f := range report.Findings {
				found[f.Check] += f.Want + " / " + f.Got + ";"
			}
			return found
		}
		exec := func(statement string, args ...any) error {
			return w.db.Write(t.Context()).Exec(statement, args...).Error
		}
		require.NoError(t, w.pay(t, ""))
		_, err := w.Service.Refund(ctx, payments.RefundInput{ID: w.invoice})
		require.NoError(t, err)
		require.Empty(t, verify())

		var kinds []string
		require.NoError(t, w.db.Read(ctx).Raw(
			`SELECT kind || ' ' || receivable || ' ' || cash FROM money_movements ORDER BY seq`).Find(&kinds).Error)
		require.Equal(t, []string{"issued 1250 0", "charged -1250 1250", "refunded 0 -1250"}, kinds)
		for _, forbidden := range []string{
			`UPDATE money_movements SET cash = 0`, `DELETE FROM money_movements`, `DELETE FROM credit_notes`,
			`DELETE FROM invoices`, `UPDATE invoices SET number = 7`, `UPDATE invoices SET buyer = '{"name":"Eve"}'`,
			`UPDATE invoices SET refunded = 1`, `UPDATE credit_notes SET amount = 1`, `UPDATE credit_notes SET state = 'failed'`,
		} {
			require.ErrorIs(t, exec(forbidden), database.ErrConstraint, forbidden)
		}

		require.NoError(t, exec(`UPDATE document_series SET last = 2 WHERE kind = 'invoice'`))
		require.NoError(t, exec(`INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
			SELECT id, 'voided', -5, 0, 'EUR', updated_at FROM invoices`))
		require.NoError(t, exec(`DELETE FROM sandbox_refunds`))
		found := verify()
		require.Equal(t, "12.50 EUR / not in the books of sandbox;", found["payments.provider_books"])
		require.Equal(t, "0 and 0 / -5 and 0;", found["payments.ledger"])
		require.Equal(t, "all from 1 to 2 / 1, the largest 1;", found["payments.numbers"])
		require.Len(t, found, 3)

		w.Clock.Advance(31 * 24 * time.Hour)
		require.NotContains(t, verify(), "payments.provider_books", "what is old was compared before")
		w.Clock.Advance(time.Minute - 31*24*time.Hour)
		require.NoError(t, exec(`UPDATE sandbox_charges SET amount = 1`))
		require.Equal(t, "0.01 EUR / 12.50 EUR;12.50 EUR / not in the books of sandbox;", verify()["payments.provider_books"])

		gift, err := w.Service.CreateInvoice(ctx, payments.CreateInvoiceInput{
			UserID: w.user, Currency: "EUR", Lines: []payments.LineInput{{Description: "Gift", Quantity: 1, UnitPrice: money.Of(0, "EUR")}},
		})
		require.NoError(t, err)
		w.invoice = gift.ID
		require.NoError(t, w.pay(t, ""))
		w.Clock.Advance(time.Minute)
		differs := verify()["payments.provider_books"]
		require.NotContains(t, differs, "0.00 EUR")
		require.NoError(t, exec(`DELETE FROM sandbox_charges WHERE amount = 0`))
		require.Equal(t, differs, verify()["payments.provider_books"], "not every provider books a charge of nothing")
	})
}

// What nobody knows the end of is named, and asked about to repair it.
func TestVerifyRepairs(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		w.provider.set(nil, lineDead, nil)
		require.ErrorIs(t, w.pay(t, ""), payments.ErrOutcomeUnknown)
		w.provider.set(nil, nil, nil)
		w.Clock.Advance(time.Hour)
		for _, repair := range []bool{false, true} {
			report, err := w.Service.Verify(ctx, audit.Input{Repair: repair, MinAge: time.Minute})
			require.NoError(t, err)
			require.Equal(t, "payments.stuck", report.Findings[0].Check)
			require.Equal(t, repair, report.Findings[0].Repaired)
		}
		w.requirePaidOnce(t)
	})
}
