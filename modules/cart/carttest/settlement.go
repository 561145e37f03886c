package carttest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/money"
)

// payWithin is how long an invoice may stay unpaid, and long enough for carts to
// ask what became of it.
const payWithin = 24*time.Hour + 31*time.Minute

// stand is where the reservation of a checkout stands.
func (s shop) stand(t *testing.T, checkout id.Checkout) catalog.Reservation {
	t.Helper()
	r, err := s.Catalog.Reservation(asService(t), catalog.ReservationInput{Key: checkout})
	require.NoError(t, err)
	return r
}

// settled runs the workers until the reservation of a checkout stands there.
func (s shop) settled(t *testing.T, checkout id.Checkout, at catalog.ReservationState) {
	t.Helper()
	s.resume(t, func() bool {
		r, err := s.Catalog.Reservation(asService(t), catalog.ReservationInput{Key: checkout})
		return err == nil && r.State == at
	})
}

// workedOff runs the workers for as long as they need for everything that is
// due, which a later payment shows. It costs a call of Commit.
func (s shop) workedOff(t *testing.T) {
	t.Helper()
	s.Clock.Advance(time.Minute)
	s.settled(t, s.bought(t, id.NewUser()).CheckoutID, catalog.StateCommitted)
}

// three is a checkout of 3 of a product with 100 left.
func (s shop) three(t *testing.T, code string) (cart.Checkout, id.Product) {
	t.Helper()
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 3)
	done, err := s.Checkout(as(t, user), cart.CheckoutInput{UserID: user, DiscountCode: code})
	require.NoError(t, err)
	require.Equal(t, catalog.StateReserved, s.stand(t, done.ID).State)
	return done, mug.ID
}

// receiveTwice receives an event twice, and what it says once more.
func (s shop) receiveTwice(t *testing.T, e event.Envelope) {
	t.Helper()
	again := e
	again.ID = id.NewEvent()
	for _, e := range []event.Envelope{e, e, again} {
		require.NoError(t, s.Receive(asService(t), e))
	}
}

func settlePaid(t *testing.T, s shop) {
	done, mug := s.three(t, "")
	s.receiveTwice(t, s.pay(t, done.InvoiceID))
	s.settled(t, done.ID, catalog.StateCommitted)
	s.workedOff(t)
	require.Equal(t, 2, s.Calls(catalog.MethodCommit), "one is that of the other checkout")
	require.Zero(t, s.Calls(catalog.MethodRelease))
	require.Equal(t, int64(97), s.Stock(t, mug))
}

// The buyer pays, and the event is there, before the checkout has ended.
func settlePaidEarly(t *testing.T, s shop) {
	for name, how := range map[string]func() error{
		"and it ends": func() error { return nil }, "and it is interrupted": unavailable,
	} {
		t.Run(name, func(t *testing.T) {
			user, mug := id.NewUser(), s.Product(t, nil)
			s.add(t, user, mug.ID, 3)
			s.Break(payments.MethodCreateInvoice, Fault{After: func() error {
				require.NoError(t, s.Receive(asService(t), s.pay(t, s.Invoices(t, user)[0].ID)))
				return how()
			}})
			_, _, err := s.checkOut(t, user, "k")
			if how() != nil {
				require.ErrorIs(t, err, cart.ErrInterrupted)
			} else {
				require.NoError(t, err)
			}
			s.Break(payments.MethodCreateInvoice, Fault{})
			o := s.orderOf(t, s.Invoices(t, user)[0].ID)
			s.Clock.Advance(Lease)
			s.settled(t, o.CheckoutID, catalog.StateCommitted)
			s.requireWhole(t, user, mug.ID)
		})
	}
	require.Equal(t, 2, s.Calls(catalog.MethodCommit))
}

