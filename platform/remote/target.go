package remote

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// maxTargets is how many addresses one module may have: the bits of a set.
const maxTargets = 64

// target is one address.
type target struct {
	number    int
	address   string
	template  *http.Request
	transport *http.Transport
	breaker   circuitbreaker.CircuitBreaker[struct{}]
	gate      gate
	underway  atomic.Int64
	calls     atomic.Int64
	failures  atomic.Int64
}

// Passive health: a target that fails in half of its calls within ten seconds,
// and at least five times, is left alone for a moment; then one call at a time
// tries whether it is well again.
const (
	breakerWindow   = 10 * time.Second
	breakerCalls    = 5
	breakerRate     = 0.5
	breakerRest     = 500 * time.Millisecond
	breakerJitter   = 0.2
	breakerRecovery = 1 // successful trials
)

func newTarget(number int, address string, o *Options) (*target, error) {
	t := &target{number: number, address: address}
	var err error
	if t.transport, t.template, err = newTransport(address, o); err != nil {
		return nil, err
	}
	logger := o.Logger.With(slog.String("module", o.Module), slog.String("target", address))
	t.gate.logger = logger
	t.breaker = circuitbreaker.NewBuilder[struct{}]().
		WithFailureRateThreshold(breakerRate, breakerCalls, breakerWindow).
		WithSuccessThreshold(breakerRecovery).
		WithDelay(breakerRest).WithJitterFactor(breakerJitter).
		OnOpen(func(e circuitbreaker.StateChangedEvent) {
			if e.OldState == circuitbreaker.ClosedState {
				logger.Warn("target fails: left alone for a moment", slog.Uint64("failures", uint64(e.Metrics().Failures())))
			}
		}).
		OnClose(func(circuitbreaker.StateChangedEvent) { logger.Info("target is well again") }).
		Build()
	return t, nil
}

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
		err := t.gate.pass(ctx, c, t)
		if err == nil {
			if t.breaker.TryAcquirePermit() {
				t.underway.Add(1)
				return t, nil
			}
			err = errResting
		}
		refusal = errorAt(t, err)
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
			t.gate.begin(ctx, c, t)
			rank += ungreeted
		}
		if best == nil || rank < bestRank {
			best, bestRank = t, rank
		}
	}
	return best
}

// outcome is what an attempt says about its target.
type outcome uint8

const (
	// well: it answered as a module does, be it with a refusal.
	well outcome = iota
	// sick: it did not.
	sick
	// unknown: the caller did not wait for the answer.
	unknown
)

// leave notes how an attempt ended. A trial whose caller did not wait told
// nothing; it has to be given back to the breaker, which knows two outcomes only.
func (t *target) leave(o outcome) {
	t.underway.Add(-1)
	t.calls.Add(1)
	switch {
	case o == well:
		t.breaker.RecordSuccess()
	case o == sick || t.breaker.IsHalfOpen():
		t.breaker.RecordFailure()
	}
}

// TargetStatus is how a target has done since the client was made.
type TargetStatus struct {
	// Address is as it was configured.
	Address string
	// Breaker is "closed", "open" while the target is left alone, or "half-open"
	// while single calls try whether it is well again.
	Breaker string
	// Underway is how many calls are under way.
	Underway int64
	// Calls have ended; Failures of them did not get a module's answer, or one
	// that says that the module cannot serve (503, 504).
	Calls, Failures int64
	// Hello and Err are what came of the last greeting, at GreetedAt; zero when
	// there was none yet.
	Hello     Hello
	Err       error
	GreetedAt time.Time
}

// Status tells how each target has done. It asks nobody.
func (c *Client) Status() []TargetStatus {
	status := make([]TargetStatus, len(c.targets))
	for i, t := range c.targets {
		s := &status[i]
		*s = TargetStatus{
			Address: t.address, Breaker: t.breaker.State().String(), Underway: t.underway.Load(),
			Calls: t.calls.Load(), Failures: t.failures.Load(),
		}
		var resting bool
		s.Hello, s.Err, s.GreetedAt, resting = t.gate.last()
		if resting {
			s.Breaker = circuitbreaker.OpenState.String()
		}
	}
	return status
}
