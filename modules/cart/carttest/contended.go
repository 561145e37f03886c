package carttest

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
)

func checkoutParallel(t *testing.T, s shop) {
	user, mug, pan := id.NewUser(), s.Product(t, nil), s.Product(t, nil)
	s.add(t, user, mug.ID, 3)
	s.add(t, user, pan.ID, 1)
	ctx := as(t, user)
	done := 0
	for _, err := range atOnce(20, func(int) error {
		_, err := s.Checkout(ctx, cart.CheckoutInput{UserID: user})
		return err
	}) {
		if err == nil {
			done++
		} else {
			require.Equal(t, fault.Conflict, fault.KindOf(err), "%v", err)
		}
	}
	require.Equal(t, 1, done)
	require.Len(t, s.Invoices(t, user), 1)
	require.Equal(t, int64(97), s.Stock(t, mug.ID))
	require.Empty(t, s.read(t, user).Items)
}

func checkoutParallelKey(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 3)
	ctx := as(t, user)
	results := make([]cart.Checkout, 20)
	for _, err := range atOnce(len(results), func(i int) (err error) {
		in := cart.CheckoutInput{UserID: user, Key: idempotency.NewKey("k")}
		results[i], err = s.Checkout(ctx, in)
		for fault.From(err).Code == idempotency.ErrInProgress.Code && ctx.Err() == nil {
			results[i], err = s.Checkout(ctx, in)
		}
		return err
	}) {
		require.NoError(t, err)
	}
	for _, result := range results {
		require.Equal(t, results[0], result)
	}
	require.Len(t, s.Invoices(t, user), 1)
}

func checkoutOversell(t *testing.T, s shop) {
	mug := s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 10 })
	pan := s.Product(t, nil)
	users := make([]id.User, 30)
	for i := range users {
		users[i] = id.NewUser()
		s.add(t, users[i], pan.ID, 1)
		s.add(t, users[i], mug.ID, 1)
	}
	var sold atomic.Int64
	ctx := asService(t)
	for i, err := range atOnce(len(users), func(i int) error {
		_, err := s.Checkout(ctx, cart.CheckoutInput{UserID: users[i]})
		return err
	}) {
		if err == nil {
			sold.Add(1)
			require.Empty(t, s.read(t, users[i]).Items)
			continue
		}
		require.ErrorIs(t, err, cart.ErrUnavailableItems)
		require.Len(t, fault.From(err).Fields, 1)
		require.Len(t, s.read(t, users[i]).Items, 2)
		require.Empty(t, s.Invoices(t, users[i]))
	}
	require.Equal(t, int64(10), sold.Load())
	require.Zero(t, s.Stock(t, mug.ID))
	require.Equal(t, int64(90), s.Stock(t, pan.ID))
}
