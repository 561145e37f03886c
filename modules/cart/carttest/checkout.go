package carttest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
)

// checkOut checks a user's cart out; key may be empty.
func (s shop) checkOut(t *testing.T, user id.User, key string) (cart.Checkout, bool, error) {
	t.Helper()
	in := cart.CheckoutInput{UserID: user}
	if key != "" {
		in.Key = idempotency.NewKey(key)
	}
	done, err := s.Checkout(as(t, user), in)
	return done, in.Key.Replayed(), err
}

func checkoutWhole(t *testing.T, s shop) {
	user := id.NewUser()
	mug := s.Product(t, func(in *catalog.CreateProductInput) { in.Name = "Mug" })
	pan := s.Product(t, func(in *catalog.CreateProductInput) { in.Name, in.Price.Minor = "Pan", 2500 })
	s.add(t, user, pan.ID, 1)
	s.add(t, user, mug.ID, 3)
	before := s.read(t, user)
	done, replayed, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	require.False(t, replayed)
	require.False(t, done.ID.IsZero())

	invoices := s.Invoices(t, user)
	require.Len(t, invoices, 1)
	require.Equal(t, done.InvoiceID, invoices[0].ID)
	require.Equal(t, before.Total, invoices[0].Total)
	type line struct {
		product  id.Product
		name     string
		quantity int64
		price    money.Amount
	}
	var lines []line
	for _, l := range invoices[0].Lines {
		lines = append(lines, line{l.ProductID, l.Description, l.Quantity, l.UnitPrice})
	}
	require.Equal(t, []line{{pan.ID, "Pan", 1, pan.Price}, {mug.ID, "Mug", 3, mug.Price}}, lines, "in the cart's order")
	require.Equal(t, int64(97), s.Stock(t, mug.ID))
	require.Equal(t, int64(99), s.Stock(t, pan.ID))
	require.Empty(t, s.read(t, user).Items)
	s.add(t, user, mug.ID, 1)
	second, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	require.NotEqual(t, done.InvoiceID, second.InvoiceID)
}

func checkoutEmpty(t *testing.T, s shop) {
	_, _, err := s.checkOut(t, id.NewUser(), "")
	require.ErrorIs(t, err, cart.ErrEmpty)
	_, _, err = s.checkOut(t, id.NewUser(), "k")
	require.ErrorIs(t, err, cart.ErrEmpty)
}

func checkoutUnavailable(t *testing.T, s shop) {
	user, good, gone := id.NewUser(), s.Product(t, nil), s.Product(t, nil)
	short := s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 1 })
	var items []cart.Item
	for _, p := range []catalog.Product{good, gone, short} {
		items = append(items, s.add(t, user, p.ID, 2))
	}
	require.NoError(t, s.Catalog.DeleteProduct(asAdministrator(t), catalog.DeleteProductInput{ID: gone.ID}))
	_, _, err := s.checkOut(t, user, "k")
	require.ErrorIs(t, err, cart.ErrUnavailableItems)
	none, one := int64(0), int64(1)
	require.Equal(t, []fault.Field{
		{Location: "items." + items[1].ID.String(), Message: gone.ID.String() + " is not on sale", Number: &none},
		{Location: "items." + items[2].ID.String(), Message: "1 left of " + short.ID.String(), Number: &one},
	}, fault.From(err).Fields)
	require.Equal(t, int64(100), s.Stock(t, good.ID))
	require.Empty(t, s.Invoices(t, user))
	require.Len(t, s.read(t, user).Items, 3)
}

// The stock goes to somebody else between the look at it and its reservation.
func checkoutOutrun(t *testing.T, s shop) {
	user, good := id.NewUser(), s.Product(t, nil)
	short := s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 2 })
	s.add(t, user, good.ID, 1)
	item := s.add(t, user, short.ID, 2)
	s.Break(catalog.MethodReserve, Fault{Before: func() error {
		_, err := s.Catalog.Fake.Reserve(asService(t), catalog.ReserveInput{
			Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: short.ID, Quantity: 1}},
		})
		return err
	}})
	_, _, err := s.checkOut(t, user, "k")
	require.ErrorIs(t, err, cart.ErrUnavailableItems)
	one := int64(1)
	require.Equal(t, []fault.Field{
		{Location: "items." + item.ID.String(), Message: "1 left of " + short.ID.String(), Number: &one},
	}, fault.From(err).Fields)
	require.Equal(t, int64(100), s.Stock(t, good.ID))
	require.Empty(t, s.Invoices(t, user))

	s.Break(catalog.MethodReserve, Fault{})
	n := int64(1)
	_, err = s.update(t, item, 0, &n)
	require.NoError(t, err)
	_, replayed, err := s.checkOut(t, user, "k")
	require.NoError(t, err, "a refused checkout stands in nobody's way")
	require.False(t, replayed)
}

func refuse() error { return fault.InvalidField("body.user_id", "is no user") }

func checkoutInvoiceRefused(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 3)
	s.Break(payments.MethodCreateInvoice, Fault{Before: refuse})
	_, _, err := s.checkOut(t, user, "k")
	require.ErrorIs(t, err, cart.ErrInvoiceRefused)
	require.Equal(t, int64(100), s.Stock(t, mug.ID), "the stock is given back")
	require.Equal(t, int64(3), s.read(t, user).Count)
	s.Break(payments.MethodCreateInvoice, Fault{})
	_, _, err = s.checkOut(t, user, "k")
	require.NoError(t, err)
	require.Equal(t, int64(97), s.Stock(t, mug.ID))
}

