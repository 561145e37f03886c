package remote

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

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

	mu       sync.Mutex
	underway *greeting // nil when none is
	hello    Hello
	err      error
	at       time.Time // of the last greeting's end
	rest     time.Time // no greeting before it
}

// greeting is one that is under way.
type greeting struct {
	done chan struct{}
	err  error
}

const (
	// greetingTimeout bounds a greeting, where the client's time limit is not less.
	greetingTimeout = 2 * time.Second
	// greetingRest is how long a target is left alone that could not be greeted,
	// or was refused.
	greetingRest = 500 * time.Millisecond
)

// pass returns nil once the target has been greeted. One caller greets, the
// others wait for that within their own time.
func (g *gate) pass(ctx context.Context, c *Client, t *target) error {
	if g.open.Load() {
		return nil
	}
	underway, err := g.begin(ctx, c, t)
	if underway == nil {
		return err
	}
	select {
	case <-underway.done:
		return underway.err
	case <-ctx.Done():
		return fmt.Errorf("wait for the greeting: %w", ctx.Err())
	}
}

// begin returns the greeting that is under way, which it starts if there is
// none. No greeting means that the gate is open, or shut for a while because of
// an error.
func (g *gate) begin(ctx context.Context, c *Client, t *target) (*greeting, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.open.Load():
		return nil, nil //nolint:nilnil // nothing to wait for, nothing wrong
	case g.underway != nil:
		return g.underway, nil
	case time.Now().Before(g.rest):
		return nil, g.err
	}
	underway := &greeting{done: make(chan struct{})}
	g.underway = underway
	// It goes on when its first caller has gone: others may wait for it. It is
	// nobody's in particular.
	detached := identity.With(context.WithoutCancel(ctx), identity.Actor{})
	go func() {
		hello, err := c.hello(detached, t)
		g.settle(hello, err)
		g.mu.Lock()
		underway.err, g.underway = err, nil
		g.mu.Unlock()
		close(underway.done)
	}()
	return underway, nil
}

// settle keeps what came of a greeting.
func (g *gate) settle(hello Hello, err error) {
	g.mu.Lock()
	news := g.at.IsZero() || (err == nil) != (g.err == nil) || err != nil && err.Error() != g.err.Error() || hello != g.hello
	recovered := err == nil && g.err != nil
	g.hello, g.err, g.at = hello, err, time.Now()
	if err != nil {
		g.rest = g.at.Add(greetingRest)
	}
	g.open.Store(err == nil)
	g.mu.Unlock()
	if recovered {
		g.recovered()
	}
	switch {
	case !news:
	case err != nil:
		g.logger.Warn("target cannot be used", slog.String("error", err.Error()))
	default:
		g.logger.Info("target greeted", slog.String("build", hello.Build), slog.Int("contract", hello.Contract))
	}
}

// shut makes the next call greet anew.
func (g *gate) shut() { g.open.Store(false) }

// last is what came of the last greeting, and whether the target is left alone
// because of it.
func (g *gate) last() (hello Hello, err error, at time.Time, resting bool) { //nolint:revive,staticcheck // err is a value here
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hello, g.err, g.at, !g.open.Load() && g.err != nil
}
