package paymentsmod_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/sandbox"
	"shop/modules/payments/paymentsmod"
	"shop/modules/payments/paymentstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/module"
	"shop/platform/module/moduletest"
)

// build builds the module over a database; of p nil, with the sandbox.
func build(t testing.TB, db *database.DB, o paymentstest.Outside, p provider.Provider) *paymentsmod.Built {
	t.Helper()
	if p == nil {
		p = newSandbox(db)
	}
	return buildFrom(t, module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)}, o, p)
}

func newSandbox(db *database.DB) provider.Provider {
	return sandbox.New(sandbox.Options{DB: db, Silence: time.Millisecond, WebhookSecret: paymentstest.WebhookSecret})
}

func buildFrom(t testing.TB, d module.Deps, o paymentstest.Outside, p provider.Provider) *paymentsmod.Built {
	t.Helper()
	built, err := paymentsmod.New(paymentsmod.Deps{
		Deps: d, Users: o.Users, Provider: p, Now: o.Clock.Now,
		Settings: paymentsmod.Settings{RetryPause: time.Millisecond, ResolveEvery: time.Millisecond, VoidEvery: time.Millisecond},
	})
	require.NoError(t, err)
	return built
}

func fixture(t *testing.T, db *database.DB, o paymentstest.Outside, p provider.Provider) paymentstest.Fixture {
	t.Helper()
	return fixtureOf(db, o, build(t, db, o, p))
}

func fixtureOf(db *database.DB, o paymentstest.Outside, built *paymentsmod.Built) paymentstest.Fixture {
	return paymentstest.Fixture{
		Service: built.Service,
		Resolve: func(ctx context.Context) error { return resolve(ctx, db, built, o.Clock.Now()) },
		Charges: func(t *testing.T, invoice id.Invoice) int { return charges(t, db, invoice) },
		Events:  func(t *testing.T) []paymentstest.Published { return published(t, db) },
		HandleWebhooks: func(ctx context.Context) error {
			return run(ctx, db, built, "handle webhooks", `SELECT count(*) FROM webhooks WHERE handled_at IS NULL`)
		},
		Webhooks:    func(t *testing.T) int { return count(t, db, `SELECT count(*) FROM webhooks`) },
		LastPayment: func(t *testing.T, invoice id.Invoice) id.Payment { return lastPayment(t, db, invoice) },
	}
}

// resolve lets the background workers run until nothing is without an outcome or
// overdue.
func resolve(ctx context.Context, db *database.DB, built *paymentsmod.Built, now time.Time) error {
	err := run(ctx, db, built, "resolve payments",
		`SELECT (SELECT count(*) FROM payments WHERE state IN ('pending', 'unknown'))
		      + (SELECT count(*) FROM credit_notes WHERE state = 'pending')`)
	if err != nil {
		return err
	}
	return run(ctx, db, built, "void overdue invoices", `SELECT count(*) FROM invoices WHERE status = 'open' AND pay_until <= ?`, now)
}

// run lets a background worker run until a query counts nothing that is left.
func run(ctx context.Context, db *database.DB, built *paymentsmod.Built, worker, left string, args ...any) error {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	stopped := make(chan error, 1)
	for _, w := range built.Module.Workers {
		if w.Name == worker {
			go func() { stopped <- w.Run(ctx) }()
		}
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), <-stopped)
		case <-look.C:
		}
		var live int64
		if err := db.Read(ctx).Raw(left, args...).Scan(&live).Error; err != nil {
			return err
		}
		if live == 0 {
			stop()
			return <-stopped
		}
	}
}

// charges looks into the sandbox's books.
func charges(t *testing.T, db *database.DB, invoice id.Invoice) int {
	t.Helper()
	return count(t, db, `SELECT count(*) FROM sandbox_charges WHERE invoice = ? AND outcome = 'succeeded'`, invoice.String())
}

func count(t *testing.T, db *database.DB, query string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).Raw(query, args...).Scan(&n).Error)
	return n
}

func lastPayment(t *testing.T, db *database.DB, invoice id.Invoice) id.Payment {
	t.Helper()
	var found []id.Payment
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT id FROM payments WHERE invoice_id = ? ORDER BY id DESC LIMIT 1`, invoice).Find(&found).Error)
	require.Len(t, found, 1)
	return found[0]
}

func published(t *testing.T, db *database.DB) []paymentstest.Published {
	t.Helper()
	var rows []struct{ Name, Payload string }
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT name, payload FROM outbox ORDER BY seq`).Scan(&rows).Error)
	events := make([]paymentstest.Published, len(rows))
	for i, row := range rows {
		events[i] = paymentstest.Published{Name: row.Name, Payload: []byte(row.Payload)}
	}
	return events
}

func TestPayments(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		paymentstest.Run(t, func(_ *testing.T, o paymentstest.Outside) paymentstest.Fixture {
			fake := paymentstest.NewFake(o.Users, o.Clock.Now)
			return paymentstest.Fixture{
				Service:        fake,
				Resolve:        func(context.Context) error { fake.Resolve(); return nil },
				Charges:        func(_ *testing.T, invoice id.Invoice) int { return fake.Charges(invoice) },
				Events:         func(t *testing.T) []paymentstest.Published { return encoded(t, fake.Events()) },
				HandleWebhooks: func(context.Context) error { return nil },
				Webhooks:       func(*testing.T) int { return fake.Notices() },
				LastPayment:    func(_ *testing.T, invoice id.Invoice) id.Payment { return fake.LastPayment(invoice) },
			}
		})
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			paymentstest.Run(t, func(t *testing.T, o paymentstest.Outside) paymentstest.Fixture {
				return fixture(t, dbtest.Open(t, dialect, "payments"), o, nil)
			})
		})
	}
	for _, placement := range moduletest.Placements() {
		t.Run(placement.String(), func(t *testing.T) {
			t.Parallel()
			paymentstest.Run(t, func(t *testing.T, o paymentstest.Outside) paymentstest.Fixture {
				db := dbtest.Open(t, placement.Dialect(), "payments")
				far := build(t, db, o, nil)
				f := fixtureOf(db, o, far)
				f.Service = buildFrom(t, placement.Near(t, far.Module), o, newSandbox(db)).Service
				return f
			})
		})
	}
}

func encoded(t *testing.T, events []event.Event) []paymentstest.Published {
	t.Helper()
	all := make([]paymentstest.Published, len(events))
	for i, e := range events {
		payload, err := json.Marshal(e)
		require.NoError(t, err)
		all[i] = paymentstest.Published{Name: e.EventName(), Payload: payload}
	}
	return all
}
