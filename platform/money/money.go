// Package money is how the shop counts: integer minor units (cents) of an
// ISO 4217 currency, never a float.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// MaxPrice is the largest single price in minor units: high enough for any
// currency, low enough that a price times a million pieces fits 63 bits.
const MaxPrice = 1_000_000_000_000

// Errors of arithmetic and parsing.
var (
	// ErrCurrency is returned for a currency that is not in ISO 4217.
	ErrCurrency = errors.New("unknown currency")
	// ErrMismatch is returned when two currencies would be mixed.
	ErrMismatch = errors.New("currencies differ")
	// ErrOverflow is returned when a result does not fit 63 bits.
	ErrOverflow = errors.New("amount overflows")
)

// Amount is a sum of money. The zero value is nothing of no currency and adds
// to any amount.
type Amount struct {
	// Minor is the number of minor units, cents for EUR, yen for JPY.
	Minor int64 `json:"amount"`
	// Currency is the ISO 4217 code.
	Currency Currency `json:"currency"`
}

// Of is an amount of minor units.
func Of(minor int64, currency Currency) Amount { return Amount{minor, currency} }

// IsZero reports whether a is nothing, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Add returns a+b.
func (a Amount) Add(b Amount) (Amount, error) {
	switch {
	case a == Amount{}:
		return b, nil
	case b == Amount{}:
		return a, nil
	case a.Currency != b.Currency:
		return Amount{}, fmt.Errorf("%w: %s and %s", ErrMismatch, a.Currency, b.Currency)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{sum, a.Currency}, nil
}

// Times returns a multiplied by a count of pieces.
func (a Amount) Times(n int64) (Amount, error) {
	high, low := bits.Mul64(magnitude(a.Minor), magnitude(n))
	if high != 0 || low > math.MaxInt64 {
		return Amount{}, ErrOverflow
	}
	product := int64(low)
	if (a.Minor < 0) != (n < 0) {
		product = -product
	}
	return Amount{product, a.Currency}, nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

// String is the amount in major units for people, "12.50 EUR".
func (a Amount) String() string {
	digits := a.Currency.Digits()
	sign, magnitude := "", magnitude(a.Minor)
	if a.Minor < 0 {
		sign = "-"
	}
	text := strconv.FormatUint(magnitude, 10)
	if digits > 0 {
		for len(text) <= digits {
			text = "0" + text
		}
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if a.Currency == "" {
		return sign + text
	}
	return sign + text + " " + string(a.Currency)
}
