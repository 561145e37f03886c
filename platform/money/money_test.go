package money_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/money"
)

func TestString(t *testing.T) {
	for want, a := range map[string]money.Amount{
		"12.50 EUR":                 money.Of(1250, "EUR"),
		"0.05 EUR":                  money.Of(5, "EUR"),
		"-0.05 EUR":                 money.Of(-5, "EUR"),
		"1250 JPY":                  money.Of(1250, "JPY"),
		"1.250 KWD":                 money.Of(1250, "KWD"),
		"-92233720368547758.08 USD": money.Of(math.MinInt64, "USD"),
		"0.00":                      {},
	} {
		require.Equal(t, want, a.String())
	}
}

func TestAdd(t *testing.T) {
	sum, err := money.Of(1, "EUR").Add(money.Of(2, "EUR"))
	require.NoError(t, err)
	require.Equal(t, money.Of(3, "EUR"), sum)
	sum, err = money.Amount{}.Add(money.Of(2, "EUR"))
	require.NoError(t, err)
	require.Equal(t, money.Of(2, "EUR"), sum)
	_, err = money.Of(1, "EUR").Add(money.Of(2, "USD"))
	require.ErrorIs(t, err, money.ErrMismatch)
	_, err = money.Of(math.MaxInt64, "EUR").Add(money.Of(1, "EUR"))
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = money.Of(math.MinInt64, "EUR").Add(money.Of(-1, "EUR"))
	require.ErrorIs(t, err, money.ErrOverflow)
}

func TestParseCurrency(t *testing.T) {
	for _, good := range []string{"EUR", "JPY", "KWD"} {
		_, err := money.ParseCurrency(good)
		require.NoError(t, err)
	}
	for _, bad := range []string{"", "eur", "EU", "EURO", "XXX", " EU", "R E", "\x00\x00\x00"} {
		_, err := money.ParseCurrency(bad)
		require.ErrorIs(t, err, money.ErrCurrency, bad)
	}
}

func FuzzTimes(f *testing.F) {
	f.Add(int64(1250), int64(3))
	f.Add(int64(math.MinInt64), int64(-1))
	f.Add(int64(math.MaxInt64), int64(2))
	f.Fuzz(func(t *testing.T, minor, n int64) {
		want := new(big.Int).Mul(big.NewInt(minor), big.NewInt(n))
		got, err := money.Of(minor, "EUR").Times(n)
		limit := new(big.Int).SetInt64(math.MaxInt64)
		if new(big.Int).Abs(want).Cmp(limit) > 0 {
			require.ErrorIs(t, err, money.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want.Int64(), got.Minor)
	})
}
