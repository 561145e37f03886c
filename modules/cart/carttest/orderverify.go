package carttest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
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
	s.settled(t, whole.CheckoutID, catalog.StateCommitted)
	report := verify(audit.Input{Repair: true})
	require.Empty(t, report.Findings)
	require.Equal(t, map[string]int64{
		"cart.order_of_invoice": 2, "cart.invoice_of_order": 2, "cart.cancellation": 0, "cart.checkout": 0, "cart.reservation": 2,
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
		{Check: "cart.reservation", Subject: lost.ID.String(), Want: "committed", Got: "reserved"},
		{Check: "cart.cancellation", Subject: whole.ID.String(), Want: "cancelled", Got: refused},
	}
	require.Equal(t, findings[2:], verify(audit.Input{MinAge: time.Hour}).Findings, "the payment is young")
	require.Equal(t, findings, verify(audit.Input{}).Findings)
	require.Equal(t, findings, verify(audit.Input{}).Findings, "nothing was changed")
	findings[0].Repaired, findings[1].Repaired = true, true
	require.Equal(t, findings, verify(audit.Input{Repair: true}).Findings)
	s.orderOf(t, lost.InvoiceID)
	s.Break(payments.MethodRefund, Fault{})
	findings[2].Repaired = true
	require.Equal(t, findings[2:], verify(audit.Input{Repair: true}).Findings)
	require.Empty(t, verify(audit.Input{}).Findings)

	_, err = s.Verify(as(t, user), audit.Input{})
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = s.Verify(t.Context(), audit.Input{})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Order(as(t, user), cart.OrderInput{ID: whole.ID})
	require.NoError(t, err)
}

// misplaced are the differences between where the stock of checkouts is and
// where their invoices and orders say.
func (s shop) misplaced(t *testing.T, in audit.Input) []audit.Finding {
	t.Helper()
	report, err := s.Verify(asService(t), in)
	require.NoError(t, err)
	return slices.DeleteFunc(report.Findings, func(f audit.Finding) bool { return f.Check != "cart.reservation" })
}

// void makes an invoice void, of which carts do not hear.
func (s shop) void(t *testing.T, invoice id.Invoice) {
	t.Helper()
	_, err := s.Payments.Void(asAdministrator(t), payments.VoidInput{ID: invoice})
	require.NoError(t, err)
}

// The stock of checkouts is not where their invoices and orders say.
func verifyReservations(t *testing.T, s shop) {
	open, _ := s.three(t, "")
	void, mug := s.three(t, "")
	s.void(t, void.InvoiceID)
	gone, _ := s.three(t, "")
	require.NoError(t, s.Catalog.Release(asService(t), catalog.ReleaseInput{Key: gone.ID}))
	sold, unsold := s.bought(t, id.NewUser()), s.bought(t, id.NewUser())
	s.Break(catalog.MethodReturn, Fault{Lost: true})
	_, err := s.cancel(asAdministrator(t), sold.ID, 0)
	require.NoError(t, err)
	s.Break(catalog.MethodCommit, Fault{Lost: true})
	_, err = s.cancel(asAdministrator(t), unsold.ID, 0)
	require.NoError(t, err)
	s.Break(catalog.MethodReturn, Fault{})
	s.Break(catalog.MethodCommit, Fault{})

	want := []audit.Finding{
		{Check: "cart.reservation", Subject: gone.ID.String(), Want: "reserved", Got: "released"},
		{Check: "cart.reservation", Subject: void.ID.String(), Want: "released", Got: "reserved"},
		{Check: "cart.reservation", Subject: sold.CheckoutID.String(), Want: "returned", Got: "committed"},
		{Check: "cart.reservation", Subject: unsold.CheckoutID.String(), Want: "returned", Got: "reserved"},
	}
	require.ElementsMatch(t, want, s.misplaced(t, audit.Input{}))
	require.ElementsMatch(t, want, s.misplaced(t, audit.Input{}), "nothing was changed")
	for i := range want[1:] {
		want[1+i].Repaired = true
	}
	require.ElementsMatch(t, want, s.misplaced(t, audit.Input{Repair: true}))
	require.Equal(t, want[:1], s.misplaced(t, audit.Input{Repair: true}), "what was released cannot be reserved again")
	require.Equal(t, catalog.StateReleased, s.stand(t, void.ID).State)
	require.Equal(t, int64(100), s.Stock(t, mug))
	require.Equal(t, catalog.StateReserved, s.stand(t, open.ID).State)
	s.requireCancelled(t, sold)
	s.requireCancelled(t, unsold)
}

// What has just happened or is under way is no difference, and neither are goods
// that went to somebody else.
func verifyLeavesAlone(t *testing.T, s shop) {
	s.short(t)
	s.Clock.Advance(-2 * time.Hour) // invoices do not go by this clock
	paid := s.bought(t, id.NewUser())
	s.Clock.Advance(2 * time.Hour)
	require.Empty(t, s.misplaced(t, audit.Input{MinAge: time.Hour}), "it has just been paid")
	returned := s.bought(t, id.NewUser())
	s.Break(catalog.MethodReturn, Fault{After: unavailable})
	o, err := s.cancel(asAdministrator(t), returned.ID, 0)
	require.NoError(t, err)
	require.Equal(t, cart.OrderCancelling, o.State)
	started, _ := s.interrupt(t, step{payments.MethodCreateInvoice, Fault{After: unavailable}})
	s.void(t, s.Invoices(t, started)[0].ID)
	s.Clock.Advance(2 * time.Hour)
	ended, _ := s.three(t, "")
	s.void(t, ended.InvoiceID)

	want := []audit.Finding{
		{Check: "cart.reservation", Subject: paid.CheckoutID.String(), Want: "committed", Got: "reserved"},
		{Check: "cart.reservation", Subject: ended.ID.String(), Want: "released", Got: "reserved"},
	}
	require.Equal(t, want[:1], s.misplaced(t, audit.Input{MinAge: time.Hour}), "the other checkout has just ended")
	require.ElementsMatch(t, want, s.misplaced(t, audit.Input{}))
}
