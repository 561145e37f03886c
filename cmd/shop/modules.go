package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"shop/platform/config"
	"shop/platform/placement"
)

// modulesCommand looks after the modules' placement.
type modulesCommand struct {
	List  modulesListCommand  `cmd:"" default:"1" help:"List the modules: live from the shop that runs here, else from the settings."`
	Flip  modulesFlipCommand  `cmd:"" help:"Move a module's calls to other processes and back, while the shop serves."`
	Watch modulesWatchCommand `cmd:"" help:"Show the modules once a second until Ctrl-C."`
}

// modulesListCommand lists the modules.
type modulesListCommand struct{}

// Help is printed below the usage.
func (modulesListCommand) Help() string {
	return `Asks the internal listener (SHOP_INTERNAL_ADDR) with a service key of the settings or of the data directory.

Examples:
  shop modules
  shop modules flip catalog --remote 25
  shop modules watch`
}

// Run prints what the running shop says; where there is none, what the settings
// say.
func (modulesListCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	o, err := newInternalClient(cfg)
	var states []placement.ModuleState
	if err == nil {
		states, err = o.states(ctx)
	}
	painted := c.styleFor(c.out)
	switch {
	case errors.Is(err, errNoKey), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		// No shop runs here.
		fmt.Fprintln(c.out, painted.dim("From the settings: "+err.Error()))
		return settingsTable(cfg).write(c.out, painted)
	case err != nil:
		return err
	}
	fmt.Fprintln(c.out, painted.dim("Live from the shop at "+o.shown))
	_, err = fmt.Fprint(c.out, liveTable(states, painted, time.Now()))
	return err //nolint:wrapcheck // nobody is left to explain to
}

// settingsTable is what can be said of the modules without a running shop.
func settingsTable(cfg config.Config) table {
	rows := table{{"MODULE", "CONTRACT", "DATABASE", "CALLS", "DOES"}}
	for _, p := range parts() {
		rows = append(rows, []string{p.name, strconv.Itoa(p.contract.Newest), databaseOf(cfg, p.name), callsOf(cfg, p.name), p.does})
	}
	return rows
}

// databaseOf says where a module's data is, passwords masked.
func databaseOf(cfg config.Config, module string) string {
	if !cfg.Hosts(module) {
		return "elsewhere"
	}
	if url := cfg.DatabaseURLOf(module); url != "" {
		return config.URL(url).String()
	}
	return filepath.Join(cfg.DataDir, module+".db")
}

// callsOf says where a module's calls go.
func callsOf(cfg config.Config, module string) string {
	p := cfg.PlacementOf(module)
	switch targets := strings.Join(p.Targets, ","); {
	case targets == "" && !cfg.Hosts(module):
		return "nowhere"
	case p.Remote == 0:
		return "here"
	case p.Remote == 100:
		return "to " + targets
	default:
		return strconv.Itoa(p.Remote) + "% to " + targets
	}
}

// liveTable is what a running shop says of its modules: a line each, and below
// it what matters of the other side.
func liveTable(states []placement.ModuleState, s style, now time.Time) string {
	rows := table{{"MODULE", "HOSTED", "REMOTE", "SHADOW", "FALLBACK", "STORED IN", "CONTRACT", "DATABASE", "LOCAL", "REMOTE SIDE"}}
	for _, m := range states {
		rows = append(rows, []string{
			m.Module, yesNo(m.Hosted), percent(m.Remote), percent(m.Shadow), m.Fallback, m.StoredIn,
			strconv.Itoa(m.Contract), databaseText(m.Database), sideText(m.Sides.Local), sideText(m.Sides.Remote),
		})
	}
	var plain, text strings.Builder
	_ = rows.write(&plain, s) // a builder takes everything
	for i, line := range strings.Split(strings.TrimSuffix(plain.String(), "\n"), "\n") {
		text.WriteString(line + "\n")
		if i == 0 {
			continue // the heading
		}
		for _, detail := range detailsOf(states[i-1], now) {
			text.WriteString("  " + s.dim(detail) + "\n")
		}
	}
	return text.String()
}

// detailsOf are the lines below a module's own.
func detailsOf(m placement.ModuleState, now time.Time) []string {
	var lines []string
	for _, t := range m.Targets {
		line := t.Address + "  "
		if t.Healthy {
			line += "healthy"
		} else {
			line += "not healthy"
		}
		line += fmt.Sprintf("  breaker %s  %d under way  %d calls  %d failures", t.Breaker, t.Underway, t.Calls, t.Failures)
		if t.Database != nil {
			line += fmt.Sprintf("  contract %d  build %s  database %s", t.Contract, t.Build, databaseText(t.Database))
		}
		if t.Problem != "" {
			line += "  " + t.Problem
		}
		lines = append(lines, line)
	}
	if w := m.Waiting; w != nil {
		lines = append(lines, fmt.Sprintf("waits: remote %d%%, shadow %d%%, fallback %s: %s", w.Remote, w.Shadow, w.Fallback, w.Reason))
	}
	if m.Guards != "" {
		lines = append(lines, "guards: "+m.Guards+" takes it back")
	}
	if m.Ramp != nil {
		lines = append(lines, rampText(m.Ramp, now))
	}
	if a := m.Aborted; a != nil {
		lines = append(lines, "was taken back at "+a.At.Format(time.RFC3339)+": "+a.Reason)
	}
	if m.Fallbacks > 0 {
		lines = append(lines, fmt.Sprintf("%d reads fell back", m.Fallbacks))
	}
	if c := m.Comparisons; c.Matches+c.Mismatches+c.Undecided+c.Dropped > 0 {
		lines = append(lines, fmt.Sprintf("compared: %d alike, %d different, %d undecided, %d dropped", c.Matches, c.Mismatches, c.Undecided, c.Dropped))
		for _, d := range c.Differences[:min(len(c.Differences), maxShown)] {
			lines = append(lines, fmt.Sprintf("  %s %s %s: here %s, there %s (request %s)", d.At.Format(time.TimeOnly), d.Method, d.Field, d.Local, d.Remote, d.RequestID))
		}
	}
	return lines
}

// maxShown is how many differences are shown of those that are known.
const maxShown = 5

// rampText says how far a ramp has come.
func rampText(r *placement.ModuleRamp, now time.Time) string {
	return fmt.Sprintf("ramp: step %d of %d, %d%% for another %s", r.Step, len(r.Steps), r.Steps[r.Step-1], max(0, r.NextAt.Sub(now)).Round(time.Second))
}

// sideText is what one side has answered.
func sideText(s placement.ModuleSide) string {
	if s.Calls == 0 {
		return "-"
	}
	return fmt.Sprintf("%d calls, %d errors, %s/%s ms", s.Calls, s.Errors, milliseconds(s.P50), milliseconds(s.P99))
}

func milliseconds(value float64) string { return strconv.FormatFloat(value, 'f', 1, 64) }

// databaseText is enough of an identity to tell it from another.
func databaseText(d *placement.ModuleDatabase) string {
	if d == nil {
		return "-"
	}
	return fmt.Sprintf("%s/%d", d.ID[:min(len(d.ID), 8)], d.Epoch)
}

func percent(share int) string { return strconv.Itoa(share) + "%" }

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
