package money_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/money"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "19": "19", "7.7": "7.7", "8.10": "8.1", "0.0001": "0.0001", "100": "100", "100.0000": "100", "05.5": "5.5",
	} {
		rate, err := money.ParseRate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, rate.String())
		var again money.Rate
		require.NoError(t, again.UnmarshalText([]byte(text)))
		require.Equal(t, rate, again)
		require.Equal(t, text == "0", rate.IsZero())
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "100.0001", "101", "1.00001", "1e1", "1,5", " 1", "1000", "19%", "1.-5"} {
		_, err := money.ParseRate(text)
		require.ErrorIs(t, err, money.ErrRate, text)
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	rate := func(text string) money.Rate {
		r, err := money.ParseRate(text)
		require.NoError(t, err)
		return r
	}
	for _, test := range []struct {
		minor            int64
		rate             money.Rate
		share, contained int64
	}{
		{10_000, rate("19"), 1900, 1597},
		{0, rate("19"), 0, 0},
		{1, rate("50"), 1, 0},   // 0.5 and 0.33…
		{-1, rate("50"), -1, 0}, // away from zero
		{3, rate("100"), 3, 2},  // 1.5 within
		{-3, rate("100"), -3, -2},
		{999, rate("7.7"), 77, 71},
		{333, money.BasisPoints(2500), 83, 67}, // 83.25 and 66.6
		{50, money.BasisPoints(100), 1, 0},     // 0.5 and 0.495…
		{100, money.BasisPoints(20_000), 100, 50},
		{100, money.BasisPoints(-1), 0, 0},
		{math.MaxInt64, rate("100"), math.MaxInt64, 1 << 62},
		{math.MinInt64 + 1, rate("100"), math.MinInt64 + 1, -(1 << 62)},
	} {
		a := money.Of(test.minor, "EUR")
		require.Equal(t, money.Of(test.share, "EUR"), a.Share(test.rate), "%v of %d", test.rate, test.minor)
		require.Equal(t, money.Of(test.contained, "EUR"), a.Contained(test.rate), "%v in %d", test.rate, test.minor)
	}
}
