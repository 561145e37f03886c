package flip

import (
	"context"
	"errors"
	"math/bits"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/contract"
	"shop/platform/fault"
)

// Stats is what a route has counted since the process began.
type Stats struct {
	Local, Remote SideStats
	// Fallbacks counts reads that the local side answered because the remote one
	// could not.
	Fallbacks int64
	// ShadowMatches and ShadowMismatches count compared reads. ShadowUndecided
	// are those that could not be compared, because the data changed meanwhile or
	// the other side gave no answer; ShadowDropped those for which there was no
	// room.
	ShadowMatches, ShadowMismatches, ShadowUndecided, ShadowDropped int64
	// Differences are the last few mismatches, the newest first.
	Differences []Difference
}

// SideStats counts the calls that one side answered.
type SideStats struct {
	// Calls is all that have ended; Errors those that failed, which a refusal is
	// not.
	Calls, Errors int64
	// Latency holds the duration of every remote call, and of one local call in
	// sixteen.
	Latency Histogram
}

// outcome is how a call ended.
type outcome uint8

const (
	succeeded outcome = iota
	refused           // the caller's affair
	failed            // the side's
	outcomes
)

var outcomeNames = [...]string{succeeded: "ok", refused: "refused", failed: "failed"}

// counters are those of one method.
type counters struct {
	method string

	ended   [sides][outcomes]atomic.Int64
	latency [sides]histogram
}

// timeOneIn is how many local calls there are for one that is timed: looking at
// the clock twice would cost more than all the rest of the switch.
const timeOneIn = 16

// call is one call under way.
type call struct {
	counters *counters
	side     Side
	start    time.Time
	span     trace.Span
}

// begin counts a call and starts its span.
func (c *Control) begin(ctx context.Context, side Side, m contract.Method) (context.Context, call) {
	begun := call{counters: c.countersOf(m.Name), side: side}
	if begun.counters != nil && (side == Remote || begun.counters.ended[side][succeeded].Load()%timeOneIn == 0) {
		begun.start = time.Now()
	}
	if c.tracer != nil {
		ctx, begun.span = c.tracer.Start( //nolint:spancheck // end ends it
			ctx, m.String(), trace.WithAttributes(
				attribute.String("shop.module", m.Module), attribute.String("shop.class", m.Class.String()),
				attribute.String("shop.side", side.String()),
			))
	}
	return ctx, begun
}

// countersOf are those of a method; nil when the route was made without it. There
// are few, so that looking at each is faster than a map.
func (c *Control) countersOf(method string) *counters {
	for _, m := range c.methods {
		if m.method == method {
			return m
		}
	}
	return nil
}

// end notes how the call ended.
func (c *call) end(err error) {
	if c.counters != nil {
		c.counters.ended[c.side][outcomeOf(err)].Add(1)
		if !c.start.IsZero() {
			c.counters.latency[c.side].record(time.Since(c.start))
		}
	}
	if c.span != nil {
		if err != nil {
			c.span.SetAttributes(attribute.String("shop.error", fault.From(err).Code))
			if outcomeOf(err) == failed {
				c.span.SetStatus(codes.Error, fault.From(err).Code)
			}
		}
		c.span.End()
	}
}

// outcomeOf tells a refusal from a failure. That a caller did not wait is not
// the side's failure.
func outcomeOf(err error) outcome {
	if err == nil {
		return succeeded
	}
	if errors.Is(err, context.Canceled) {
		return refused
	}
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.Timeout:
		return failed
	default:
		return refused
	}
}

// Stats is what the route has counted so far.
func (c *Control) Stats() Stats {
	s := Stats{Fallbacks: c.fallbacks.Load()}
	for _, m := range c.methods {
		for side, total := range []*SideStats{Local: &s.Local, Remote: &s.Remote} {
			for o := range outcomes {
				total.Calls += m.ended[side][o].Load()
			}
			total.Errors += m.ended[side][failed].Load()
			m.latency[side].addTo(&total.Latency)
		}
	}
	c.shadows.addTo(&s)
	return s
}

// A bucket is a quarter of a power of two nanoseconds: a quantile is at most an
// eighth off. Everything below a microsecond is in the first, everything above
// a minute in the last.
const (
	firstOctave = 10
	lastOctave  = 36
	perOctave   = 4
	buckets     = (lastOctave - firstOctave + 1) * perOctave
)

// Histogram counts durations.
type Histogram struct{ counts [buckets]int64 }

// histogram is one that is written to by many at once.
type histogram struct {
	counts [buckets]atomic.Int64
	nanos  atomic.Int64
}

func (h *histogram) record(d time.Duration) {
	h.counts[bucketOf(d)].Add(1)
	h.nanos.Add(int64(d))
}

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 1<<firstOctave))
	octave := bits.Len64(n) - 1
	if octave > lastOctave {
		return buckets - 1
	}
	return (octave-firstOctave)*perOctave + int(n>>(octave-2)&3)
}

// upperBound is the first duration above a bucket.
func upperBound(bucket int) time.Duration {
	octave := firstOctave + bucket/perOctave
	return time.Duration(1)<<octave + time.Duration(bucket%perOctave+1)<<(octave-2)
}

func (h *histogram) addTo(total *Histogram) {
	for i := range h.counts {
		total.counts[i] += h.counts[i].Load()
	}
}

// Count is how many durations there are.
func (h Histogram) Count() int64 {
	var count int64
	for _, n := range &h.counts {
		count += n
	}
	return count
}

// Sub is what came since an earlier state of h.
func (h Histogram) Sub(earlier Histogram) Histogram {
	for i := range h.counts {
		h.counts[i] -= earlier.counts[i]
	}
	return h
}

// Quantile is a duration that a share q (from 0 to 1) of the durations does not
// exceed; 0 when there is none.
func (h Histogram) Quantile(q float64) time.Duration {
	rank := int64(q * float64(h.Count()))
	for i, n := range &h.counts {
		if rank -= n; rank < 0 || n > 0 && rank == 0 {
			return upperBound(i)
		}
	}
	return 0
}
