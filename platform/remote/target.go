package remote

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// maxTargets is how many addresses one module may have: the bits of a set.
const maxTargets = 64

// target is one address.
type target struct {
	number      int
	address     string
	host        string
	connections *connections
	breaker     circuitbreaker.CircuitBreaker[struct{}]
	gate        gate
	underway    atomic.Int64
	calls       atomic.Int64
	failures    atomic.Int64
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
	if t.connections, t.host, err = newConnections(address, o); err != nil {
		return nil, err
	}
	logger := o.Logger.With(slog.String("module", o.Module), slog.String("target", address))
	t.breaker = circuitbreaker.NewBuilder[struct{}]().
		WithFailureRateThreshold(breakerRate, breakerCalls, breakerWindow).
		WithSuccessThreshold(breakerRecovery).
		WithDelay(breakerRest).WithJitterFactor(breakerJitter).
		OnOpen(func(e circuitbreaker.StateChangedEvent) {
			t.gate.suspect(errorAt(t, errResting))
			if e.OldState == circuitbreaker.ClosedState {
				logger.Warn("target fails: left alone for a moment", slog.Uint64("failures", uint64(e.Metrics().Failures())))
			}
		}).
		OnClose(func(circuitbreaker.StateChangedEvent) { logger.Info("target is well again") }).
		Build()
	t.gate.logger = logger
	t.gate.recovered = t.breaker.Close
	return t, nil
}

// is reports whether both are the same address, however it is spelled.
func (t *target) is(other *target) bool {
	a, b := t.connections, other.connections
	return a.network == b.network && a.address == b.address && (a.tls == nil) == (b.tls == nil)
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
	// none: there was no attempt.
	none
)

// leave notes how an attempt ended. A trial that told nothing has to be given back
// to the breaker too, which knows two outcomes only.
func (t *target) leave(o outcome) {
	t.underway.Add(-1)
	if o != none {
		t.calls.Add(1)
	}
	switch {
	case o == well:
		t.breaker.RecordSuccess()
	case o == sick || t.breaker.IsHalfOpen():
		t.breaker.RecordFailure()
	}
}
