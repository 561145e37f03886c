package carttest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/money"
)

// requireCancelled checks what an order of 3 of a product with 100 left must
// have become, whatever happened on the way.
func (s shop) requireCancelled(t *testing.T, o cart.Order) {
	t.Helper()
	got, err := s.Order(asAdministrator(t), cart.OrderInput{ID: o.ID})
	require.NoError(t, err)
	require.Equal(t, cart.OrderCancelled, got.State)
	require.False(t, got.CancelledAt.IsZero())
	require.Empty(t, got.CancelError)
	if product := o.Lines[0].ProductID; !product.IsZero() {
		require.Equal(t, int64(100), s.Stock(t, product))
	}
	invoice, err := s.Payments.Invoice(asService(t), payments.InvoiceInput{ID: o.InvoiceID})
	require.NoError(t, err)
	require.Equal(t, payments.StatusRefunded, invoice.Status)
	require.Equal(t, invoice.Total, invoice.Refunded)
	var cancelled int
	for _, e := range s.published(t, o.InvoiceID) {
		if e.Name == cart.EventOrderCancelled {
			cancelled++
			require.Equal(t, o.ID, e.OrderID)
		}
	}
	require.Equal(t, 1, cancelled)
}

func cancelWhole(t *testing.T, s shop) {
	user := id.NewUser()
	o := s.bought(t, user)
	got, err := s.CancelOrder(as(t, user), cart.CancelOrderInput{ID: o.ID, IfVersion: 1, Reason: "ordered twice"})
	require.NoError(t, err)
	require.Equal(t, "ordered twice", got.CancelReason)
	want := o
	want.State, want.CancelReason, want.CancelledAt, want.Version = cart.OrderCancelled, "ordered twice", got.CancelledAt, 3
	require.Equal(t, want, got)
	s.requireCancelled(t, o)
	notes, err := s.Payments.CreditNotes(asService(t), payments.CreditNotesInput{InvoiceID: o.InvoiceID})
	require.NoError(t, err)
	require.Len(t, notes, 1)
	require.Equal(t, o.ID, notes[0].OrderID)
	require.Equal(t, "ordered twice", notes[0].Reason)
}

func cancelWho(t *testing.T, s shop) {
	user := id.NewUser()
	o := s.bought(t, user)
	_, err := s.cancel(as(t, id.NewUser()), o.ID, 0)
	require.ErrorIs(t, err, cart.ErrOrderNotFound)
	_, err = s.pack(asAdministrator(t), o.ID, 0)
	require.NoError(t, err)
	_, err = s.cancel(as(t, user), o.ID, 0)
	require.ErrorIs(t, err, cart.ErrOrderState, "it is packed: that is for the shop to stop")
	_, err = s.cancel(asAdministrator(t), o.ID, 0)
	require.NoError(t, err)
	s.requireCancelled(t, o)
}

func cancelRepeated(t *testing.T, s shop) {
	o := s.bought(t, id.NewUser())
	var working sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		working.Go(func() { _, errs[i] = s.cancel(asAdministrator(t), o.ID, 1) })
	}
	working.Wait()
	require.NoError(t, errors.Join(errs...))
	again, err := s.cancel(as(t, o.UserID), o.ID, 1)
	require.NoError(t, err)
	require.Equal(t, cart.OrderCancelled, again.State)
	s.requireCancelled(t, o)
}

func cancelPartlyRefunded(t *testing.T, s shop) {
	o := s.bought(t, id.NewUser())
	part := money.Of(1000, "EUR")
	_, err := s.Payments.Fake.Refund(asAdministrator(t), payments.RefundInput{ID: o.InvoiceID, Amount: &part})
	require.NoError(t, err)
	_, err = s.cancel(asAdministrator(t), o.ID, 0)
	require.NoError(t, err)
	s.requireCancelled(t, o)
}

// One of them wins, and the other one changes nothing.
func cancelOrShip(t *testing.T, s shop) {
	for range 4 {
		o := s.bought(t, id.NewUser())
		_, err := s.pack(asAdministrator(t), o.ID, 0)
		require.NoError(t, err)
		var working sync.WaitGroup
		var shipped, cancelled error
		working.Go(func() { _, shipped = s.ship(asAdministrator(t), o.ID, 0) })
		working.Go(func() { _, cancelled = s.cancel(asAdministrator(t), o.ID, 0) })
		working.Wait()
		if shipped != nil {
			require.ErrorIs(t, shipped, cart.ErrOrderState)
			require.NoError(t, cancelled)
			s.requireCancelled(t, o)
			continue
		}
		require.ErrorIs(t, cancelled, cart.ErrOrderState)
		invoice, err := s.Payments.Invoice(asService(t), payments.InvoiceInput{ID: o.InvoiceID})
		require.NoError(t, err)
		require.Equal(t, payments.StatusPaid, invoice.Status)
		require.Equal(t, int64(97), s.Stock(t, o.Lines[0].ProductID))
	}
}

