package carttest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/id"
)

// Who buys and where it goes is on the invoice.
func checkoutBuyer(t *testing.T, s shop) {
	user := id.NewUser()
	s.add(t, user, s.Product(t, nil).ID, 1)
	to := cart.Address{Name: "Ada", Line1: "1 Mill Lane", PostalCode: "10115", City: "Berlin", Country: "DE"}
	_, err := s.Checkout(as(t, user), cart.CheckoutInput{
		UserID: user, Contact: &cart.Contact{Email: "ada@example.com", Name: "Ada"}, ShipTo: &to,
	})
	require.NoError(t, err)
	invoice := s.Invoices(t, user)[0]
	require.Equal(t, "ada@example.com", invoice.Buyer.Email)
	require.Equal(t, "Ada", invoice.Buyer.Name)
	require.Equal(t, payments.Address(to), invoice.ShipTo)
}

// Nothing is reserved for a buyer who cannot be one, and every field is named.
func checkoutBuyerInvalid(t *testing.T, s shop) {
	user := id.NewUser()
	s.add(t, user, s.Product(t, nil).ID, 1)
	long := strings.Repeat("x", cart.MaxAddressText+1)
	good := &cart.Contact{Email: "ada@example.com"}
	for name, test := range map[string]struct {
		contact *cart.Contact
		to      *cart.Address
		fields  []string
	}{
		"no e-mail":      {&cart.Contact{}, nil, []string{"body.contact.email"}},
		"bad e-mail":     {&cart.Contact{Email: "ada@"}, nil, []string{"body.contact.email"}},
		"named e-mail":   {&cart.Contact{Email: "Ada <ada@example.com>"}, nil, []string{"body.contact.email"}},
		"two lines":      {&cart.Contact{Email: good.Email, Name: "Ada\nBcc: all"}, nil, []string{"body.contact.name"}},
		"no country":     {good, &cart.Address{Country: "Germany"}, []string{"body.ship_to.country"}},
		"small letters":  {good, &cart.Address{Country: "de"}, []string{"body.ship_to.country"}},
		"long":           {good, &cart.Address{City: long}, []string{"body.ship_to.city"}},
		"several things": {&cart.Contact{Email: "ada@"}, &cart.Address{Country: "D1"}, []string{"body.contact.email", "body.ship_to.country"}},
	} {
		_, err := s.Checkout(as(t, user), cart.CheckoutInput{UserID: user, Contact: test.contact, ShipTo: test.to})
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		require.Equal(t, test.fields, locations(err), name)
	}
	require.Zero(t, s.Calls(catalog.MethodReserve))
}

// A guest has no address of his own. Only the payments module sees that.
func checkoutContactNeeded(t *testing.T, s shop) {
	guest, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, guest, mug.ID, 3)
	s.Break(payments.MethodCreateInvoice, Fault{Before: func() error {
		return fault.InvalidField("body.buyer", "is needed: the user is a guest, without an address")
	}})
	_, _, err := s.checkOut(t, guest, "k")
	require.ErrorIs(t, err, cart.ErrContactNeeded)
	require.Equal(t, []string{"body.contact"}, locations(err))
	require.Equal(t, int64(100), s.Stock(t, mug.ID), "nothing stays reserved")
	require.Equal(t, int64(3), s.read(t, guest).Count)
	s.Break(payments.MethodCreateInvoice, Fault{})
	_, err = s.Checkout(as(t, guest), cart.CheckoutInput{UserID: guest, Contact: &cart.Contact{Email: "ada@example.com"}})
	require.NoError(t, err)
}

// checkedOut are the events of a user's checkouts.
func (s shop) checkedOut(t *testing.T, user id.User) []cart.CheckedOut {
	t.Helper()
	var all []cart.CheckedOut
	for _, e := range s.events(t) {
		var told cart.CheckedOut
		if e.Name != cart.EventCheckedOut {
			continue
		}
		require.NoError(t, json.Unmarshal(e.Payload, &told))
		if told.UserID == user {
			all = append(all, told)
		}
	}
	return all
}

// Each checkout is told of once, however often it is asked for; one that fails
// is not.
func checkoutTold(t *testing.T, s shop) {
	user, at := s.interruptedUser(t)
	done, _, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	_, replayed, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	require.True(t, replayed)
	want := []cart.CheckedOut{{CheckoutID: done.ID, UserID: user, InvoiceID: done.InvoiceID, Total: done.Total, Lines: 1}}
	require.Equal(t, want, s.checkedOut(t, user))
	s.add(t, user, at, 1)
	s.Break(payments.MethodCreateInvoice, Fault{Before: refuse})
	_, _, err = s.checkOut(t, user, "")
	require.ErrorIs(t, err, cart.ErrInvoiceRefused)
	s.Break(payments.MethodCreateInvoice, Fault{})
	require.Equal(t, want, s.checkedOut(t, user))
	second, _, err := s.checkOut(t, user, "")
	require.NoError(t, err)
	require.Equal(t, second.ID, s.checkedOut(t, user)[1].CheckoutID)
	require.Len(t, s.checkedOut(t, user), 2)
}

// interruptedUser has a checkout that was interrupted after its invoice was made
// and may be carried on.
func (s shop) interruptedUser(t *testing.T) (id.User, id.Product) {
	t.Helper()
	user, mug := s.interrupt(t, step{payments.MethodCreateInvoice, Fault{After: unavailable}})
	require.Empty(t, s.checkedOut(t, user))
	return user, mug
}