// What a checkout has taken goes back once when its invoice will not be paid.
func settleUnpaid(t *testing.T, s shop) {
	d, err := s.CreateDiscount(asAdministrator(t), cart.CreateDiscountInput{
		Code: "BACK", DiscountTerms: cart.DiscountTerms{Amount: money.Of(100, "EUR")},
	})
	require.NoError(t, err)
	for n, end := range []func(payments.Invoice) event.Event{
		func(v payments.Invoice) event.Event {
			_, err := s.Payments.Void(asAdministrator(t), payments.VoidInput{ID: v.ID})
			require.NoError(t, err)
			return payments.InvoiceVoided{InvoiceID: v.ID, UserID: v.UserID, Reference: v.Reference}
		},
		func(v payments.Invoice) event.Event {
			_, err := s.Payments.WriteOff(asAdministrator(t), payments.WriteOffInput{ID: v.ID})
			require.NoError(t, err)
			return payments.InvoiceWrittenOff{InvoiceID: v.ID, UserID: v.UserID, Reference: v.Reference}
		},
	} {
		done, mug := s.three(t, "BACK")
		_, other := s.three(t, "BACK")
		require.Equal(t, int64(2+n), s.uses(t, d.ID))
		invoice, err := s.Payments.Invoice(asService(t), payments.InvoiceInput{ID: done.InvoiceID})
		require.NoError(t, err)
		s.receiveTwice(t, envelope(t, end(invoice)))
		require.Equal(t, int64(1+n), s.uses(t, d.ID), "the other checkout's use stays")
		s.settled(t, done.ID, catalog.StateReleased)
		s.workedOff(t)
		require.Equal(t, 1+n, s.Calls(catalog.MethodRelease))
		require.Equal(t, int64(100), s.Stock(t, mug))
		require.Equal(t, int64(97), s.Stock(t, other))
		require.Equal(t, int64(1+n), s.uses(t, d.ID))
	}
}

// uses is how often a discount is used.
func (s shop) uses(t *testing.T, discount id.Discount) int64 {
	t.Helper()
	d, err := s.Discount(asAdministrator(t), cart.DiscountInput{ID: discount})
	require.NoError(t, err)
	return d.Uses
}

// The goods of a cancelled order are sold no more, whichever comes first: the
// cancellation or the worker who sells them.
func settleCancelled(t *testing.T, s shop) {
	early, late := s.bought(t, id.NewUser()), s.bought(t, id.NewUser())
	_, err := s.cancel(asAdministrator(t), early.ID, 0)
	require.NoError(t, err)
	s.settled(t, late.CheckoutID, catalog.StateCommitted)
	_, err = s.cancel(asAdministrator(t), late.ID, 0)
	require.NoError(t, err)
	s.workedOff(t)
	for _, o := range []cart.Order{early, late} {
		s.requireCancelled(t, o)
		require.Equal(t, catalog.StateReturned, s.stand(t, o.CheckoutID).State)
	}
	require.Equal(t, 3, s.Calls(catalog.MethodCommit), "one for each checkout")
}

// Nobody tells what became of invoices: carts ask.
func settleAsked(t *testing.T, s shop) {
	open, _ := s.three(t, "")
	paid, _ := s.three(t, "")
	void, _ := s.three(t, "")
	s.pay(t, paid.InvoiceID)
	_, err := s.Payments.Void(asAdministrator(t), payments.VoidInput{ID: void.InvoiceID})
	require.NoError(t, err)
	before := s.stand(t, open.ID).ExpiresAt
	require.True(t, before.After(s.Clock.Now().Add(24*time.Hour)), "it outlives the time to pay")
	s.Clock.Advance(payWithin)
	s.resume(t, func() bool { return s.stand(t, open.ID).ExpiresAt.After(before) })
	s.settled(t, paid.ID, catalog.StateCommitted)
	s.settled(t, void.ID, catalog.StateReleased)
	extended := s.stand(t, open.ID)
	require.Equal(t, catalog.StateReserved, extended.State)
	s.Clock.Advance(31 * time.Minute)
	s.resume(t, func() bool { return s.stand(t, open.ID).ExpiresAt.After(extended.ExpiresAt) })
}

// short is an order whose goods went to somebody else before they were sold.
func (s shop) short(t *testing.T) cart.Order {
	t.Helper()
	o := s.bought(t, id.NewUser())
	require.False(t, o.Short)
	s.Break(catalog.MethodCommit, Fault{Before: func() error { return catalog.ErrReservationGone }})
	s.resume(t, func() bool {
		now, err := s.Order(asAdministrator(t), cart.OrderInput{ID: o.ID})
		return err == nil && now.Short
	})
	s.Break(catalog.MethodCommit, Fault{})
	return o
}

func settleShort(t *testing.T, s shop) {
	o := s.short(t)
	s.workedOff(t)
	require.Equal(t, 2, s.Calls(catalog.MethodCommit), "it is not tried again")
	require.Equal(t, int64(2), s.orderOf(t, o.InvoiceID).Version)
}
