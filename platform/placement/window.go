package placement

import (
	"slices"
	"time"

	"shop/platform/flip"
)

const (
	// windowSpan is how far back errors and latencies are looked at; when that is
	// too few calls, up to windowMost.
	windowSpan = 10 * time.Second
	windowMost = time.Minute
	// enoughCalls is how many calls it takes to judge a share or a percentile.
	enoughCalls = 20
)

// window holds what was counted in the last while.
type window struct {
	base    flip.Stats // when the change came
	samples []sample   // since the change, the oldest first
}

type sample struct {
	at            time.Time
	local, remote flip.SideStats
}

// reset begins anew with a change.
func (w *window) reset(at time.Time, now flip.Stats) {
	w.base, w.samples = now, []sample{{at, now.Local, now.Remote}}
}

// add takes a look at the counters and returns what they say of the last while.
func (w *window) add(at time.Time, now flip.Stats) figures {
	for len(w.samples) > 1 && at.Sub(w.samples[0].at) > windowMost {
		w.samples = w.samples[1:]
	}
	f := figures{
		mismatches: now.ShadowMismatches - w.base.ShadowMismatches,
		fallbacks:  now.Fallbacks - w.base.Fallbacks,
	}
	for _, earlier := range slices.Backward(w.samples) {
		f.span = at.Sub(earlier.at).Round(time.Second)
		f.calls, f.errors = now.Remote.Calls-earlier.remote.Calls, now.Remote.Errors-earlier.remote.Errors
		f.latency = now.Remote.Latency.Sub(earlier.remote.Latency)
		if f.span >= windowSpan && f.calls >= enoughCalls {
			break
		}
	}
	w.samples = append(w.samples, sample{at, now.Local, now.Remote})
	return f
}

// recent are the latencies of both sides since the oldest look; all there are of
// a side that had no calls since.
func (w *window) recent(now flip.Stats) (local, remote flip.Histogram) {
	since := func(all, earlier flip.Histogram) flip.Histogram {
		if lately := all.Sub(earlier); lately.Count() > 0 {
			return lately
		}
		return all
	}
	oldest := w.samples[0]
	return since(now.Local.Latency, oldest.local.Latency), since(now.Remote.Latency, oldest.remote.Latency)
}

// figures are what guards look at.
type figures struct {
	span                  time.Duration
	calls, errors         int64
	latency               flip.Histogram
	mismatches, fallbacks int64
}

// of is the value of a figure, known when there is enough to judge by.
func (f figures) of(name figure) (value float64, known bool) {
	switch name {
	case figureErrors:
		if f.calls < enoughCalls {
			return 0, false
		}
		return 100 * float64(f.errors) / float64(f.calls), true
	case figureP50:
		return float64(f.latency.Quantile(0.50)), f.latency.Count() >= enoughCalls
	case figureP99:
		return float64(f.latency.Quantile(0.99)), f.latency.Count() >= enoughCalls
	case figureMismatch:
		return float64(f.mismatches), true
	default:
		return float64(f.fallbacks), true
	}
}
