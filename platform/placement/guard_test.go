package placement_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/placement"
)

func TestParseGuards(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "",
		"errors>1%,p99>250ms,mismatch>0": "errors>1%,p99>250ms,mismatch>0",
		" errors > 0.5 % , p50>1.5s, ":   "errors>0.5%,p50>1.5s", //nolint:gocritic // the spaces are what is tested
		"fallbacks>10":                   "fallbacks>10",
		"errors>1%,errors>2%":            "errors is limited twice",
		"errors>1":                       "errors takes a share below 100 such as errors>1%",
		"errors>100%":                    "errors takes a share",
		"errors>NaN%":                    "errors takes a share",
		"p99>250":                        "p99 takes a duration such as p99>250ms",
		"p50>-1s":                        "p50 takes a duration",
		"mismatch>-1":                    "mismatch takes a number such as mismatch>0",
		"mismatch>1.5":                   "mismatch takes a number",
		"fallbacks":                      "use limits such as errors>1%",
		"latency>250ms":                  "use limits such as errors>1%, p50>50ms, p99>250ms, mismatch>0 and fallbacks>10",
		"errors<1%":                      "use limits such as",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g, err := placement.ParseGuards(text)
			if err != nil {
				require.ErrorContains(t, err, want)
				require.True(t, g.IsZero())
				return
			}
			require.Equal(t, want, g.String())
			again, err := placement.ParseGuards(g.String())
			require.NoError(t, err)
			require.Equal(t, g, again)
		})
	}
}

// errDown is a remote side that cannot be reached.
var errDown = fault.New(fault.Unavailable, "catalog_unavailable", "the catalog cannot be reached").
	WithCause(&contract.Failure{Cause: errors.New("refused")})

func TestGuards(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		guards   string
		fallback flip.Fallback
		shadow   int
		ill      func(*side)
		calls    int
		reason   string // empty: it stays
	}{
		"Errors":       {guards: "errors>1%", ill: func(s *side) { s.err = errDown }, calls: 40, reason: "errors 100% > 1% (40 of 40 calls in "},
		"FewCalls":     {guards: "errors>1%,p99>1ms", ill: func(s *side) { s.err, s.takes = errDown, time.Millisecond*10 }, calls: 19},
		"Refusals":     {guards: "errors>1%", ill: func(s *side) { s.err = fault.New(fault.NotFound, "missing", "not there") }, calls: 100},
		"Slow":         {guards: "p99>250ms", ill: func(s *side) { s.takes = 400 * time.Millisecond }, calls: 25, reason: "p99 "},
		"Median":       {guards: "errors>50%,p50>250ms", ill: func(s *side) { s.takes = 400 * time.Millisecond }, calls: 25, reason: "p50 "},
		"QuickOnes":    {guards: "p99>250ms", ill: func(s *side) { s.takes = 100 * time.Millisecond }, calls: 25},
		"Mismatch":     {guards: "mismatch>0", shadow: 100, ill: func(s *side) { s.answer = "other" }, calls: 1, reason: "mismatch 1 > 0 since the change"},
		"Alike":        {guards: "mismatch>0", shadow: 100, ill: func(*side) {}, calls: 50},
		"Fallbacks":    {guards: "fallbacks>5", fallback: flip.FallbackReads, ill: func(s *side) { s.err = errDown }, calls: 6, reason: "fallbacks 6 > 5 since the change"},
		"FewFallbacks": {guards: "fallbacks>5", fallback: flip.FallbackReads, ill: func(s *side) { s.err = errDown }, calls: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, options{}).run(t)
				r.change(t, placement.Change{Remote: new(1), Fallback: &test.fallback})
				r.change(t, placement.Change{Remote: new(100), Shadow: &test.shadow, AbortOn: guards(t, test.guards)})
				r.remote.set(test.ill)
				r.read(t, test.calls)
				<-time.After(30 * time.Second)
				synctest.Wait()
				s := r.state(t)
				if test.reason == "" {
					require.Equal(t, 100, s.Remote)
					require.Nil(t, s.Aborted)
					return
				}
				require.NotNil(t, s.Aborted)
				require.Contains(t, s.Aborted.Reason, test.reason)
				require.Contains(t, r.logs.String(), "a guard takes a change back")
				require.Contains(t, r.logs.String(), "source=guard")
				require.Equal(t, 1, s.Remote, "what it was before the change")
				require.Equal(t, 0, s.Shadow)
				require.Equal(t, test.fallback.String(), s.Fallback)
				require.Empty(t, s.Guards)

				s = r.change(t, placement.Change{Remote: new(0)})
				require.Nil(t, s.Aborted, "the next change is another story")
			})
		})
	}
}

