package stripe

import (
	"strings"

	sdk "github.com/stripe/stripe-go/v84"

	"shop/platform/money"
)

// unitOf is how Stripe counts a currency: an amount of minor units, times
// times, divided by per, is its amount, which is a multiple of step.
func unitOf(c money.Currency) (times, per, step int64) {
	switch {
	case c == "ISK" || c == "UGX": // no decimals, but counted in hundredths
		return 100, 1, 100
	case c == "MGA": // two decimals, but counted without
		return 1, 100, 1
	case c.Digits() == 3: // the last digit is not used
		return 1, 1, 10
	}
	return 1, 1, 1
}

// amountOf is an amount as Stripe counts it; false for one that it cannot
// express, since it counts some currencies in coarser units than ISO 4217 does.
func amountOf(a money.Amount) (int64, bool) {
	times, per, step := unitOf(a.Currency)
	scaled, err := a.Times(times)
	if err != nil || scaled.Minor%per != 0 || scaled.Minor/per%step != 0 {
		return 0, false
	}
	return scaled.Minor / per, true
}

// currencyOf is a currency as Stripe writes it.
func currencyOf(c money.Currency) string { return strings.ToLower(string(c)) }

// amountIn is the inverse of amountOf.
func amountIn(n int64, currency sdk.Currency) money.Amount {
	c := money.Currency(strings.ToUpper(string(currency)))
	times, per, _ := unitOf(c)
	return money.Of(n*per/times, c)
}
