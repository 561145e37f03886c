package load_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/cmd/shopbench/internal/load"
)

func TestSampleFigures(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100-i) * time.Millisecond
	}
	tests := map[string]struct {
		sample load.Sample
		want   load.Figures
	}{
		"nothing answered": {
			sample: load.Sample{Duration: time.Second},
			want:   load.Figures{},
		},
		"one": {
			sample: load.Sample{Duration: 2 * time.Second, Latencies: []time.Duration{5}},
			want:   load.Figures{PerSecond: 0.5, P50: 5, P99: 5},
		},
		"unsorted hundred": {
			sample: load.Sample{Duration: 2 * time.Second, Latencies: hundred, Errors: 3},
			want: load.Figures{
				PerSecond: 50, P50: 50 * time.Millisecond, P99: 99 * time.Millisecond, Errors: 3,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, test.sample.Figures())
		})
	}
}

func TestCombine(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	got := load.Combine([]load.Figures{
		{PerSecond: 100, P50: 3, P99: 9},
		{PerSecond: 300, P50: 1, P99: 8, Errors: 2, FirstError: refused},
		{PerSecond: 200, P50: 2, P99: 70, Errors: 1},
	})
	require.Equal(t, load.Figures{PerSecond: 200, P50: 2, P99: 9, Errors: 3, FirstError: refused}, got)
}

func TestMedian(t *testing.T) {
	t.Parallel()
	require.Zero(t, load.Median[float64](nil))
	require.InDelta(t, 2, load.Median([]float64{9, 1, 2}), 0)
	require.Equal(t, 3*time.Second, load.Median([]time.Duration{4 * time.Second, 2 * time.Second}))
}
