package app

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"shop/modules/cart"
	"shop/platform/money"
)

func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }

func rate(t testing.TB, text string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(text)
	require.NoError(t, err)
	return r
}

// cartOf is a cart of one each, at these prices.
func cartOf(prices ...int64) []Line {
	lines := make([]Line, len(prices))
	for i, price := range prices {
		lines[i] = Line{Quantity: 1, UnitPrice: eur(price)}
	}
	return lines
}

// The examples of docs/money.md are among these.
func TestTotals(t *testing.T) {
	t.Parallel()
	type sums struct{ subtotal, discount, shipping, tax, total int64 }
	none, vat := cart.DiscountTerms{}, rate(t, "19")
	shipped := Charges{Shipping: eur(490), ShippingFreeFrom: eur(5000)}
	for name, test := range map[string]struct {
		charges  Charges
		lines    []Line
		discount cart.DiscountTerms
		want     sums
	}{
		"nothing but goods": {Charges{}, cartOf(1999, 1), none, sums{subtotal: 2000, total: 2000}},
		"quantities":        {Charges{}, []Line{{Quantity: 3, UnitPrice: eur(1250)}, {Quantity: 2, UnitPrice: eur(1)}}, none, sums{subtotal: 3752, total: 3752}},

		"percentage":                 {Charges{}, cartOf(4000), cart.DiscountTerms{BasisPoints: 1500}, sums{4000, 600, 0, 0, 3400}},
		"percentage, half a cent":    {Charges{}, cartOf(1030), cart.DiscountTerms{BasisPoints: 500}, sums{1030, 52, 0, 0, 978}},
		"percentage, below a half":   {Charges{}, cartOf(1029), cart.DiscountTerms{BasisPoints: 500}, sums{1029, 51, 0, 0, 978}},
		"percentage of all lines":    {Charges{}, cartOf(10, 10), cart.DiscountTerms{BasisPoints: 500}, sums{20, 1, 0, 0, 19}},
		"whole percentage":           {Charges{}, cartOf(4000), cart.DiscountTerms{BasisPoints: 10_000}, sums{4000, 4000, 0, 0, 0}},
		"fixed":                      {Charges{}, cartOf(4000), cart.DiscountTerms{Amount: eur(500)}, sums{4000, 500, 0, 0, 3500}},
		"fixed, at most the goods":   {Charges{}, cartOf(4000), cart.DiscountTerms{Amount: eur(4001)}, sums{4000, 4000, 0, 0, 0}},
		"shipping is not discounted": {shipped, cartOf(4000), cart.DiscountTerms{BasisPoints: 10_000}, sums{4000, 4000, 490, 0, 490}},

		"flat shipping":              {Charges{Shipping: eur(490)}, cartOf(1_000_000), none, sums{1_000_000, 0, 490, 0, 1_000_490}},
		"shipping below the free":    {shipped, cartOf(4999), none, sums{4999, 0, 490, 0, 5489}},
		"free shipping":              {shipped, cartOf(5000), none, sums{5000, 0, 0, 0, 5000}},
		"free less the discount":     {shipped, cartOf(5000), cart.DiscountTerms{Amount: eur(1)}, sums{5000, 1, 490, 0, 5489}},
		"shipping in other currency": {Charges{Shipping: money.Of(490, "USD")}, cartOf(4000), none, sums{4000, 0, 0, 0, 4000}},

		"tax on top":               {Charges{TaxRate: vat}, cartOf(1000), none, sums{1000, 0, 0, 190, 1190}},
		"tax on top, half a cent":  {Charges{TaxRate: rate(t, "5")}, cartOf(1010), none, sums{1010, 0, 0, 51, 1061}},
		"tax on top, below a half": {Charges{TaxRate: rate(t, "5")}, cartOf(1009), none, sums{1009, 0, 0, 50, 1059}},
		"tax of the sum, not of each line": {
			Charges{TaxRate: rate(t, "5")}, cartOf(10, 10), none, sums{20, 0, 0, 1, 21},
		},
		"tax included":               {Charges{TaxRate: vat, TaxIncluded: true}, cartOf(1190), none, sums{1190, 0, 0, 190, 1190}},
		"tax included, half a cent":  {Charges{TaxRate: rate(t, "100"), TaxIncluded: true}, cartOf(1001), none, sums{1001, 0, 0, 501, 1001}},
		"tax included, below a half": {Charges{TaxRate: vat, TaxIncluded: true}, cartOf(1000), none, sums{1000, 0, 0, 160, 1000}},
		"all, tax on top": {
			Charges{TaxRate: vat, Shipping: eur(490), ShippingFreeFrom: eur(5000)},
			cartOf(4000),
			cart.DiscountTerms{BasisPoints: 1500},
			sums{4000, 600, 490, 739, 4629},
		},
		"all, tax included": {
			Charges{TaxRate: vat, TaxIncluded: true, Shipping: eur(490), ShippingFreeFrom: eur(5000)},
			cartOf(4000),
			cart.DiscountTerms{BasisPoints: 1500},
			sums{4000, 600, 490, 621, 3890},
		},
	} {
		got, err := test.charges.totals(test.lines, test.discount)
		require.NoError(t, err, name)
		require.Equal(t, cart.Totals{
			Subtotal: eur(test.want.subtotal), Discount: eur(test.want.discount), Shipping: eur(test.want.shipping),
			Tax:   cart.Tax{Rate: test.charges.TaxRate.String(), Included: test.charges.TaxIncluded, Amount: eur(test.want.tax)},
			Total: eur(test.want.total),
		}, got, name)
	}
}

