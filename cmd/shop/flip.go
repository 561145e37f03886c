package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"time"

	"shop/platform/config"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/lifecycle"
	"shop/platform/placement"
)

// modulesFlipCommand changes a module's placement in a running shop.
type modulesFlipCommand struct {
	Module   string           `arg:"" enum:"${names}" help:"The module: ${names}."`
	Remote   *int             `placeholder:"PERCENT" help:"Share of users whose calls go to the other processes."`
	Shadow   *int             `placeholder:"PERCENT" help:"Share of reads that the other side answers too, to compare."`
	Fallback *flip.Fallback   `placeholder:"none|reads" help:"What is answered here when the other processes cannot."`
	AbortOn  placement.Guards `placeholder:"LIMITS" help:"Take the shares back by itself: errors>1%,p50>50ms,p99>250ms,mismatch>0,fallbacks>10, any of them."`
	Ramp     []int            `placeholder:"PERCENT" help:"Raise the share by these steps, such as 1,5,25,50,100, in the place of --remote."`
	Every    time.Duration    `placeholder:"DURATION" help:"How long each step of the ramp stays (default: 30s)."`
	NoWait   bool             `help:"Do not follow the ramp to its end."`
}

// Help is printed below the usage.
func (modulesFlipCommand) Help() string {
	return `Talks to the shop that runs here (SHOP_INTERNAL_ADDR), which must know where the other processes are (SHOP_<MODULE>_URL). What is left out stays as it is; --abort-on and --ramp are for one change. Calls under way end where they began.

A share between 0 and 100, --shadow, --fallback, --abort-on and --ramp need both sides to read the same database.

With --ramp it shows the progress until the end: exit code 0 when the last step has held, 1 when a limit was exceeded and the shares were taken back.

Examples:
  shop modules flip catalog --remote 25
  shop modules flip catalog --remote 100 --fallback reads
  shop modules flip catalog --shadow 5 --abort-on "mismatch>0"
  shop modules flip catalog --ramp 1,5,25,50,100 --every 30s --abort-on "errors>1%,p99>250ms"
  shop modules flip catalog --remote 0`
}

// Validate checks what the parser cannot.
func (cmd modulesFlipCommand) Validate() error {
	var refused *fault.Error
	if cmd.Module == "" || !errors.As(cmd.change().Validate(), &refused) {
		return nil // the parser itself asks for the module
	}
	var problems []string
	for _, field := range refused.Fields {
		name := strings.ReplaceAll(strings.TrimPrefix(field.Location, "body."), "_", "-")
		if name == "body" {
			return errors.New("name at least one of --remote, --shadow, --fallback, --abort-on and --ramp")
		}
		problems = append(problems, "--"+name+": "+field.Message)
	}
	return errors.New(strings.Join(problems, "; "))
}

// change is what the flags ask for.
func (cmd modulesFlipCommand) change() placement.Change {
	return placement.Change{
		Remote: cmd.Remote, Shadow: cmd.Shadow, Fallback: cmd.Fallback, AbortOn: cmd.AbortOn, Ramp: cmd.Ramp, Every: cmd.Every,
	}
}

// Run makes the change, and follows its ramp.
func (cmd modulesFlipCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	o, err := newInternalClient(cfg)
	if err != nil {
		return err
	}
	state, err := o.change(ctx, cmd.Module, cmd.change())
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: remote %d%%, shadow %d%%, fallback %s, kept in %s\n",
		state.Module, state.Remote, state.Shadow, state.Fallback, keptIn(state.StoredIn))
	if state.Waiting != nil {
		fmt.Fprintf(c.out, "%s: waits: %s\n", state.Module, state.Waiting.Reason)
	}
	if state.Ramp == nil || cmd.NoWait {
		return nil
	}
	ctx, stop := signal.NotifyContext(ctx, lifecycle.StopSignals()...)
	defer stop()
	return (&follower{internalClient: o, console: c, change: state.Change, patience: missedAnswers}).follow(ctx, state)
}

// keptIn says in words where a placement is kept.
func keptIn(store string) string {
	switch store {
	case "file":
		return "the settings file"
	case "nats":
		return "NATS"
	case "memory":
		return "the memory of that process alone"
	default:
		return "the settings"
	}
}

const (
	// followEvery is how often the progress of a ramp is looked at.
	followEvery = time.Second
	// missedAnswers is how many answers in a row may be missing.
	missedAnswers = 10
	// walkerGone is how late a step may be until nobody is believed to take it.
	walkerGone = 30 * time.Second
)

// follower shows a ramp's progress.
type follower struct {
	*internalClient
	*console
	change   string
	patience int
	step     int // the one shown last
}

// follow returns nil when the ramp has reached its end.
func (f *follower) follow(ctx context.Context, state placement.ModuleState) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		if done, err := f.show(state, time.Now()); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			fmt.Fprintf(f.err, "the ramp of %s goes on without being watched; shop modules flip %s --remote 0 ends it\n", state.Module, state.Module)
			return nil
		case <-ticker.C:
		}
		next, err := f.state(ctx, state.Module)
		switch {
		case err == nil:
			state, f.patience = next, missedAnswers
		case ctx.Err() == nil:
			if f.patience--; f.patience == 0 {
				return fmt.Errorf("the ramp cannot be followed any more: %w", err)
			}
		}
	}
}

// show prints what is new, and says whether the ramp has ended.
func (f *follower) show(m placement.ModuleState, now time.Time) (done bool, err error) {
	switch {
	case m.Aborted != nil && m.Aborted.Change == f.change:
		return true, fmt.Errorf("%s was taken back to remote %d%%, shadow %d%%: %s", m.Module, m.Remote, m.Shadow, m.Aborted.Reason)
	case m.Change != f.change:
		return true, fmt.Errorf("another change of %s has taken the place of this one: remote %d%%", m.Module, m.Remote)
	case m.Ramp == nil:
		fmt.Fprintf(f.out, "%s: remote %d%%, the ramp is done\n", m.Module, m.Remote)
		return true, nil
	case now.Sub(m.Ramp.NextAt) > walkerGone:
		return true, fmt.Errorf("the ramp of %s stays at %d%%: the process that took it is gone", m.Module, m.Remote)
	case m.Ramp.Step != f.step:
		f.step = m.Ramp.Step
		fmt.Fprintf(f.out, "%s  %s: remote %d%%, step %d of %d, for %s\n",
			now.Format(time.TimeOnly), m.Module, m.Remote, m.Ramp.Step, len(m.Ramp.Steps), max(0, m.Ramp.NextAt.Sub(now)).Round(time.Second))
	}
	return false, nil
}
