package carttest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
)

// step is a call of a neighbour that a checkout makes, and what goes wrong with
// it.
type step struct {
	method contract.Method
	fault  Fault
}

// steps are all points where a checkout can be interrupted.
func steps(how func() error) map[string]step {
	return map[string]step{
		"before the stock is reserved": {catalog.MethodReserve, Fault{Before: how}},
		"after the stock is reserved":  {catalog.MethodReserve, Fault{After: how}},
		"before the invoice is made":   {payments.MethodCreateInvoice, Fault{Before: how}},
		"after the invoice is made":    {payments.MethodCreateInvoice, Fault{After: how}},
	}
}

// interrupt begins a checkout of 3 of a product with 100 left that is
// interrupted at a step, after which nothing goes wrong any more.
func (s shop) interrupt(t *testing.T, at step) (id.User, id.Product) {
	t.Helper()
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 3)
	s.Break(at.method, at.fault)
	_, _, err := s.checkOut(t, user, "k")
	require.ErrorIs(t, err, cart.ErrInterrupted)
	require.Equal(t, int64(3), s.read(t, user).Count)
	s.Break(at.method, Fault{})
	return user, mug.ID
}

// requireWhole checks what a checkout of 3 of a product with 100 left must have
// become, whatever happened on the way.
func (s shop) requireWhole(t *testing.T, user id.User, product id.Product) {
	t.Helper()
	require.Empty(t, s.read(t, user).Items)
	invoices := s.Invoices(t, user)
	require.Len(t, invoices, 1)
	require.Equal(t, money.Of(3000, "EUR"), invoices[0].Total)
	require.Equal(t, int64(97), s.Stock(t, product))
	again, replayed, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, invoices[0].ID, again.InvoiceID)
}

// An invoice that an earlier call is still making is none that was refused.
func interruptedInProgress(t *testing.T, s shop) {
	user, product := s.interrupt(t, step{payments.MethodCreateInvoice, Fault{
		Before: func() error { return idempotency.ErrInProgress },
	}})
	require.Equal(t, int64(97), s.Stock(t, product), "its stock is kept")
	_, _, err := s.checkOut(t, user, "k")
	require.NoError(t, err)
	s.requireWhole(t, user, product)
}

func interruptedRepeated(t *testing.T, s shop) {
	for name, at := range steps(unavailable) {
		t.Run(name, func(t *testing.T) {
			user, product := s.interrupt(t, at)
			_, replayed, err := s.checkOut(t, user, "k")
			require.NoError(t, err)
			require.True(t, replayed)
			s.requireWhole(t, user, product)
		})
	}
}

func interruptedResumed(t *testing.T, s shop) {
	for name, at := range steps(unavailable) {
		t.Run(name, func(t *testing.T) {
			user, product := s.interrupt(t, at)
			s.Clock.Advance(2 * time.Second)
			s.resume(t, func() bool { return len(s.read(t, user).Items) == 0 })
			s.requireWhole(t, user, product)
		})
	}
}

// die begins a checkout during which the process dies at a step.
func (s shop) die(t *testing.T, at step) (id.User, id.Product) {
	t.Helper()
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 3)
	s.Break(at.method, at.fault)
	s.requireDeath(t, user, "k")
	s.Break(at.method, Fault{})
	_, _, err := s.checkOut(t, user, "k")
	require.ErrorIs(t, err, idempotency.ErrInProgress, "nobody can know yet that it is dead")
	s.Clock.Advance(Lease)
	return user, mug.ID
}

func death() error { panic("the process dies") }

// requireDeath checks that the process dies during a checkout, which to a caller
// in another one is a failure without an explanation.
func (s shop) requireDeath(t *testing.T, user id.User, key string) {
	t.Helper()
	defer func() { _ = recover() }()
	_, _, err := s.checkOut(t, user, key)
	require.Equal(t, fault.Internal, fault.KindOf(err), "%v", err)
}

func diedRepeated(t *testing.T, s shop) {
	for name, at := range steps(death) {
		t.Run(name, func(t *testing.T) {
			user, product := s.die(t, at)
			_, replayed, err := s.checkOut(t, user, "k")
			require.NoError(t, err)
			require.True(t, replayed)
			s.requireWhole(t, user, product)
		})
	}
}

func diedResumed(t *testing.T, s shop) {
	for name, at := range steps(death) {
		t.Run(name, func(t *testing.T) {
			user, product := s.die(t, at)
			s.resume(t, func() bool { return len(s.read(t, user).Items) == 0 })
			s.requireWhole(t, user, product)
		})
	}
}

func diedGivingBack(t *testing.T, s shop) {
	for name, at := range map[string]Fault{"before": {Before: death}, "after": {After: death}} {
		t.Run(name, func(t *testing.T) {
			user, mug := id.NewUser(), s.Product(t, nil)
			s.add(t, user, mug.ID, 3)
			s.Break(payments.MethodCreateInvoice, Fault{Before: refuse})
			s.Break(catalog.MethodRelease, at)
			s.requireDeath(t, user, "")
			s.Break(catalog.MethodRelease, Fault{})
			_, _, err := s.checkOut(t, user, "")
			require.ErrorIs(t, err, cart.ErrCheckoutInProgress)
			s.Clock.Advance(Lease)
			s.resume(t, func() bool { // until it has failed, and with it stands in the way no more
				_, _, err := s.checkOut(t, user, "")
				return !errors.Is(err, cart.ErrCheckoutInProgress)
			})
			require.Equal(t, int64(100), s.Stock(t, mug.ID))
			require.Equal(t, int64(3), s.read(t, user).Count)
			require.Empty(t, s.Invoices(t, user))
		})
	}
}
