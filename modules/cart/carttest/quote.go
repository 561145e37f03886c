package carttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// buy checks a user's cart out with a discount code, which may be empty.
func (s shop) buy(t *testing.T, user id.User, code string) (cart.Checkout, error) {
	t.Helper()
	return s.Checkout(as(t, user), cart.CheckoutInput{UserID: user, DiscountCode: code})
}

// quote adds a user's cart up.
func (s shop) quote(t *testing.T, user id.User, code string) (cart.Quote, error) {
	t.Helper()
	return s.Quote(as(t, user), cart.QuoteInput{UserID: user, DiscountCode: code})
}

// requireNothingDone makes sure that a refused checkout left a user's cart and
// the stock of what is in it alone.
func (s shop) requireNothingDone(t *testing.T, user id.User, product id.Product, stock int64) {
	t.Helper()
	require.Equal(t, stock, s.Stock(t, product))
	require.Empty(t, s.Invoices(t, user))
	require.NotEmpty(t, s.read(t, user).Items)
}

func quoteCharged(t *testing.T, s shop) {
	code := s.discount(t, cart.DiscountTerms{BasisPoints: 1500}).Code
	for name, test := range map[string]struct {
		currency                            money.Currency
		code                                string
		subtotal, discount, shipping, total int64
	}{
		"nothing but goods":     {"EUR", "", 3500, 0, 0, 3500},
		"discount":              {"EUR", code, 3500, 525, 0, 2975},
		"shipping":              {ShippingCurrency, "", 3500, 0, ShippingRate, 3500 + ShippingRate},
		"discount and shipping": {ShippingCurrency, code, 3500, 525, ShippingRate, 2975 + ShippingRate},
	} {
		t.Run(name, func(t *testing.T) {
			user := id.NewUser()
			priced := func(name string, price int64) catalog.Product {
				return s.Product(t, func(in *catalog.CreateProductInput) { in.Name, in.Price = name, money.Of(price, test.currency) })
			}
			mug, pan := priced("Mug", 500), priced("Pan", 2500)
			s.add(t, user, mug.ID, 2)
			s.add(t, user, pan.ID, 1)
			of := func(minor int64) money.Amount { return money.Of(minor, test.currency) }
			want := cart.Quote{
				Lines: []cart.QuoteLine{
					{ProductID: mug.ID, Name: "Mug", Quantity: 2, UnitPrice: of(500), LineTotal: of(1000)},
					{ProductID: pan.ID, Name: "Pan", Quantity: 1, UnitPrice: of(2500), LineTotal: of(2500)},
				},
				Totals: cart.Totals{
					Subtotal: of(test.subtotal), Discount: of(test.discount), Shipping: of(test.shipping),
					Tax: cart.Tax{Rate: "0", Amount: of(0)}, Total: of(test.total),
				},
			}
			quote, err := s.quote(t, user, test.code)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(want, quote))
			s.requireNothingDone(t, user, mug.ID, 100)

			done, err := s.Checkout(as(t, user), cart.CheckoutInput{UserID: user, DiscountCode: test.code, ExpectedTotal: &quote.Total})
			require.NoError(t, err)
			require.Equal(t, quote.Total, done.Total)
			invoice := s.Invoices(t, user)[0]
			require.Equal(t, done.Number, invoice.Number)
			require.Equal(t,
				[]money.Amount{quote.Subtotal, quote.Discount, quote.Shipping, quote.Tax.Amount, quote.Total},
				[]money.Amount{invoice.Subtotal, invoice.Discount, invoice.Shipping, invoice.Tax.Amount, invoice.Total})
		})
	}
}

func quoteRefuses(t *testing.T, s shop) {
	user, short := id.NewUser(), s.Product(t, func(in *catalog.CreateProductInput) { in.Stock = 1 })
	_, err := s.quote(t, user, "")
	require.ErrorIs(t, err, cart.ErrEmpty)
	s.add(t, user, short.ID, 2)
	_, err = s.quote(t, user, "")
	require.ErrorIs(t, err, cart.ErrUnavailableItems)
	_, err = s.Quote(t.Context(), cart.QuoteInput{UserID: user})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Quote(as(t, id.NewUser()), cart.QuoteInput{UserID: user})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func checkoutTotalChanged(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	s.add(t, user, mug.ID, 2)
	shown := s.read(t, user).Total
	dearer := money.Of(1250, "EUR")
	_, err := s.Catalog.UpdateProduct(asAdministrator(t), catalog.UpdateProductInput{ID: mug.ID, Price: &dearer})
	require.NoError(t, err)
	was, is := int64(2000), int64(2500)
	want := []fault.Field{
		{Location: "body.expected_total", Message: "was " + shown.String(), Number: &was},
		{Location: "total", Message: "is " + money.Of(is, "EUR").String(), Number: &is},
	}
	_, err = s.Checkout(as(t, user), cart.CheckoutInput{UserID: user, ExpectedTotal: &shown})
	require.ErrorIs(t, err, cart.ErrTotalChanged)
	require.Equal(t, want, fault.From(err).Fields)
	s.requireNothingDone(t, user, mug.ID, 100)

	dollars := money.Of(is, "USD")
	_, err = s.Checkout(as(t, user), cart.CheckoutInput{UserID: user, ExpectedTotal: &dollars})
	require.ErrorIs(t, err, cart.ErrTotalChanged, "another currency is another total")
	total := money.Of(is, "EUR")
	_, err = s.Checkout(as(t, user), cart.CheckoutInput{UserID: user, ExpectedTotal: &total})
	require.NoError(t, err)
}
