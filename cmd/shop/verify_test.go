package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/audit"
	"shop/platform/config"
	"shop/platform/database"
	"shop/platform/flip"
	"shop/platform/module"
)

// An event that its subscriber has no record of is found, and repaired by
// delivering it again.
func TestVerify_Events(t *testing.T) {
	t.Parallel()
	s := startShop(t, settings(t, database.SQLite))
	check := eventsCheck{s.Modules, time.Now}
	s.customer(t, "grace@example.com")
	s.mailed(t, "grace@example.com", "Grace")
	ctx := asOperator(t.Context())
	var email, users module.Module
	for _, m := range s.Modules {
		switch m.Name {
		case "email":
			email = m
		case "users":
			users = m
		}
	}
	var report audit.Report
	require.Eventually(t, func() bool {
		var err error
		report, err = check.verify(ctx, audit.Input{})
		return err == nil && report.Checked[checkHandled] > 0
	}, 10*time.Second, 10*time.Millisecond)
	require.Empty(t, report.Findings)
	looked := report.Checked[checkHandled]

	require.NoError(t, email.DB.Write(ctx).Exec(`DELETE FROM inbox`).Error)
	young, err := check.verify(ctx, audit.Input{MinAge: time.Hour})
	require.NoError(t, err)
	require.Empty(t, young.Findings, "it is on its way")
	report, err = check.verify(ctx, audit.Input{})
	require.NoError(t, err)
	require.NotEmpty(t, report.Findings)
	require.LessOrEqual(t, int64(len(report.Findings)), looked)
	require.Equal(t, checkHandled, report.Findings[0].Check)
	require.Regexp(t, `^evt_`, report.Findings[0].Subject)
	require.Regexp(t, `^users\.\w+ handled by email$`, report.Findings[0].Want)
	require.False(t, report.Findings[0].Repaired)

	report, err = check.verify(ctx, audit.Input{Repair: true})
	require.NoError(t, err)
	require.True(t, report.Findings[0].Repaired)
	report, err = check.verify(ctx, audit.Input{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)

	// What failed is known already, and no difference.
	require.NoError(t, email.DB.Write(ctx).Exec(`DELETE FROM inbox`).Error)
	require.NoError(t, users.DB.Write(ctx).Exec(
		`INSERT INTO outbox_failures (subscriber, seq, event_id, key, attempts, error, dead) SELECT 'email', seq, id, key, 10, 'no', 1 FROM outbox`).Error)
	report, err = check.verify(ctx, audit.Input{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

// The command over the databases of a shop whose carts have not heard that an
// invoice is void.
func TestVerify_Reservation(t *testing.T) {
	t.Parallel()
	s := stillShop(t, settings(t, database.SQLite))
	mug := s.product(t, "MUG", 1250, 5)
	_, token := s.customer(t, "grace@example.com")
	s.want(t, http.StatusCreated, http.MethodPost, "/user/me/cart/", token, map[string]any{"product_id": mug, "quantity": 2})
	checkout := s.want(t, http.StatusCreated, http.MethodPost, "/user/me/checkout", token, nil).json(t)
	s.want(t, http.StatusOK, http.MethodPost, "/invoices/"+checkout["invoice_id"].(string)+"/void", s.admin, nil)
	differs := "cart.reservation " + checkout["id"].(string) + ": is reserved, should be released"
	for _, step := range []struct {
		args string
		code int
		out  string // a pattern
	}{
		{"", exitOK, `cart.reservation +0 +0\n`}, // all is young
		{"--min-age 0s", exitFailure, differs + "\n"},
		{"--min-age 0s --repair", exitFailure, differs + "; repaired\n"},
		{"--min-age 0s", exitOK, `cart.reservation +1 +0\n`},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{"verify"}, strings.Fields(step.args)...), &console{
			out: &out, err: &errs, environ: []string{"SHOP_DATA_DIR=" + s.Config.DataDir}, compose: newApp,
		})
		require.Equal(t, step.code, code, errs.String())
		require.Regexp(t, step.out, out.String())
	}
	require.InDelta(t, 5, s.want(t, http.StatusOK, http.MethodGet, "/product/"+mug, s.admin, nil).json(t)["stock"], 0)
}

// ledger is a face that can be asked.
type ledger struct {
	report audit.Report
	err    error
	asked  audit.Input
}

func (l *ledger) Verify(_ context.Context, in audit.Input) (audit.Report, error) {
	l.asked = in
	return l.report, l.err
}

func TestVerify_Command(t *testing.T) {
	t.Parallel()
	different := audit.Report{
		Checked: map[string]int64{"catalog.stock_level": 60},
		Findings: []audit.Finding{
			{Check: "catalog.stock_level", Subject: "prod_1", Want: "10", Got: "9"},
			{Check: "catalog.reservation", Subject: "chk_1", Want: "reserved", Repaired: true},
		},
	}
	for name, test := range map[string]struct {
		ledger ledger
		args   string
		code   int
		out    string
		err    string
	}{
		"Agrees": {
			ledger{report: audit.Report{Checked: map[string]int64{"catalog.stock_level": 60}}},
			"", exitOK,
			"CHECK                LOOKED AT  DIFFERENT\ncatalog.stock_level  60         0\nevents.handled       0          0\n", "",
		},
		"Differs": {
			ledger{report: different},
			"--repair --min-age 5s", exitFailure,
			"catalog.reservation chk_1: is nothing, should be reserved; repaired\ncatalog.stock_level prod_1: is 9, should be 10\n", "shop: there are differences\n",
		},
		"JSON": {
			ledger{report: different},
			"--format json", exitFailure,
			`"subject": "prod_1"`, "shop: there are differences\n",
		},
		"Fails": {
			ledger{err: errors.New("no ledger")}, "", exitFailure, "events.handled", "shop: verify catalog: no ledger\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			s := newStall(t)
			compose := s.compose
			s.out, s.err = &out, &errs
			s.compose = func(ctx context.Context, cfg config.Config, logger *slog.Logger) (*App, func(), error) {
				app, closeApp, err := compose(ctx, cfg, logger)
				app.Modules = []module.Module{{Name: "catalog", Control: flip.New(flip.Options[*ledger]{Module: "catalog", Local: &test.ledger}).Control}}
				app.Services = services{"catalog": &test.ledger}
				return app, closeApp, err
			}
			code := run(t.Context(), append([]string{"verify"}, strings.Fields(test.args)...), &s.console)
			require.Equal(t, test.code, code, errs.String())
			require.Contains(t, out.String(), test.out)
			require.Equal(t, test.err, errs.String())
			if name == "Differs" {
				require.Equal(t, audit.Input{Repair: true, MinAge: 5 * time.Second}, test.ledger.asked)
			}
		})
	}
}
