package carttest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/id"
	"shop/platform/identity"
)

func verifyOrders(t *testing.T, s shop) {
	verify := func(in audit.Input) audit.Report {
		t.Helper()
		report, err := s.Verify(asService(t), in)
		require.NoError(t, err)
		return report
	}
	user := id.NewUser()
	whole, cancelled := s.bought(t, user), s.bought(t, user)
	_, err := s.cancel(as(t, user), cancelled.ID, 0)
	require.NoError(t, err)
	report := verify(audit.Input{Repair: true})
	require.Empty(t, report.Findings)
	require.Equal(t, map[string]int64{
		"cart.order_of_invoice": 2, "cart.invoice_of_order": 2, "cart.cancellation": 0, "cart.checkout": 0,
	}, report.Checked)

	// A payment of which nobody heard, and a cancellation that does not get on.
	s.add(t, user, s.Product(t, nil).ID, 3)
	lost, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	s.pay(t, lost.InvoiceID)
	s.Break(payments.MethodRefund, Fault{Before: func() error { return payments.ErrRefundRefused }})
	_, err = s.cancel(as(t, user), whole.ID, 0)
	require.NoError(t, err)
	refused := payments.ErrRefundRefused.Code + ": " + payments.ErrRefundRefused.Message
	findings := []audit.Finding{
		{Check: "cart.order_of_invoice", Subject: lost.InvoiceID.String(), Want: "an order", Got: "none"},
		{Check: "cart.cancellation", Subject: whole.ID.String(), Want: "cancelled", Got: refused},
	}
	require.Equal(t, findings[1:], verify(audit.Input{MinAge: time.Hour}).Findings, "the payment is young")
	require.Equal(t, findings, verify(audit.Input{}).Findings)
	require.Equal(t, findings, verify(audit.Input{}).Findings, "nothing was changed")
	findings[0].Repaired = true
	require.Equal(t, findings, verify(audit.Input{Repair: true}).Findings)
	s.orderOf(t, lost.InvoiceID)
	s.Break(payments.MethodRefund, Fault{})
	findings[1].Repaired = true
	require.Equal(t, findings[1:], verify(audit.Input{Repair: true}).Findings)
	require.Empty(t, verify(audit.Input{}).Findings)

	_, err = s.Verify(as(t, user), audit.Input{})
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = s.Verify(t.Context(), audit.Input{})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Order(as(t, user), cart.OrderInput{ID: whole.ID})
	require.NoError(t, err)
}
