package emailmod_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/email/emailmod"
	"shop/modules/email/emailtest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/module"
	"shop/platform/module/moduletest"
)

func TestService(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		emailtest.Run(t, newFake)
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			emailtest.Run(t, func(t *testing.T) emailtest.Fixture {
				f, _ := newLocal(t, dialect)
				return f
			})
		})
	}
	for _, placement := range moduletest.Placements() {
		t.Run(placement.String(), func(t *testing.T) {
			t.Parallel()
			emailtest.Run(t, func(t *testing.T) emailtest.Fixture {
				f, far := newLocal(t, placement.Dialect())
				f.Service = buildFrom(t, placement.Near(t, far.Module), f, emailmod.Settings{Now: f.Clock.Now}).Service
				return f
			})
		})
	}
}

func newFake(t *testing.T) emailtest.Fixture {
	t.Helper()
	f := emailtest.Fixture{Users: emailtest.NewUsers(), Payments: emailtest.NewPayments(), Clock: emailtest.NewClock()}
	fake, err := emailtest.NewFake(emailtest.FakeOptions{
		Users: f.Users, Payments: f.Payments, Now: f.Clock.Now, PublicURL: emailtest.PublicURL,
	})
	require.NoError(t, err)
	f.Service = fake
	f.Deliver = func(t *testing.T) { t.Helper(); require.NoError(t, fake.Deliver(t.Context())) }
	f.Delivered, f.Refuse = fake.Delivered, fake.Refuse
	f.Events = func(*testing.T) []event.Event { return fake.Events() }
	f.Handled = func(_ *testing.T, e event.Envelope) bool { return fake.Handled(e) }
	return f
}

// newLocal is the module as a process hosts it, with its workers running and a
// mail server that speaks STARTTLS.
func newLocal(t *testing.T, dialect database.Dialect) (emailtest.Fixture, *emailmod.Built) {
	t.Helper()
	server := emailtest.NewServer(t, emailtest.ServerOptions{})
	f := emailtest.Fixture{
		Users: emailtest.NewUsers(), Payments: emailtest.NewPayments(), Clock: emailtest.NewClock(),
		Deliver: func(*testing.T) {}, Delivered: server.Delivered, Refuse: server.Refuse,
	}
	db := dbtest.Open(t, dialect, "email")
	f.Events = func(t *testing.T) []event.Event { return published(t, db) }
	f.Handled = func(t *testing.T, e event.Envelope) bool {
		missing, err := inbox.New(db).Missing(t.Context(), []id.Event{e.ID})
		require.NoError(t, err)
		return len(missing) == 0
	}
	built := build(t, db, f, emailmod.Settings{
		SMTPURL: server.URL(), TLS: server.TLS(), Now: f.Clock.Now, Poll: 20 * time.Millisecond,
	})
	run(t, built)
	f.Service = built.Service
	return f, built
}

// published reads the module's outbox.
func published(t *testing.T, db *database.DB) (events []event.Event) {
	t.Helper()
	var rows []struct {
		Name    string
		Payload []byte
	}
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT name, payload FROM outbox ORDER BY seq`).Scan(&rows).Error)
	for _, row := range rows {
		e := event.Envelope{Name: row.Name, Payload: row.Payload}
		switch row.Name {
		case email.EventSent:
			sent, err := event.Decode[email.Sent](e)
			require.NoError(t, err)
			events = append(events, sent)
		case email.EventDead:
			dead, err := event.Decode[email.Dead](e)
			require.NoError(t, err)
			events = append(events, dead)
		default:
			require.Failf(t, "unknown event", "%s", row.Name)
		}
	}
	return events
}

func build(t *testing.T, db *database.DB, f emailtest.Fixture, s emailmod.Settings) *emailmod.Built {
	t.Helper()
	return buildFrom(t, deps(db), f, s)
}

func buildFrom(t *testing.T, d module.Deps, f emailtest.Fixture, s emailmod.Settings) *emailmod.Built {
	t.Helper()
	s.PublicURL = emailtest.PublicURL
	built, err := emailmod.New(emailmod.Deps{
		Deps: d, Users: f.Users, Payments: f.Payments, Settings: s,
	})
	require.NoError(t, err)
	return built
}

func deps(db *database.DB) module.Deps {
	return module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)}
}

// run runs a module's workers until the test ends; stop ends them sooner and
// waits for them.
func run(t *testing.T, built *emailmod.Built) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, worker := range built.Module.Workers {
		running.Go(func() {
			if err := worker.Run(ctx); err != nil {
				t.Errorf("%s: %v", worker.Name, err)
			}
		})
	}
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}
