package carttest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/money"
)

// discount adds a discount under a code of its own.
func (s shop) discount(t *testing.T, terms cart.DiscountTerms) cart.Discount {
	t.Helper()
	d, err := s.CreateDiscount(asAdministrator(t), cart.CreateDiscountInput{Code: id.NewDiscount().String(), DiscountTerms: terms})
	require.NoError(t, err)
	return d
}

// requireRefused makes sure that neither a quote nor a checkout gets a discount,
// and that the checkout did nothing.
func (s shop) requireRefused(t *testing.T, user id.User, product id.Product, code string, want error) {
	t.Helper()
	stock, invoices := s.Stock(t, product), len(s.Invoices(t, user))
	_, err := s.quote(t, user, code)
	require.ErrorIs(t, err, want)
	require.Equal(t, []string{"query.discount_code"}, locations(err))
	_, err = s.buy(t, user, code)
	require.ErrorIs(t, err, want)
	require.Equal(t, []string{"body.discount_code"}, locations(err))
	require.Equal(t, stock, s.Stock(t, product))
	require.Len(t, s.Invoices(t, user), invoices)
	require.NotEmpty(t, s.read(t, user).Items)
}

func discountUnknown(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	s.requireRefused(t, user, mug.ID, "nobody-has-this", cart.ErrDiscountUnknown)
	gone := s.discount(t, cart.DiscountTerms{BasisPoints: 1000})
	require.NoError(t, s.DeleteDiscount(asAdministrator(t), cart.DeleteDiscountInput{ID: gone.ID}))
	s.requireRefused(t, user, mug.ID, gone.Code, cart.ErrDiscountUnknown)
}

func discountTime(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	from := s.Clock.Now().Add(time.Hour)
	d := s.discount(t, cart.DiscountTerms{BasisPoints: 1000, From: from, Until: from.Add(time.Hour)})
	s.requireRefused(t, user, mug.ID, d.Code, cart.ErrDiscountUnknown)
	s.Clock.Advance(time.Hour + time.Minute)
	_, err := s.quote(t, user, d.Code)
	require.NoError(t, err)
	s.Clock.Advance(time.Hour)
	s.requireRefused(t, user, mug.ID, d.Code, cart.ErrDiscountUnknown)
}

func discountMinimum(t *testing.T, s shop) {
	user, mug, dollar := id.NewUser(), s.Product(t, nil), s.Product(t, inDollars)
	s.add(t, user, mug.ID, 1)
	d := s.discount(t, cart.DiscountTerms{Amount: money.Of(300, "EUR"), MinSubtotal: money.Of(1001, "EUR")})
	s.requireRefused(t, user, mug.ID, d.Code, cart.ErrDiscountNotApplicable)
	other := id.NewUser()
	s.add(t, other, dollar.ID, 2)
	s.requireRefused(t, other, dollar.ID, d.Code, cart.ErrDiscountNotApplicable)
	s.add(t, user, mug.ID, 1)
	done, err := s.buy(t, user, d.Code)
	require.NoError(t, err)
	require.Equal(t, money.Of(1700, "EUR"), done.Total)
}

func discountPerUser(t *testing.T, s shop) {
	user, other, mug := id.NewUser(), id.NewUser(), s.Product(t, nil)
	d := s.discount(t, cart.DiscountTerms{BasisPoints: 1000, MaxUsesPerUser: 2})
	for range 2 {
		s.add(t, user, mug.ID, 1)
		_, err := s.buy(t, user, d.Code)
		require.NoError(t, err)
	}
	s.add(t, user, mug.ID, 1)
	s.requireRefused(t, user, mug.ID, d.Code, cart.ErrDiscountUsedUp)
	s.add(t, other, mug.ID, 1)
	_, err := s.buy(t, other, d.Code)
	require.NoError(t, err)
	require.Equal(t, int64(3), s.uses(t, d.ID))
}

// A checkout that fails gives its use back, so that the code is there for the
// next one; one that is interrupted keeps it, for it goes on.
func discountGivenBack(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 1)
	d := s.discount(t, cart.DiscountTerms{BasisPoints: 1000, MaxUses: 1, MaxUsesPerUser: 1})
	s.Break(payments.MethodCreateInvoice, Fault{Before: refuse})
	_, err := s.buy(t, user, d.Code)
	require.ErrorIs(t, err, cart.ErrInvoiceRefused)
	require.Zero(t, s.uses(t, d.ID))
	s.requireNothingDone(t, user, mug.ID, 100)

	s.Break(payments.MethodCreateInvoice, Fault{Before: unavailable})
	_, err = s.buy(t, user, d.Code)
	require.ErrorIs(t, err, cart.ErrInterrupted)
	require.Equal(t, int64(1), s.uses(t, d.ID))
	other := id.NewUser()
	s.add(t, other, mug.ID, 1)
	_, err = s.buy(t, other, d.Code)
	require.ErrorIs(t, err, cart.ErrDiscountUsedUp)
}

// However many want it at once, a code is used as often as it may be. Who comes
// too late keeps the cart, and nothing is reserved.
func discountContended(t *testing.T, s shop) {
	const all, limit = 50, 10
	mug := s.Product(t, nil)
	d := s.discount(t, cart.DiscountTerms{BasisPoints: 1000, MaxUses: limit})
	users := make([]id.User, all)
	for i := range users {
		users[i] = id.NewUser()
		s.add(t, users[i], mug.ID, 1)
	}
	ctx, got := asService(t), 0
	for i, err := range atOnce(all, func(i int) error {
		_, err := s.Checkout(ctx, cart.CheckoutInput{UserID: users[i], DiscountCode: d.Code})
		return err
	}) {
		if err == nil {
			got++
			require.Equal(t, money.Of(900, "EUR"), s.Invoices(t, users[i])[0].Total)
			continue
		}
		require.ErrorIs(t, err, cart.ErrDiscountUsedUp)
		require.Equal(t, fault.Conflict, fault.KindOf(err))
		require.Equal(t, []string{"body.discount_code"}, locations(err))
		require.Empty(t, s.Invoices(t, users[i]))
	}
	require.Equal(t, limit, got)
	require.Equal(t, int64(limit), s.uses(t, d.ID))
	require.Equal(t, int64(100-limit), s.Stock(t, mug.ID))
}
