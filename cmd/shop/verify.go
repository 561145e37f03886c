package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"shop/platform/audit"
	"shop/platform/config"
	"shop/platform/telemetry"
)

// verifyCommand is the reconciler.
type verifyCommand struct {
	Repair bool          `help:"Mend what can be mended; without it nothing is changed."`
	MinAge time.Duration `default:"1m" placeholder:"DURATION" help:"Leave alone, where modules are compared, what happened less long ago: it is on its way (default: 1m)."`
	Format string        `default:"table" enum:"table,json" placeholder:"table|json" help:"How to print what was found: table or json (default: table)."`
}

// Help is printed below the usage.
func (verifyCommand) Help() string {
	return `Compares what each module has written down with itself, with the other modules and with the payment provider, and the events with what their subscribers handled. It reads the databases that the settings name, also while the shop runs; modules that live elsewhere are asked there.

Exit code 0 when everything agrees, 1 when anything differs, also when it was repaired, or could not be looked at.

Examples:
  shop verify
  shop verify --repair
  shop verify --min-age 0s --format json`
}

// Validate checks what the parser cannot.
func (cmd verifyCommand) Validate() error {
	if cmd.MinAge < 0 {
		return errors.New("--min-age: must not be negative")
	}
	return nil
}

// errDiffers is returned after the differences were shown.
var errDiffers = errors.New("there are differences")

// Run prints what differs.
func (cmd verifyCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	cfg.Migrate = false // a running shop's databases are left as they are
	logger := telemetry.NewLogger(cfg.LogFormat, "error", c.err)
	return c.withApp(ctx, cfg, logger, func(app *App) error {
		if err := requireMigrated(ctx, hostedOf(app.Modules)); err != nil {
			return err
		}
		found := reconcile(asOperator(ctx), app, audit.Input{Repair: cmd.Repair, MinAge: cmd.MinAge})
		var err error
		if cmd.Format == "json" {
			err = found.writeJSON(c.out)
		} else {
			err = found.write(c.out, c.styleFor(c.out))
		}
		if err != nil {
			return err
		}
		return found.failure()
	})
}

// verifier is a part of the shop that can say whether it agrees with itself.
type verifier struct {
	name   string
	verify func(context.Context, audit.Input) (audit.Report, error)
}

// reconciled is what a whole run found.
type reconciled struct {
	audit.Report
	// skipped are the parts that are nowhere, failed those that could not look.
	skipped []string
	failed  []error
}

// reconcile asks all of them, one after the other: a later one may look at what
// an earlier one repaired.
func reconcile(ctx context.Context, app *App, in audit.Input) reconciled {
	var found reconciled
	reports := []audit.Report{}
	for _, v := range verifiersOf(app) {
		if v.verify == nil {
			found.skipped = append(found.skipped, v.name)
			continue
		}
		report, err := v.verify(ctx, in)
		if err != nil {
			found.failed = append(found.failed, fmt.Errorf("verify %s: %w", v.name, err))
		}
		reports = append(reports, report)
	}
	found.Report = audit.Merge(reports...)
	return found
}

// failure is nil when all was looked at and agrees.
func (r reconciled) failure() error {
	if len(r.failed) > 0 {
		return errors.Join(r.failed...)
	}
	if len(r.Findings) > 0 {
		return errDiffers
	}
	return nil
}

// write prints the checks in a table and each difference on a line.
func (r reconciled) write(w io.Writer, s style) error {
	different := map[string]int{}
	for _, f := range r.Findings {
		different[f.Check]++
		if _, counted := r.Checked[f.Check]; !counted {
			r.Looked(f.Check, 0)
		}
	}
	rows := table{{"CHECK", "LOOKED AT", "DIFFERENT"}}
	for _, check := range slices.Sorted(maps.Keys(r.Checked)) {
		rows = append(rows, []string{check, strconv.FormatInt(r.Checked[check], 10), strconv.Itoa(different[check])})
	}
	if err := rows.write(w, s); err != nil {
		return err
	}
	for _, f := range r.Findings {
		line := fmt.Sprintf("%s %s: is %s, should be %s", f.Check, f.Subject, orNothing(f.Got), orNothing(f.Want))
		if f.Repaired {
			line += "; repaired"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err //nolint:wrapcheck // nobody is left to explain to
		}
	}
	for _, name := range r.skipped {
		if _, err := fmt.Fprintln(w, s.dim(name+" was not asked: it is neither hosted here nor has an address")); err != nil {
			return err //nolint:wrapcheck // nobody is left to explain to
		}
	}
	return nil
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// writeJSON prints the same for programs.
func (r reconciled) writeJSON(w io.Writer) error {
	out := struct {
		audit.AuditReport

		Skipped []string `json:"skipped"`
		Errors  []string `json:"errors"`
	}{audit.NewAuditReport(r.Report), append([]string{}, r.skipped...), []string{}}
	for _, err := range r.failed {
		out.Errors = append(out.Errors, err.Error())
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out) //nolint:wrapcheck // nobody is left to explain to
}
