package carttest

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// envelope is an event on its way.
func envelope(t *testing.T, e event.Event) event.Envelope {
	t.Helper()
	payload, err := json.Marshal(e)
	require.NoError(t, err)
	return event.Envelope{ID: id.NewEvent(), Name: e.EventName(), Version: e.EventVersion(), Key: e.EventKey(), Payload: payload}
}

// pay pays an invoice and returns the event that says so.
func (s shop) pay(t *testing.T, invoice id.Invoice) event.Envelope {
	t.Helper()
	paid, err := s.Payments.Pay(asAdministrator(t), payments.PayInput{ID: invoice, PaymentMethod: "pm_ok"})
	require.NoError(t, err)
	return envelope(t, payments.InvoicePaid{InvoiceID: invoice, UserID: paid.UserID, Total: paid.Total, PaymentID: id.NewPayment()})
}

// bought is the order of 3 of a product with 100 left that a user bought.
func (s shop) bought(t *testing.T, user id.User) cart.Order {
	t.Helper()
	s.add(t, user, s.Product(t, nil).ID, 3)
	done, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	require.NoError(t, s.Receive(asService(t), s.pay(t, done.InvoiceID)))
	return s.orderOf(t, done.InvoiceID)
}

// orderOf is the one order of an invoice.
func (s shop) orderOf(t *testing.T, invoice id.Invoice) cart.Order {
	t.Helper()
	list, err := s.ListOrders(asAdministrator(t), cart.ListOrdersInput{InvoiceID: invoice})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	return list.Items[0]
}

// published are the events of the orders of an invoice so far, oldest first.
func (s shop) published(t *testing.T, invoice id.Invoice) []cart.OrderEvent {
	t.Helper()
	var all []cart.OrderEvent
	for _, e := range s.events(t) {
		told := cart.OrderEvent{Name: e.Name}
		require.NoError(t, json.Unmarshal(e.Payload, &told))
		if !told.OrderID.IsZero() && told.InvoiceID == invoice {
			all = append(all, told)
		}
	}
	return all
}

func orderOfCheckout(t *testing.T, s shop) {
	user := id.NewUser()
	o := s.bought(t, user)
	invoice := s.Invoices(t, user)[0]
	var checkout id.Checkout
	require.NoError(t, checkout.UnmarshalText([]byte(invoice.Reference)))
	require.Equal(t, cart.Order{
		ID: o.ID, UserID: user, InvoiceID: invoice.ID, CheckoutID: checkout, Number: invoice.Number,
		State: cart.OrderPaid,
		Lines: []cart.OrderLine{{ProductID: invoice.Lines[0].ProductID, Description: "Blue mug", Quantity: 3}},
		Total: money.Of(3000, "EUR"), Version: 1, PaidAt: invoice.PaidAt,
	}, o)
	require.False(t, o.ID.IsZero())
	read, err := s.Order(as(t, user), cart.OrderInput{ID: o.ID})
	require.NoError(t, err)
	require.Equal(t, o, read)
	require.Equal(t, []cart.OrderEvent{{
		Name: cart.EventOrderPlaced, OrderID: o.ID, UserID: user, InvoiceID: invoice.ID, Number: invoice.Number, Total: &o.Total,
	}}, s.published(t, invoice.ID))
}

// given is the order of an invoice that an administrator made.
func (s shop) given(t *testing.T, user id.User) cart.Order {
	t.Helper()
	invoice, err := s.Payments.CreateInvoice(asAdministrator(t), payments.CreateInvoiceInput{
		UserID: user, Currency: "EUR", Lines: []payments.LineInput{{Description: "Repair", Quantity: 1, UnitPrice: money.Of(500, "EUR")}},
	})
	require.NoError(t, err)
	require.NoError(t, s.Receive(asService(t), s.pay(t, invoice.ID)))
	return s.orderOf(t, invoice.ID)
}

func orderOfInvoice(t *testing.T, s shop) {
	o := s.given(t, id.NewUser())
	require.True(t, o.CheckoutID.IsZero())
	require.Equal(t, []cart.OrderLine{{Description: "Repair", Quantity: 1}}, o.Lines)
}

// An event comes again, from several relays at once, and is published again.
func orderOnce(t *testing.T, s shop) {
	user := id.NewUser()
	s.add(t, user, s.Product(t, nil).ID, 3)
	done, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	first := s.pay(t, done.InvoiceID)
	second := first
	second.ID = id.NewEvent()
	var working sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		working.Go(func() { errs[i] = s.Receive(asService(t), []event.Envelope{first, second}[i%2]) })
	}
	working.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	s.orderOf(t, done.InvoiceID)
	require.Len(t, s.published(t, done.InvoiceID), 1)
}

func orderOfNothing(t *testing.T, s shop) {
	user := id.NewUser()
	s.add(t, user, s.Product(t, nil).ID, 3)
	open, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	for _, invoice := range []id.Invoice{open.InvoiceID, id.NewInvoice(), {}} {
		err := s.Receive(asService(t), envelope(t, payments.InvoicePaid{InvoiceID: invoice, UserID: user}))
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.Equal(t, []string{"body.payload"}, locations(err))
	}
	require.Empty(t, s.published(t, open.InvoiceID))
}

func orderNotFound(t *testing.T, s shop) {
	user := id.NewUser()
	o := s.bought(t, user)
	in := cart.OrderInput{ID: o.ID}
	_, err := s.Order(t.Context(), in)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Order(as(t, id.NewUser()), in)
	require.ErrorIs(t, err, cart.ErrOrderNotFound)
	for _, nobodys := range []id.Order{id.NewOrder(), {}} {
		_, err = s.Order(asAdministrator(t), cart.OrderInput{ID: nobodys})
		require.ErrorIs(t, err, cart.ErrOrderNotFound)
	}
	_, err = s.Order(asAdministrator(t), in)
	require.NoError(t, err)
	_, err = s.Order(asService(t), in)
	require.NoError(t, err)
}