func checkoutRepeated(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 3)
	first, replayed, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	require.False(t, replayed)
	for _, state := range []string{"empty", "with something new in it", "with something that is sold out"} {
		again, replayed, err := s.checkOut(t, user, "k")
		require.NoError(t, err, state)
		require.True(t, replayed, state)
		require.Equal(t, first, again, state)
		if state == "empty" {
			s.add(t, user, mug.ID, 1)
		} else {
			s.add(t, user, s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 0 }).ID, 1)
		}
	}
	require.Len(t, s.Invoices(t, user), 1)
	require.Equal(t, int64(97), s.Stock(t, mug.ID))
}

func checkoutMismatch(t *testing.T, s shop) {
	one, two, mug := id.NewUser(), id.NewUser(), s.Product(t, nil)
	s.add(t, one, mug.ID, 1)
	s.add(t, two, mug.ID, 1)
	admin := asAdministrator(t)
	_, err := s.Checkout(admin, cart.CheckoutInput{Key: idempotency.NewKey("k"), UserID: one})
	require.NoError(t, err)
	_, err = s.Checkout(admin, cart.CheckoutInput{Key: idempotency.NewKey("k"), UserID: two})
	require.ErrorIs(t, err, idempotency.ErrMismatch)
	_, replayed, err := s.checkOut(t, two, "k")
	require.NoError(t, err, "a key belongs to whoever sent it")
	require.False(t, replayed)
}

func checkoutKeyExpired(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	first, _, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	s.Clock.Advance(idempotency.Lifetime)
	s.add(t, user, mug.ID, 1)
	second, replayed, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	require.False(t, replayed)
	require.NotEqual(t, first, second)
}

func checkoutKeyRefused(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 1 })
	item := s.add(t, user, mug.ID, 2)
	_, _, err := s.checkOut(t, user, "k")
	require.ErrorIs(t, err, cart.ErrUnavailableItems)
	n := int64(1)
	_, err = s.update(t, item, 0, &n)
	require.NoError(t, err)
	_, replayed, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	require.False(t, replayed)
}

func checkoutSurplus(t *testing.T, s shop) {
	user, raised, lowered, taken, put := id.NewUser(), s.Product(t, nil), s.Product(t, nil), s.Product(t, nil), s.Product(t, nil)
	s.add(t, user, raised.ID, 3)
	less := s.add(t, user, lowered.ID, 3)
	gone := s.add(t, user, taken.ID, 3)
	s.Break(payments.MethodCreateInvoice, Fault{Before: func() error {
		s.add(t, user, raised.ID, 2)
		s.add(t, user, put.ID, 1)
		n := int64(1)
		_, err := s.update(t, less, 0, &n)
		require.NoError(t, err)
		return s.RemoveItem(as(t, user), cart.RemoveItemInput{UserID: user, ID: gone.ID})
	}})
	_, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	require.Equal(t, money.Of(9000, "EUR"), s.Invoices(t, user)[0].Total)
	quantities := map[id.Product]int64{}
	for _, item := range s.read(t, user).Items {
		quantities[item.ProductID] = item.Quantity
	}
	require.Equal(t, map[id.Product]int64{raised.ID: 2, put.ID: 1}, quantities)
}

// The cart changes between the look at it and the beginning of the checkout.
func checkoutSeesChange(t *testing.T, s shop) {
	user, mug, pan := id.NewUser(), s.Product(t, nil), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	var changed atomic.Bool
	s.Break(catalog.MethodProducts, Fault{After: func() error {
		if !changed.Swap(true) {
			s.add(t, user, pan.ID, 2)
		}
		return nil
	}})
	_, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	require.Equal(t, money.Of(3000, "EUR"), s.Invoices(t, user)[0].Total)
	require.Empty(t, s.read(t, user).Items)
}

func checkoutInProgress(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 3 })
	s.add(t, user, mug.ID, 3)
	s.Break(payments.MethodCreateInvoice, Fault{Before: unavailable})
	_, _, err := s.checkOut(t, user, "k")
	require.ErrorIs(t, err, cart.ErrInterrupted)
	require.Zero(t, s.Stock(t, mug.ID))
	for _, key := range []string{"", "other"} {
		_, _, err = s.checkOut(t, user, key)
		require.ErrorIs(t, err, cart.ErrCheckoutInProgress, "the stock lacks because the first has it")
	}
	s.add(t, user, s.Product(t, nil).ID, 1)
	n := int64(1)
	_, err = s.update(t, s.read(t, user).Items[0], 0, &n)
	require.NoError(t, err)
	_, err = s.Catalog.UpdateProduct(asAdministrator(t), catalog.UpdateProductInput{ID: mug.ID, Stock: &n})
	require.NoError(t, err)
	_, _, err = s.checkOut(t, user, "other")
	require.ErrorIs(t, err, cart.ErrCheckoutInProgress)
	require.Empty(t, s.Invoices(t, user))
}

// A slow checkout loses its lease, another process finishes it, and the slow one
// goes on: whatever it then meets, it undoes nothing.
func checkoutOvertaken(t *testing.T, s shop) {
	for name, how := range map[string]func() error{
		"and succeeds, too": func() error { return nil },
		"and is refused":    refuse,
	} {
		t.Run(name, func(t *testing.T) {
			user, mug := id.NewUser(), s.Product(t, nil)
			s.add(t, user, mug.ID, 3)
			var slow atomic.Bool
			s.Break(payments.MethodCreateInvoice, Fault{Before: func() error {
				if slow.Swap(true) {
					return nil
				}
				s.Clock.Advance(Lease + time.Second)
				s.resume(t, func() bool { return len(s.read(t, user).Items) == 0 })
				return how()
			}})
			done, _, err := s.checkOut(t, user, "k")
			require.NoError(t, err)
			s.requireWhole(t, user, mug.ID)
			require.Equal(t, s.Invoices(t, user)[0].ID, done.InvoiceID)
		})
	}
}
