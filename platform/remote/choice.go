package remote

import (
	"context"
	"errors"
)

// Reasons why a target is not called.
var (
	errResting = errors.New("the target has failed lately and is left alone for a moment")
	errNoneFit = errors.New("no target can be called")
)

// enter chooses the target of an attempt and notes that a call is under way
// there: a greeted one before others, then the one with the fewest calls under
// way, equal ones in turn; avoid, which has just failed, only when there is no
// other. Nothing has been sent when it fails.
func (c *Client) enter(ctx context.Context, avoid *target) (*target, error) {
	var tried uint64
	refusal := errNoneFit
	for range c.targets {
		t := c.choose(ctx, avoid, tried)
		tried |= 1 << t.number
		if t.connections.lost() {
			t.gate.shut()
		}
		err := t.gate.pass(ctx, c, t)
		if err == nil {
			if t.breaker.TryAcquirePermit() {
				t.underway.Add(1)
				return t, nil
			}
			err = errorAt(t, errResting)
		}
		refusal = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, refusal
}

// choose ranks the targets that are not tried yet.
func (c *Client) choose(ctx context.Context, avoid *target, tried uint64) *target {
	if len(c.targets) == 1 {
		return c.targets[0]
	}
	const ungreeted, avoided = 1 << 50, 1 << 40
	var best *target
	var bestRank int64
	start := int(c.turn.Add(1) % maxTargets)
	for i := range c.targets {
		t := c.targets[(start+i)%len(c.targets)]
		if tried&(1<<t.number) != 0 {
			continue
		}
		rank := t.underway.Load()
		if t == avoid {
			rank += avoided
		}
		if !t.gate.open.Load() {
			// It is greeted while the call goes to another: only when there is none
			// does the call wait.
			_, _ = t.gate.begin(ctx, c, t)
			rank += ungreeted
		}
		if best == nil || rank < bestRank {
			best, bestRank = t, rank
		}
	}
	return best
}
