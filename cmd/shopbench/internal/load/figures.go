package load

import (
	"cmp"
	"slices"
	"time"
)

// Figures sum up one window, or several of the same kind.
type Figures struct {
	PerSecond  float64
	P50, P99   time.Duration
	Errors     int
	FirstError error
}

// Figures sums the sample up.
func (s Sample) Figures() Figures {
	latencies := slices.Sorted(slices.Values(s.Latencies))
	return Figures{
		PerSecond:  float64(len(latencies)) / s.Duration.Seconds(),
		P50:        quantile(latencies, 0.50),
		P99:        quantile(latencies, 0.99),
		Errors:     s.Errors,
		FirstError: s.FirstError,
	}
}

// Combine returns the medians over the rounds of a measurement, each figure for
// itself, and the sum of the errors.
func Combine(rounds []Figures) Figures {
	all := Figures{
		PerSecond: medianOf(rounds, func(f Figures) float64 { return f.PerSecond }),
		P50:       medianOf(rounds, func(f Figures) time.Duration { return f.P50 }),
		P99:       medianOf(rounds, func(f Figures) time.Duration { return f.P99 }),
	}
	for _, f := range rounds {
		all.Errors += f.Errors
		if all.FirstError == nil {
			all.FirstError = f.FirstError
		}
	}
	return all
}

// Median returns the middle of the values, the mean of the two middle ones of
// an even count, zero for none.
func Median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func medianOf[T ~int64 | ~float64](rounds []Figures, value func(Figures) T) T {
	values := make([]T, len(rounds))
	for i, f := range rounds {
		values[i] = value(f)
	}
	return Median(values)
}

// quantile returns the smallest value that at least the share q of the sorted
// values does not exceed (nearest rank), zero for none.
func quantile[T cmp.Ordered](sorted []T, q float64) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	rank := int(q*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}
