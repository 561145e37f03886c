package paymentsmod_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/database"
	"shop/platform/id"
)

// The database itself refuses what must never happen, whichever program tries.
func TestDatabaseRules(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		exec := func(statement string, args ...any) error {
			return w.db.Write(t.Context()).Exec(statement, args...).Error
		}
		setStatus := func(status payments.Status) error {
			return exec(`UPDATE invoices SET status = ?, paid_at = CASE WHEN ? = 'paid' THEN updated_at END WHERE id = ?`,
				status, status, w.invoice)
		}
		require.ErrorIs(t, setStatus(payments.StatusPaid), database.ErrConstraint, "open > paid")
		require.ErrorIs(t, setStatus("lost"), database.ErrConstraint)
		require.ErrorIs(t, exec(`UPDATE invoices SET total = 0`), database.ErrConstraint)
		require.ErrorIs(t, exec(`UPDATE invoice_lines SET quantity = 2`), database.ErrConstraint)
		require.ErrorIs(t, exec(`DELETE FROM invoice_lines`), database.ErrConstraint)

		require.NoError(t, w.pay(t, ""))
		require.ErrorIs(t, exec(`UPDATE invoices SET paid_at = NULL`), database.ErrConstraint)
		for _, status := range []payments.Status{payments.StatusOpen, payments.StatusPaying, payments.StatusVoid} {
			require.ErrorIs(t, setStatus(status), database.ErrConstraint, "paid > %s", status)
		}
		for _, state := range []string{"pending", "unknown", "declined", "failed", "lost"} {
			require.ErrorIs(t, exec(`UPDATE payments SET state = ?`, state), database.ErrConstraint, "succeeded > %s", state)
		}
		require.ErrorIs(t, exec(`UPDATE payments SET amount = 1`), database.ErrConstraint)

		const copied = `INSERT INTO payments (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at)
			SELECT `
		const rest = `, '', 1, due_at, created_at, updated_at FROM payments`
		cast := "?"
		if w.db.Dialect() == database.Postgres {
			cast = "?::uuid"
		}
		require.ErrorIs(t, exec(copied+cast+`, invoice_id, provider, method, amount, currency, 'pending'`+rest, id.NewPayment()),
			database.ErrDuplicate, "a second charge of a paid invoice")
		require.ErrorIs(t, exec(copied+cast+`, invoice_id, provider, method, amount, currency, 'succeeded'`+rest, id.NewPayment()),
			database.ErrConstraint, "a payment that did not begin as pending")
	})
}

func TestVoid(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.Write(t.Context()).Exec(`UPDATE invoices SET status = 'void'`).Error)
		require.ErrorIs(t, w.pay(t, ""), payments.ErrNotPayable)
		require.Zero(t, w.Charges(t, w.invoice))
	})
}