func cancelWithoutCheckout(t *testing.T, s shop) {
	o := s.given(t, id.NewUser())
	_, err := s.cancel(asAdministrator(t), o.ID, 0)
	require.NoError(t, err)
	s.requireCancelled(t, o)
}

// refundAll refunds an invoice and returns the event that says so.
func (s shop) refundAll(t *testing.T, o id.Invoice) payments.InvoiceRefunded {
	t.Helper()
	note, err := s.Payments.Fake.Refund(asAdministrator(t), payments.RefundInput{ID: o})
	require.NoError(t, err)
	return payments.InvoiceRefunded{
		InvoiceID: o, CreditNoteID: note.ID, Amount: note.Amount, Remaining: money.Of(0, note.Amount.Currency),
	}
}

func cancelRefunded(t *testing.T, s shop) {
	refunded, shipped := s.bought(t, id.NewUser()), s.bought(t, id.NewUser())
	part := s.refundAll(t, refunded.InvoiceID)
	part.Remaining.Minor = 1
	whole := part
	whole.Remaining.Minor = 0
	first, again := envelope(t, part), envelope(t, whole)
	again.ID = first.ID
	require.NoError(t, s.Receive(asService(t), first))
	require.NoError(t, s.Receive(asService(t), again), "it is recorded as handled")
	got, err := s.Order(asAdministrator(t), cart.OrderInput{ID: refunded.ID})
	require.NoError(t, err)
	require.Equal(t, cart.OrderPaid, got.State, "a part says nothing of the order")
	for _, take := range []orderStep{s.pack, s.ship} {
		_, err := take(asAdministrator(t), shipped.ID, 0)
		require.NoError(t, err)
	}
	for _, e := range []payments.InvoiceRefunded{whole, s.refundAll(t, shipped.InvoiceID)} {
		require.NoError(t, s.Receive(asService(t), envelope(t, e)))
		require.NoError(t, s.Receive(asService(t), envelope(t, e)))
	}
	s.resumeOrder(t, refunded.ID)
	s.requireCancelled(t, refunded)
	got, err = s.Order(asAdministrator(t), cart.OrderInput{ID: shipped.ID})
	require.NoError(t, err)
	require.Equal(t, cart.OrderShipped, got.State)
}

// A payment that is heard of after its refund makes an order that nobody ships.
func placedRefunded(t *testing.T, s shop) {
	user := id.NewUser()
	s.add(t, user, s.Product(t, nil).ID, 3)
	done, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	paid := s.pay(t, done.InvoiceID)
	require.NoError(t, s.Receive(asService(t), envelope(t, s.refundAll(t, done.InvoiceID))))
	require.NoError(t, s.Receive(asService(t), paid))
	o := s.orderOf(t, done.InvoiceID)
	require.NotEqual(t, cart.OrderPaid, o.State)
	s.resumeOrder(t, o.ID)
	s.requireCancelled(t, o)
}

// resumeOrder waits until an order is cancelled in the background.
func (s shop) resumeOrder(t *testing.T, order id.Order) {
	t.Helper()
	s.resume(t, func() bool {
		o, err := s.Order(asAdministrator(t), cart.OrderInput{ID: order})
		return err == nil && o.State == cart.OrderCancelled
	})
}

func cancelInterrupted(t *testing.T, s shop) {
	for name, at := range map[string]step{
		"before the refund": {payments.MethodRefund, Fault{Before: unavailable}},
		"refund refused":    {payments.MethodRefund, Fault{Before: func() error { return payments.ErrRefundRefused }}},
		"after the refund":  {payments.MethodRefund, Fault{After: unavailable}},
		"before the return": {catalog.MethodReturn, Fault{Before: unavailable}},
		"after the return":  {catalog.MethodReturn, Fault{After: unavailable}},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.bought(t, id.NewUser())
			s.Break(at.method, at.fault)
			got, err := s.cancel(as(t, o.UserID), o.ID, 0)
			require.NoError(t, err)
			require.Equal(t, cart.OrderCancelling, got.State)
			require.Empty(t, got.CancelError, "that is for the shop")
			_, err = s.pack(asAdministrator(t), o.ID, 0)
			require.ErrorIs(t, err, cart.ErrOrderState)
			told, err := s.Order(asAdministrator(t), cart.OrderInput{ID: o.ID})
			require.NoError(t, err)
			require.NotEmpty(t, told.CancelError)
			s.Break(at.method, Fault{})
			s.Clock.Advance(2 * time.Second)
			s.resumeOrder(t, o.ID)
			s.requireCancelled(t, o)
		})
	}
}
