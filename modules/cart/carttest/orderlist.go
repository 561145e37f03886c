package carttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

func ordersPages(t *testing.T, s shop) {
	user := id.NewUser()
	var want []id.Order
	for range 5 {
		want = append([]id.Order{s.given(t, user).ID}, want...)
	}
	s.given(t, id.NewUser())
	var got []id.Order
	request := page.Request{Limit: 2, CountExact: true}
	for {
		list, err := s.ListOrders(as(t, user), cart.ListOrdersInput{Page: request})
		require.NoError(t, err)
		require.EqualValues(t, 5, *list.Total)
		for _, o := range list.Items {
			got = append(got, o.ID)
		}
		if request.Cursor = list.Next; list.Next == "" {
			break
		}
		require.Len(t, list.Items, 2)
	}
	require.Equal(t, want, got, "newest first")
}

func ordersFilters(t *testing.T, s shop) {
	ada, bob := id.NewUser(), id.NewUser()
	paid, packed, others := s.given(t, ada), s.given(t, ada), s.given(t, bob)
	packed, err := s.PackOrder(asAdministrator(t), cart.PackOrderInput{ID: packed.ID})
	require.NoError(t, err)
	for name, test := range map[string]struct {
		in   cart.ListOrdersInput
		want []cart.Order
	}{
		"all":               {cart.ListOrdersInput{}, []cart.Order{others, packed, paid}},
		"user":              {cart.ListOrdersInput{UserID: ada}, []cart.Order{packed, paid}},
		"state":             {cart.ListOrdersInput{State: cart.OrderPaid}, []cart.Order{others, paid}},
		"user and state":    {cart.ListOrdersInput{UserID: ada, State: cart.OrderPaid}, []cart.Order{paid}},
		"invoice":           {cart.ListOrdersInput{InvoiceID: others.InvoiceID}, []cart.Order{others}},
		"another invoice":   {cart.ListOrdersInput{InvoiceID: id.NewInvoice()}, []cart.Order{}},
		"invoice of a user": {cart.ListOrdersInput{UserID: bob, InvoiceID: paid.InvoiceID}, []cart.Order{}},
	} {
		list, err := s.ListOrders(asAdministrator(t), test.in)
		require.NoError(t, err, name)
		require.Equal(t, test.want, list.Items, name)
		require.Empty(t, list.Next, name)
	}
}

func ordersWhose(t *testing.T, s shop) {
	ada, bob := id.NewUser(), id.NewUser()
	own := s.given(t, ada)
	s.given(t, bob)
	_, err := s.ListOrders(t.Context(), cart.ListOrdersInput{})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.ListOrders(as(t, ada), cart.ListOrdersInput{UserID: bob})
	require.ErrorIs(t, err, identity.ErrForbidden)
	for _, in := range []cart.ListOrdersInput{{}, {UserID: ada}} {
		list, err := s.ListOrders(as(t, ada), in)
		require.NoError(t, err)
		require.Equal(t, []cart.Order{own}, list.Items)
	}
	list, err := s.ListOrders(asService(t), cart.ListOrdersInput{})
	require.NoError(t, err)
	var users []id.User
	for _, o := range list.Items {
		users = append(users, o.UserID)
	}
	require.Subset(t, users, []id.User{ada, bob})
}

func ordersRefuses(t *testing.T, s shop) {
	for _, cursor := range []string{"nonsense", page.Cursor{Sort: "oldest", ID: id.NewOrder().String()}.Encode(), page.Cursor{Sort: "newest", ID: id.NewUser().String()}.Encode()} {
		_, err := s.ListOrders(asAdministrator(t), cart.ListOrdersInput{Page: page.Request{Cursor: cursor}})
		require.ErrorIs(t, err, page.ErrCursor)
	}
	_, err := s.ListOrders(asAdministrator(t), cart.ListOrdersInput{State: "lost"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Equal(t, []string{"query.state"}, locations(err))
}
