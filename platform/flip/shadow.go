package flip

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/request"
)

const (
	// maxShadows is how many comparisons of a module may be under way; more are
	// dropped, so that a slow side holds nothing up.
	maxShadows = 64
	// shadowTimeout bounds one of them.
	shadowTimeout = 10 * time.Second
	// settleAfter is longer than what one replica may take to see what another
	// has changed: a difference that lasts beyond it is one.
	settleAfter = 1200 * time.Millisecond
	// maxDifferences is how many are kept for the operator.
	maxDifferences = 10
)

// Difference is what two sides answered differently. Texts are not repeated,
// since they may be personal data.
type Difference struct {
	At                time.Time
	Method, RequestID string
	// Field is where in the answer: "Items[0].Stock", or "error".
	Field         string
	Local, Remote string
}

// shadows are the comparisons of one route.
type shadows struct {
	slots chan struct{}

	mu                                      sync.Mutex
	matches, mismatches, undecided, dropped int64
	differences                             []Difference
}

// shadowed picks the reads that are compared.
func (c *Control) shadowed(p *active) bool {
	return p.Shadow >= 100 || rand.IntN(100) < p.Shadow //nolint:gosec // picks a sample
}

// compare asks the other side too, in the background, and notes whether it gives
// the same answer. It stands alone so that only compared calls pay for what a
// goroutine needs.
//
//go:noinline
func compare[S, In, R any](
	ctx context.Context, c *Control, side Side, m contract.Method, to, other S,
	fn func(S, context.Context, In) (R, error), in In, result R, err error,
) {
	if outcomeOf(err) == failed {
		return
	}
	select {
	case c.shadows.slots <- struct{}{}:
	default:
		c.shadows.note(&c.shadows.dropped)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shadowTimeout)
	go func() {
		defer func() { <-c.shadows.slots }()
		defer cancel()
		defer func() {
			// In a handler a panic costs one answer; here it would end the process.
			if recover() != nil {
				c.shadows.note(&c.shadows.undecided)
			}
		}()
		ask := func(of S) answer {
			value, err := fn(of, ctx, in)
			return answer{value, err}
		}
		c.judge(ctx, side, m, answer{result, err}, func() answer { return ask(to) }, func() answer { return ask(other) })
	}()
}

// answer is what one side said.
type answer struct {
	value any
	err   error
}

// judge compares the answer given with the other side's. A difference may be
// that the data changed between the two, or that one replica has not seen a
// change yet; so after a while both are asked again, and the difference counts
// only if the side in charge still says what it said.
func (c *Control) judge(ctx context.Context, side Side, m contract.Method, given answer, again, other func() answer) {
	second := other()
	differences := given.compare(second)
	if len(differences) > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(settleAfter):
		}
		second = other()
		differences = given.compare(second)
		if len(differences) > 0 && len(given.compare(again())) > 0 {
			c.shadows.note(&c.shadows.undecided)
			return
		}
	}
	switch {
	case ctx.Err() != nil, outcomeOf(second.err) == failed:
		c.shadows.note(&c.shadows.undecided)
	case len(differences) == 0:
		c.shadows.note(&c.shadows.matches)
	default:
		at := time.Now().UTC()
		for i, d := range differences {
			differences[i].At, differences[i].Method, differences[i].RequestID = at, m.Name, request.ID(ctx)
			if side == Remote {
				differences[i].Local, differences[i].Remote = d.Remote, d.Local
			}
		}
		c.shadows.mismatch(differences)
	}
}

// compare lists where the answers differ: as Local what a says, as Remote what
// b says.
func (a answer) compare(b answer) []Difference {
	if a.err == nil && b.err == nil {
		return diff(a.value, b.value)
	}
	codeA, codeB := codeOf(a.err), codeOf(b.err)
	if codeA == codeB {
		return nil
	}
	return []Difference{{Field: "error", Local: codeA, Remote: codeB}}
}

func codeOf(err error) string {
	if err == nil {
		return "none"
	}
	return fault.From(err).Code
}

func (s *shadows) note(counter *int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*counter++
}

func (s *shadows) mismatch(differences []Difference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mismatches++
	s.differences = append(differences, s.differences...)
	if len(s.differences) > maxDifferences {
		s.differences = s.differences[:maxDifferences]
	}
}

func (s *shadows) addTo(stats *Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats.ShadowMatches, stats.ShadowMismatches = s.matches, s.mismatches
	stats.ShadowUndecided, stats.ShadowDropped = s.undecided, s.dropped
	stats.Differences = append([]Difference(nil), s.differences...)
}
