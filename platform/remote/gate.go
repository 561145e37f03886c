package remote

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"shop/platform/identity"
)

// gate lets calls through to a target that has been greeted. A connection that
// failed shuts it: whoever answers there next may be another build.
type gate struct {
	open   atomic.Bool
	logger *slog.Logger
	// recovered is called when a greeting succeeds after one that did not: what
	// was known about the target was about the process that has gone.
	recovered func()
	// settled tells those who wait for a target.
	settled *signal

	mu       sync.Mutex
	underway bool // a greeting is
	hello    Hello
	err      error
	at       time.Time // of the last greeting's end
	rest     time.Time // no greeting before it, when the last one failed
	// doubt says why the target is greeted anew though the last greeting went well.
	doubt error
	// warned says that the log has it that the target cannot be used.
	warned bool
}

const (
	// greetingTimeout bounds a greeting, where the client's time limit is not less.
	greetingTimeout = 2 * time.Second
	// greetingRest is how long a target is left alone that could not be greeted,
	// or was refused.
	greetingRest = 500 * time.Millisecond
)

// pass lets a call through to a target that has been greeted: no greeting has to
// be waited for, and no error says why the target cannot be called. Otherwise it
// has the target greeted, once for all who ask. Callers wait for that when the
// target may well be sound: it is new, or a connection was lost. One that is known
// to be ill is greeted behind their backs, or each of them would pay for it with
// the time limit of a greeting.
func (g *gate) pass(ctx context.Context, c *Client, t *target) (wait bool, err error) {
	if g.open.Load() {
		return false, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open.Load() {
		return false, nil
	}
	ill := cmp.Or(g.err, g.doubt)
	if g.underway || g.err != nil && time.Now().Before(g.rest) {
		return ill == nil, ill
	}
	g.underway = true
	// It goes on when its first caller has gone: others may wait for it. It is on
	// nobody's behalf.
	detached := identity.With(context.WithoutCancel(ctx), identity.Actor{})
	go func() {
		hello, err := c.hello(detached, t)
		_ = c.settle(t, hello, err, true) // it is in the gate
	}()
	return ill == nil, ill
}

// settle keeps what came of a greeting; own is the one that pass began. The
// agreement's lock is held.
func (g *gate) settle(hello Hello, err error, own bool) {
	g.mu.Lock()
	if own {
		g.underway = false
	}
	news := g.at.IsZero() || hello != g.hello
	recovered := err == nil && g.err != nil
	g.hello, g.err, g.at, g.doubt = hello, err, time.Now(), nil
	if err != nil {
		g.rest = g.at.Add(greetingRest)
	}
	g.open.Store(err == nil)
	g.log(news)
	g.mu.Unlock()
	if recovered {
		g.recovered()
	}
	g.settled.send()
}

// log tells when the target becomes usable or ceases to be, not each reason why it
// still is not; news is when a usable one says something else of itself than
// before. The gate's lock is held.
func (g *gate) log(news bool) {
	switch {
	case g.err != nil && !g.warned:
		g.logger.Warn("target cannot be used", slog.String("error", g.err.Error()))
	case g.err == nil && (g.warned || news):
		g.logger.Info("target greeted", slog.String("build", g.hello.Build), slog.Int("contract", g.hello.Contract))
	}
	g.warned = g.err != nil
}

// require refuses the target when by its last greeting it reads another database
// than the wanted one, and reports whether it reads that. One that was refused for
// another database and does read the wanted one is to be greeted anew. The
// agreement's lock is held.
func (g *gate) require(t *target, wanted database) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	reads := database(g.hello.Database)
	_, refused := errors.AsType[*databaseError](g.err)
	switch {
	case g.at.IsZero() || g.err != nil && !refused:
	case g.err == nil && reads == wanted:
		return true
	case reads == wanted:
		g.err, g.rest = nil, time.Time{}
	default:
		g.err = errorAt(t, &databaseError{reads: reads, wanted: wanted})
		g.open.Store(false)
		g.log(false)
	}
	return false
}

// suspect has the target greeted anew, as its calls fail: when it is greeted well,
// calls try whether they are too. One that hangs is found out by the greeting, at
// the cost of no call.
func (g *gate) suspect(doubt error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.doubt = doubt
	g.open.Store(false)
}

// shut makes the next call greet anew.
func (g *gate) shut() { g.open.Store(false) }

// tell puts what came of the last greeting into the target's status.
func (g *gate) tell(s *TargetStatus) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.Hello, s.Err, s.GreetedAt = g.hello, g.err, g.at
	if g.err != nil && !g.open.Load() {
		s.Breaker = circuitbreaker.OpenState.String()
	}
}

// signal tells any number of waiting goroutines that something has changed.
type signal struct {
	mu      sync.Mutex
	waiting chan struct{} // nil when nobody is
}

// next is closed by the next send.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	return s.waiting
}

func (s *signal) send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}
