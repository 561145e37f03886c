// Package lifecycle runs the parts of a process and stops them in order: what
// was started last stops first, so that a listener is drained before the
// workers stop, and the databases close when nobody uses them any more.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"syscall"
	"time"
)

// Component is one part of the process.
type Component struct {
	// Name is for the log and for errors.
	Name string
	// Run does the part's work until its context is done or Stop makes it
	// return. An error stops the process; nil before the stop means that there
	// is nothing left to do. Nil for a part that only needs to be stopped.
	Run func(ctx context.Context) error
	// Stop ends the part gracefully before its context is done, in the time
	// that ctx leaves. Nil: the end of Run's context is all it takes.
	Stop func(ctx context.Context) error
}

// Options configure Run. The zero value works.
type Options struct {
	// Timeout is how long stopping may take in all; 0 means 20 seconds.
	Timeout time.Duration
	// Signals delivers the signals to stop; nil means that only the end of the
	// context or a failure stops the process. Register the channel, which needs
	// room for one, with signal.Notify for StopSignals.
	Signals <-chan os.Signal
	// Stopping is called once when the stop begins, before any part is stopped:
	// the place to report that the process is no longer ready. May be nil.
	Stopping func()
	// Logger gets a line when the stop begins and for each part that did not
	// stop cleanly; nil discards them.
	Logger *slog.Logger
}

// ErrInterrupted is returned when a second signal cut the stop short.
var ErrInterrupted = errors.New("interrupted before everything had stopped")

// lastCall is how long a part gets that is stopped after the time is up: enough
// to close a database.
const lastCall = time.Second

// StopSignals are the signals that ask a process to stop.
func StopSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// Run runs the components until a signal arrives, ctx is done, or one fails,
// and then stops them from the last to the first. It returns nil after a clean
// stop, the error of the component that failed, what went wrong while stopping,
// or ErrInterrupted.
func Run(ctx context.Context, o Options, components ...Component) error {
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	failures := make(chan error, len(components))
	parts := make([]*part, len(components))
	for i, component := range components {
		parts[i] = start(ctx, component, failures)
	}

	var failure error
	reason := "context done"
	select {
	case <-ctx.Done():
	case signal := <-o.Signals:
		reason = signal.String()
	case failure = <-failures:
		reason = "failure"
	}
	o.Logger.InfoContext(ctx, "stopping", slog.String("reason", reason), slog.Duration("timeout", o.Timeout))
	if o.Stopping != nil {
		o.Stopping()
	}

	stopped := make(chan error, 1)
	go func() { stopped <- stopAll(context.WithoutCancel(ctx), o, parts) }()
	select {
	case err := <-stopped:
		if failure == nil && err == nil {
			// A part may have failed while another one was being stopped.
			select {
			case failure = <-failures:
			default:
			}
		}
		return errors.Join(failure, err)
	case <-o.Signals:
		return ErrInterrupted
	}
}

// part is a component that runs.
type part struct {
	Component
	cancel context.CancelFunc
	done   chan struct{}
}

// start runs the component and sends its failure. The part's context does not
// end with ctx: it ends when its turn to stop has come.
func start(ctx context.Context, component Component, failures chan<- error) *part {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &part{Component: component, cancel: cancel, done: make(chan struct{})}
	if component.Run == nil {
		close(p.done)
		return p
	}
	go func() {
		defer close(p.done)
		if err := component.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			failures <- fmt.Errorf("%s: %w", component.Name, err)
		}
	}()
	return p
}

func stopAll(ctx context.Context, o Options, parts []*part) error {
	deadline := time.Now().Add(o.Timeout)
	var failures []error
	for _, p := range slices.Backward(parts) {
		until := deadline
		if soonest := time.Now().Add(lastCall); until.Before(soonest) {
			until = soonest
		}
		if err := p.stop(ctx, until); err != nil {
			o.Logger.WarnContext(ctx, "did not stop cleanly", slog.String("component", p.Name), slog.Any("error", err))
			failures = append(failures, fmt.Errorf("stop %s: %w", p.Name, err))
		}
	}
	return errors.Join(failures...)
}

// stop ends the part, and gives up on it at the deadline.
func (p *part) stop(ctx context.Context, deadline time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	defer p.cancel()
	if p.Stop != nil {
		result := make(chan error, 1)
		go func() { result <- p.Stop(ctx) }()
		select {
		case err := <-result:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.cancel()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