// Few calls are judged over a longer while, and what was before the change is
// not held against it.
func TestGuards_Window(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{}).run(t)
		r.remote.set(func(s *side) { s.err = errDown })
		r.change(t, placement.Change{Remote: new(100)})
		r.read(t, 100)
		r.change(t, placement.Change{Shadow: new(0), AbortOn: guards(t, "errors>10%")})
		for range 18 {
			<-time.After(2 * time.Second)
			r.read(t, 1)
		}
		synctest.Wait()
		require.Nil(t, r.state(t).Aborted)
		r.read(t, 2)
		<-time.After(2 * time.Second)
		synctest.Wait()
		require.Contains(t, r.state(t).Aborted.Reason, "errors 100% > 10% (20 of 20 calls in ")
	})
}

func TestRamp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{}).run(t)
		<-time.After(300 * time.Millisecond)
		s := r.change(t, placement.Change{Ramp: []int{1, 25, 100}, Every: 10 * time.Second, AbortOn: guards(t, "errors>1%")})
		require.Equal(t, 1, s.Remote)
		require.Equal(t, []int{1, 25, 100}, s.Ramp.Steps)
		require.Equal(t, "10s", s.Ramp.Every)
		started := time.Now()
		require.True(t, s.Ramp.NextAt.Equal(started.Add(10*time.Second)))
		for step, share := range s.Ramp.Steps {
			synctest.Wait()
			now := r.state(t)
			require.Equal(t, share, now.Remote)
			require.Equal(t, step+1, now.Ramp.Step)
			require.Equal(t, s.Change, now.Change, "the steps are one change")
			require.True(t, now.Ramp.NextAt.Equal(started.Add(time.Duration(step+1)*10*time.Second)), "no step is longer than the others")
			<-time.After(time.Until(now.Ramp.NextAt) + time.Second)
		}
		synctest.Wait()
		done := r.state(t)
		require.Nil(t, done.Ramp)
		require.Equal(t, 100, done.Remote)
		require.Equal(t, "errors>1%", done.Guards, "the guards stay")
	})
}

func TestRamp_Aborted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{}).run(t)
		r.change(t, placement.Change{Remote: new(5), Shadow: new(1)})
		r.change(t, placement.Change{Ramp: []int{50, 100}, Every: 10 * time.Second, AbortOn: guards(t, "errors>1%")})
		<-time.After(12 * time.Second)
		synctest.Wait()
		require.Equal(t, 100, r.state(t).Remote)
		r.remote.set(func(s *side) { s.err = errDown })
		r.read(t, 50)
		<-time.After(2 * time.Second)
		synctest.Wait()
		s := r.state(t)
		require.Equal(t, 5, s.Remote, "what it was before the ramp, not the step before")
		require.Equal(t, 1, s.Shadow)
		require.Nil(t, s.Ramp)
		require.NotNil(t, s.Aborted)
		<-time.After(time.Minute)
		require.Equal(t, 5, r.state(t).Remote)
	})
}

func TestRamp_Replaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{}).run(t)
		r.change(t, placement.Change{Ramp: []int{1, 100}})
		s := r.change(t, placement.Change{Remote: new(10)})
		require.Nil(t, s.Ramp)
		<-time.After(5 * time.Minute)
		synctest.Wait()
		require.Equal(t, 10, r.state(t).Remote)
	})
}

// State shows what the sides have answered.
func TestState_Sides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, options{}).run(t)
		r.remote.set(func(s *side) { s.takes, s.answer = 100*time.Millisecond, "other" })
		r.near.set(func(s *side) { s.err = context.DeadlineExceeded })
		r.read(t, 3)
		r.near.set(func(s *side) { s.err = nil })
		r.change(t, placement.Change{Remote: new(100), Shadow: new(100)})
		r.read(t, 4)
		<-time.After(5 * time.Second)
		synctest.Wait()
		s := r.state(t)
		require.Equal(t, int64(3), s.Sides.Local.Calls)
		require.Equal(t, int64(3), s.Sides.Local.Errors)
		require.Equal(t, int64(4), s.Sides.Remote.Calls)
		require.Equal(t, int64(0), s.Sides.Remote.Errors)
		require.InDelta(t, 100, s.Sides.Remote.P50, 15)
		require.InDelta(t, 100, s.Sides.Remote.P99, 15)
		require.Equal(t, int64(4), s.Comparisons.Mismatches)
		require.Len(t, s.Comparisons.Differences, 4)
		require.Equal(t, "Read", s.Comparisons.Differences[0].Method)
	})
}
