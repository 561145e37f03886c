package money

import (
	"errors"
	"math/bits"
	"strconv"
	"strings"
)

// Rate is a share of an amount, from 0 to 100 %, held exactly: a tax rate, a
// discount. The zero value is 0 %.
type Rate struct{ millionths uint64 }

const (
	whole = 1_000_000
	// percentDigits is how many digits a percentage may have behind its point.
	percentDigits = 4
	basisPoint    = whole / 10_000
)

// ErrRate is returned for text that is no rate.
var ErrRate = errors.New("use a percentage from 0 to 100 with at most 4 digits behind the point, such as 19 or 7.7")

// ParseRate reads a decimal percentage such as "19" or "7.7". Errors: ErrRate.
func ParseRate(text string) (Rate, error) {
	before, behind, point := strings.Cut(text, ".")
	if len(behind) > percentDigits || point && behind == "" || len(before) > len("100") {
		return Rate{}, ErrRate
	}
	digits := before + behind + strings.Repeat("0", percentDigits-len(behind))
	millionths, err := strconv.ParseUint(digits, 10, 64) // takes no sign
	if err != nil || before == "" || millionths > whole {
		return Rate{}, ErrRate
	}
	return Rate{millionths}, nil
}

// BasisPoints is a rate of so many hundredths of a percent, from 0 to 10,000;
// what lies outside counts as the nearer bound.
func BasisPoints(n int64) Rate { return Rate{uint64(min(max(n, 0), whole/basisPoint)) * basisPoint} }

// IsZero reports whether the rate is 0 %.
func (r Rate) IsZero() bool { return r.millionths == 0 }

// String is the rate as a decimal percentage, without zeros that say nothing.
func (r Rate) String() string {
	const unit = whole / 100
	text := strconv.FormatUint(r.millionths/unit, 10)
	if rest := r.millionths % unit; rest != 0 {
		text += "." + strings.TrimRight(strconv.FormatUint(unit+rest, 10)[1:], "0")
	}
	return text
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}

// MarshalText implements encoding.TextMarshaler.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Share is that rate of a, rounded half away from zero to a minor unit: the tax
// on a net amount.
func (a Amount) Share(r Rate) Amount { return a.part(r.millionths, whole) }

// Contained is how much of a the rate added, rounded half away from zero to a
// minor unit: the tax within a gross amount.
func (a Amount) Contained(r Rate) Amount { return a.part(r.millionths, whole+r.millionths) }

// part is a·n/d for n ≤ d, rounded half away from zero. It never overflows,
// since it is never more than a.
func (a Amount) part(n, d uint64) Amount {
	high, low := bits.Mul64(magnitude(a.Minor), n)
	quotient, rest := bits.Div64(high, low, d)
	if rest >= d-rest {
		quotient++
	}
	result := int64(quotient)
	if a.Minor < 0 {
		result = -result
	}
	return Amount{result, a.Currency}
}