func TestTotalsOfNothing(t *testing.T) {
	t.Parallel()
	charges := Charges{TaxRate: rate(t, "19"), Shipping: eur(490)}
	got, err := charges.totals(nil, cart.DiscountTerms{Amount: eur(500)})
	require.NoError(t, err)
	require.Equal(t, cart.Totals{Tax: cart.Tax{Rate: "19"}}, got)
}

func TestTotalsRefuse(t *testing.T) {
	t.Parallel()
	mixed := []Line{{Quantity: 1, UnitPrice: eur(1)}, {Quantity: 1, UnitPrice: money.Of(1, "USD")}}
	_, err := Charges{}.totals(mixed, cart.DiscountTerms{})
	require.ErrorIs(t, err, money.ErrMismatch)
	for name, test := range map[string]struct {
		charges Charges
		lines   []Line
	}{
		"a line":   {Charges{}, []Line{{Quantity: 2, UnitPrice: eur(math.MaxInt64)}}},
		"the sum":  {Charges{}, cartOf(math.MaxInt64, 1)},
		"shipping": {Charges{Shipping: eur(1)}, cartOf(math.MaxInt64)},
		"the tax":  {Charges{TaxRate: rate(t, "1")}, cartOf(math.MaxInt64)},
	} {
		_, err := test.charges.totals(test.lines, cart.DiscountTerms{})
		require.ErrorIs(t, err, money.ErrOverflow, name)
	}
}

// Whatever a cart may hold and an administrator may set adds up: the parts make
// the total, and none of them is negative or more than what it is a part of.
func TestTotalsAddUp(t *testing.T) {
	t.Parallel()
	price := rapid.Int64Range(0, money.MaxPrice)
	line := rapid.Custom(func(t *rapid.T) Line {
		return Line{Quantity: rapid.Int64Range(1, cart.MaxQuantity).Draw(t, "quantity"), UnitPrice: eur(price.Draw(t, "price"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(line, 1, maxLines).Draw(t, "lines")
		charges := Charges{
			TaxRate:          money.BasisPoints(rapid.Int64Range(0, 10_000).Draw(t, "tax")),
			TaxIncluded:      rapid.Bool().Draw(t, "included"),
			Shipping:         money.Of(price.Draw(t, "shipping"), rapid.SampledFrom([]money.Currency{"EUR", "USD"}).Draw(t, "currency")),
			ShippingFreeFrom: eur(price.Draw(t, "free from")),
		}
		discount := cart.DiscountTerms{BasisPoints: rapid.Int64Range(0, 10_000).Draw(t, "discount")}
		if discount.BasisPoints == 0 {
			discount.Amount = eur(price.Draw(t, "discount amount"))
		}
		got, err := charges.totals(lines, discount)
		require.NoError(t, err, "what is within the limits does not overflow")
		want := got.Subtotal.Minor - got.Discount.Minor + got.Shipping.Minor
		if !charges.TaxIncluded {
			want += got.Tax.Amount.Minor
		}
		require.Equal(t, want, got.Total.Minor)
		require.LessOrEqual(t, got.Discount.Minor, got.Subtotal.Minor)
		require.LessOrEqual(t, got.Tax.Amount.Minor, got.Total.Minor)
		for _, part := range []money.Amount{got.Subtotal, got.Discount, got.Shipping, got.Tax.Amount, got.Total} {
			require.GreaterOrEqual(t, part.Minor, int64(0))
			require.Equal(t, money.Currency("EUR"), part.Currency)
		}
	})
}
