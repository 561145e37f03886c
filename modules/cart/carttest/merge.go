package carttest

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// quantities are those of a user's cart.
func (s shop) quantities(t *testing.T, user id.User) map[id.Product]int64 {
	t.Helper()
	all := map[id.Product]int64{}
	for _, item := range s.read(t, user).Items {
		require.Zero(t, all[item.ProductID], "each product once")
		all[item.ProductID] = item.Quantity
	}
	return all
}

func (s shop) merge(t *testing.T, from, to id.User) error {
	t.Helper()
	return s.Merge(asService(t), cart.MergeInput{From: from, To: to})
}

func mergeWhole(t *testing.T, s shop) {
	guest, user := id.NewUser(), id.NewUser()
	both, full, guests, users := s.Product(t, nil).ID, s.Product(t, nil).ID, s.Product(t, nil).ID, s.Product(t, nil).ID
	kept := s.add(t, user, both, 2)
	s.add(t, user, full, cart.MaxQuantity-1)
	s.add(t, user, users, 1)
	s.add(t, guest, both, 3)
	s.add(t, guest, full, 5)
	moved := s.add(t, guest, guests, 4)
	require.NoError(t, s.merge(t, guest, user))
	want := map[id.Product]int64{both: 5, full: cart.MaxQuantity, users: 1, guests: 4}
	require.Equal(t, want, s.quantities(t, user))
	require.Empty(t, s.read(t, guest).Items)
	for _, item := range []cart.Item{kept, moved} {
		now, err := s.Item(as(t, user), cart.ItemInput{UserID: user, ID: item.ID})
		require.NoError(t, err)
		require.Equal(t, item.Version+1, now.Version)
	}
	require.NoError(t, s.merge(t, guest, user))
	require.Equal(t, want, s.quantities(t, user), "a repeat finds nothing")
	require.NoError(t, s.merge(t, id.NewUser(), user))

	for _, in := range []cart.MergeInput{{To: user}, {From: user}, {From: user, To: user}} {
		require.Equal(t, fault.Invalid, fault.KindOf(s.Merge(asService(t), in)))
	}
	in := cart.MergeInput{From: guest, To: user}
	require.ErrorIs(t, s.Merge(as(t, user), in), identity.ErrForbidden)
	require.ErrorIs(t, s.Merge(t.Context(), in), identity.ErrUnauthenticated)
}

// Two guests were the same user, each is merged several times at once, by calls
// and by an event that comes again, and the user adds something meanwhile.
func mergeAtOnce(t *testing.T, s shop) {
	user, guests := id.NewUser(), []id.User{id.NewUser(), id.NewUser()}
	shared, put := s.Product(t, nil).ID, s.Product(t, nil).ID
	want := map[id.Product]int64{shared: 7, put: 4}
	s.add(t, user, put, 1)
	var events []event.Envelope
	for n, guest := range guests {
		own := s.Product(t, nil).ID
		s.add(t, guest, own, 2)
		s.add(t, guest, shared, int64(3+n))
		want[own] = 2
		events = append(events, envelope(t, users.Merged{From: guest, To: user}))
	}
	var working sync.WaitGroup
	errs := make([]error, 15)
	for i := range errs {
		working.Go(func() {
			switch i % 5 {
			case 0:
				_, errs[i] = s.AddItem(as(t, user), cart.AddItemInput{UserID: user, ProductID: put, Quantity: 1})
			case 1, 2:
				errs[i] = s.merge(t, guests[i%2], user)
			default:
				errs[i] = s.Receive(asService(t), events[i%2])
			}
		})
	}
	working.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, want, s.quantities(t, user))
	for _, guest := range guests {
		require.Empty(t, s.read(t, guest).Items)
	}
	s.add(t, guests[0], shared, 1)
	require.NoError(t, s.Receive(asService(t), events[0]))
	require.Equal(t, want, s.quantities(t, user), "the event was acted on")
}

// What a guest checks out belongs to the checkout: merges come again.
func mergeInCheckout(t *testing.T, s shop) {
	guest, user, mug := id.NewUser(), id.NewUser(), s.Product(t, nil)
	s.add(t, guest, mug.ID, 3)
	e := envelope(t, users.Merged{From: guest, To: user})
	s.Break(payments.MethodCreateInvoice, Fault{Before: func() error {
		require.ErrorIs(t, s.merge(t, guest, user), cart.ErrCheckoutInProgress)
		require.ErrorIs(t, s.Receive(asService(t), e), cart.ErrCheckoutInProgress)
		s.add(t, guest, mug.ID, 2)
		return nil
	}})
	_, _, err := s.checkOut(t, guest, "")
	require.NoError(t, err)
	require.Empty(t, s.read(t, user).Items)
	require.NoError(t, s.Receive(asService(t), e), "it was not done the first time")
	require.Equal(t, map[id.Product]int64{mug.ID: 2}, s.quantities(t, user))
	for _, payload := range []string{`{}`, `{"from":"` + user.String() + `","to":"` + user.String() + `"}`} {
		e.ID, e.Payload = id.NewEvent(), []byte(payload)
		require.Equal(t, []string{"body.payload"}, locations(s.Receive(asService(t), e)))
	}
}
