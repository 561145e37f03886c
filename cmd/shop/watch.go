package main

import (
	"context"
	"fmt"
	"os/signal"
	"strings"
	"time"

	"shop/platform/config"
	"shop/platform/lifecycle"
	"shop/platform/placement"
	"shop/platform/telemetry"
)

// modulesWatchCommand shows the modules again and again.
type modulesWatchCommand struct{}

// Help is printed below the usage.
func (modulesWatchCommand) Help() string {
	return `Redraws the table of shop modules on a terminal. Elsewhere it prints a line for each module that has changed.

Examples:
  shop modules watch
  shop modules watch >modules.log`
}

// Run shows the modules until a signal to stop arrives.
func (modulesWatchCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	o, err := newInternalClient(cfg)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, lifecycle.StopSignals()...)
	defer stop()
	w := watch{
		internalClient: o, console: c, style: c.styleFor(c.out), lines: map[string]string{},
		draws: telemetry.IsTerminal(c.out) && c.env("TERM") != "dumb",
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for first := true; ; first = false {
		states, err := o.states(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return err
		}
		w.show(states, err, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// watch is what has been shown so far.
type watch struct {
	*internalClient
	*console
	style style
	draws bool
	lines map[string]string // by module, elsewhere than on a terminal
	lost  bool
}

// show shows what the shop answered, or that it did not.
func (w *watch) show(states []placement.ModuleState, err error, now time.Time) {
	if w.draws {
		w.draw(states, err, now)
		return
	}
	if err != nil {
		if !w.lost {
			fmt.Fprintln(w.out, now.Format(time.RFC3339), err)
		}
		w.lost = true
		return
	}
	w.lost = false
	for _, m := range states {
		line := strings.Join(append([]string{lineOf(m)}, steadyDetails(m)...), "; ")
		if w.lines[m.Module] != line {
			w.lines[m.Module] = line
			fmt.Fprintln(w.out, now.Format(time.RFC3339), line)
		}
	}
}

// draw writes over the screen, without clearing it first: that would flicker.
func (w *watch) draw(states []placement.ModuleState, err error, now time.Time) {
	text := "Live from the shop at " + w.shown + ", " + now.Format(time.TimeOnly) + ". Ctrl-C ends this.\n\n"
	if err != nil {
		text += err.Error() + "\n"
	} else {
		text += liveTable(states, w.style, now)
	}
	fmt.Fprint(w.out, "\x1b[H"+strings.ReplaceAll(text, "\n", "\x1b[K\n")+"\x1b[J")
}

// lineOf is a module in one line.
func lineOf(m placement.ModuleState) string {
	return fmt.Sprintf("%s remote %d%%, shadow %d%%, fallback %s; local %s; remote side %s",
		m.Module, m.Remote, m.Shadow, m.Fallback, sideText(m.Sides.Local), sideText(m.Sides.Remote))
}

// steadyDetails are those that do not change by the mere passing of time.
func steadyDetails(m placement.ModuleState) []string {
	var details []string
	for _, t := range m.Targets {
		if !t.Healthy {
			details = append(details, t.Address+" is not healthy: "+t.Problem)
		}
	}
	if m.Waiting != nil {
		details = append(details, "waits: "+m.Waiting.Reason)
	}
	if m.Aborted != nil {
		details = append(details, "was taken back: "+m.Aborted.Reason)
	}
	return details
}
