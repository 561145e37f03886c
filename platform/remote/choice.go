package remote

import (
	"context"
	"errors"
	"fmt"
)

// errResting is why a target is not called.
var errResting = errors.New("it has failed lately and is left alone for a moment")

// enter chooses the target of an attempt, with its connection, and notes that a
// call is under way there. When none has been greeted it waits for the first that
// has. Nothing has been sent when it fails.
func (c *Client) enter(ctx context.Context, m *message, avoid *target) (*target, error) {
	if over := m.over(ctx); over != nil {
		return nil, over // or a connection would be ended for nothing
	}
	t, greeting, err := c.find(ctx, m, avoid)
	if t != nil || !greeting {
		return t, err
	}
	waiting, cancel := context.WithDeadline(ctx, m.deadline)
	defer cancel()
	for {
		settled := c.settled.next()
		if t, greeting, err = c.find(ctx, m, avoid); t != nil || !greeting {
			return t, err // it came in between
		}
		select {
		case <-settled:
		case <-waiting.Done():
			return nil, fmt.Errorf("wait for the greeting: %w", waiting.Err())
		}
	}
}

// find looks for a target that can be called now, and has those greeted that
// need it: greeting says that one is whose greeting is worth the wait. The error
// says why a target cannot be called.
func (c *Client) find(ctx context.Context, m *message, avoid *target) (found *target, greeting bool, err error) {
	var ready uint64 // those that have been greeted, as bits
	for _, t := range c.targets {
		wait, refusal := t.gate.pass(ctx, c, t)
		switch {
		case wait:
			greeting = true
		case refusal != nil:
			err = refusal
		default:
			ready |= 1 << t.number
		}
	}
	for ready != 0 {
		t := c.least(ready, avoid)
		if m.conn, err = t.connections.reuse(); err != nil {
			t.gate.shut() // and have it greeted
			return c.find(ctx, m, avoid)
		}
		if t.breaker.TryAcquirePermit() {
			t.underway.Add(1)
			return t, false, nil
		}
		if m.conn != nil {
			t.connections.put(m.conn)
			m.conn = nil
		}
		ready &^= 1 << t.number
		err = errorAt(t, errResting)
	}
	return nil, greeting, err
}

// least is the target among the given ones with the fewest calls under way,
// equal ones in turn; avoid, which has just failed, only when there is no other.
func (c *Client) least(among uint64, avoid *target) *target {
	if len(c.targets) == 1 {
		return c.targets[0]
	}
	const avoided = 1 << 40
	var best *target
	var bestLoad int64
	start := int(c.turn.Add(1) % maxTargets)
	for i := range c.targets {
		t := c.targets[(start+i)%len(c.targets)]
		if among&(1<<t.number) == 0 {
			continue
		}
		load := t.underway.Load()
		if t == avoid {
			load += avoided
		}
		if best == nil || load < bestLoad {
			best, bestLoad = t, load
		}
	}
	return best
}
