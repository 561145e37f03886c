package usersmod_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/internal/app"
	"shop/modules/users/internal/gormstore"
	"shop/modules/users/usersmod"
	"shop/modules/users/userstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/outbox"
	"shop/platform/flip"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/module"
	"shop/platform/module/moduletest"
)

// fast makes hashing cheap; what real parameters do is tested by itself.
var fast = usersmod.Settings{PasswordMemory: 64, PasswordIterations: 1, PasswordsAtOnce: 4}

// build builds the module here; a nil clock is the real one.
func build(tb testing.TB, db *database.DB, clock *userstest.Clock, settings usersmod.Settings) users.Service {
	tb.Helper()
	return host(tb, db, clock, settings).Service
}

func host(tb testing.TB, db *database.DB, clock *userstest.Clock, settings usersmod.Settings) *usersmod.Built {
	tb.Helper()
	return place(tb, module.Deps{
		DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil),
	}, clock, settings)
}

func place(tb testing.TB, d module.Deps, clock *userstest.Clock, settings usersmod.Settings) *usersmod.Built {
	tb.Helper()
	deps := usersmod.Deps{Deps: d, Settings: settings}
	if clock != nil {
		deps.Now = clock.Now
	}
	built, err := usersmod.New(deps)
	require.NoError(tb, err)
	return built
}

func TestUsers(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		userstest.Run(t, func(*testing.T) userstest.Fixture {
			clock := userstest.NewClock()
			fake := userstest.NewFake(clock.Now)
			return userstest.Fixture{
				Service: fake, Clock: clock,
				Events: func(*testing.T) []event.Event { return fake.Events() },
				RemoveIdleGuests: func(t *testing.T) {
					_, err := fake.RemoveIdleGuests(t.Context())
					require.NoError(t, err)
				},
			}
		})
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			userstest.Run(t, func(t *testing.T) userstest.Fixture {
				clock, db := userstest.NewClock(), dbtest.Open(t, dialect, "users")
				return userstest.Fixture{
					Service: build(t, db, clock, fast), Clock: clock,
					Events:           func(t *testing.T) []event.Event { return published(t, db) },
					RemoveIdleGuests: func(t *testing.T) { removeIdleGuests(t, db, clock) },
				}
			})
		})
	}
	for _, placement := range moduletest.Placements() {
		t.Run(placement.String(), func(t *testing.T) {
			t.Parallel()
			userstest.Run(t, func(t *testing.T) userstest.Fixture {
				clock, db := userstest.NewClock(), dbtest.Open(t, placement.Dialect(), "users")
				far := host(t, db, clock, fast)
				return userstest.Fixture{
					Service: place(t, placement.Near(t, far.Module), clock, fast).Service, Clock: clock,
					Several:          placement == moduletest.Half,
					Events:           func(t *testing.T) []event.Event { return published(t, db) },
					RemoveIdleGuests: func(t *testing.T) { removeIdleGuests(t, db, clock) },
				}
			})
		})
	}
}

// removeIdleGuests is what a worker does every ten minutes.
func removeIdleGuests(t *testing.T, db *database.DB, clock *userstest.Clock) {
	t.Helper()
	service, err := app.New(app.Deps{
		Store: gormstore.New(db), Events: outbox.New(db), Idempotency: sqlstore.New(db),
		Logger: slog.New(slog.DiscardHandler), Now: clock.Now,
	})
	require.NoError(t, err)
	_, err = service.RemoveIdleGuests(t.Context(), clock.Now())
	require.NoError(t, err)
}

// published reads the module's outbox.
func published(t *testing.T, db *database.DB) []event.Event {
	t.Helper()
	var rows []struct {
		Name, Key string
		Version   int
		Payload   []byte
	}
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT name, version, key, payload FROM outbox ORDER BY seq`).Scan(&rows).Error)
	var events []event.Event
	for _, found := range rows {
		row := event.Envelope{Name: found.Name, Version: found.Version, Key: found.Key, Payload: found.Payload}
		switch row.Name {
		case users.EventRegistered:
			events = append(events, decode[users.Registered](t, row))
		case users.EventChanged:
			events = append(events, decode[users.Changed](t, row))
		case users.EventMerged:
			events = append(events, decode[users.Merged](t, row))
		case users.EventRemoved:
			events = append(events, decode[users.Removed](t, row))
		case users.EventVerificationRequested:
			events = append(events, decode[users.VerificationRequested](t, row))
		case users.EventPasswordResetRequested:
			events = append(events, decode[users.PasswordResetRequested](t, row))
		default:
			require.Failf(t, "unknown event", "%s", row.Name)
		}
	}
	return events
}

func decode[T event.Event](t *testing.T, e event.Envelope) event.Event {
	t.Helper()
	payload, err := event.Decode[T](e)
	require.NoError(t, err)
	require.Equal(t, payload.EventKey(), e.Key)
	require.Equal(t, payload.EventVersion(), e.Version)
	return payload
}
