package usersmod_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/usersmod"
	"shop/modules/users/userstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/flip"
	"shop/platform/module"
)

// fast makes hashing cheap; what real parameters do is tested by itself.
var fast = usersmod.Settings{PasswordMemory: 64, PasswordIterations: 1, PasswordsAtOnce: 4}

func deps(db *database.DB, clock *userstest.Clock, settings usersmod.Settings) usersmod.Deps {
	d := usersmod.Deps{
		Deps: module.Deps{
			DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil),
		},
		Settings: settings,
	}
	if clock != nil {
		d.Now = clock.Now
	}
	return d
}

// build builds the module; a nil clock is the real one.
func build(tb testing.TB, db *database.DB, clock *userstest.Clock, settings usersmod.Settings) users.Service {
	tb.Helper()
	built, err := usersmod.New(deps(db, clock, settings))
	require.NoError(tb, err)
	return built.Service
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
					Events: func(t *testing.T) []event.Event { return published(t, db) },
				}
			})
		})
	}
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
