package statsmod_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/modules/stats"
	"shop/modules/stats/statsmod"
	"shop/modules/stats/statstest"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/module/moduletest"
)

func build(t testing.TB, db *database.DB) *statsmod.Built {
	t.Helper()
	built, err := statsmod.New(statsmod.Deps{
		Deps: module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)},
		Now:  statstest.Now,
	})
	require.NoError(t, err)
	return built
}

func TestStats(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		statstest.Run(t, func(t *testing.T) stats.Service { return statstest.NewFake(t, statstest.Now) })
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			statstest.Run(t, func(t *testing.T) stats.Service { return build(t, dbtest.Open(t, dialect, "stats")).Service })
		})
	}
	for _, placement := range moduletest.Placements() {
		t.Run(placement.String(), func(t *testing.T) {
			t.Parallel()
			statstest.Run(t, func(t *testing.T) stats.Service {
				far := build(t, dbtest.Open(t, placement.Dialect(), "stats"))
				near, err := statsmod.New(statsmod.Deps{Deps: placement.Near(t, far.Module), Now: statstest.Now})
				require.NoError(t, err)
				return near.Service
			})
		})
	}
}

// What the module subscribes to, it receives through its face.
func TestSubscriber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		built := build(t, db)
		user := id.NewUser()
		administrator := identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
		_, err := built.Service.Record(administrator, stats.RecordInput{Actions: []stats.Action{{UserID: user, Action: "a"}}})
		require.NoError(t, err)

		require.Len(t, built.Module.Subscribers, 1)
		subscriber := built.Module.Subscribers[0]
		require.Equal(t, "stats", subscriber.Name)
		require.Equal(t, []string{users.EventRegistered, users.EventRemoved, cart.EventCheckedOut, payments.EventInvoicePaid}, subscriber.Events)
		payload, err := json.Marshal(users.Removed{UserID: user})
		require.NoError(t, err)
		require.NoError(t, subscriber.Handle(t.Context(), event.Envelope{ID: id.NewEvent(), Name: users.EventRemoved, Payload: payload}))

		found, err := built.Service.Entries(administrator, stats.EntriesInput{From: statstest.Now(), To: statstest.Now().Add(1000)})
		require.NoError(t, err)
		require.Len(t, found.Items, 1)
		require.True(t, found.Items[0].UserID.IsZero())
	})
}

// Recording without a key is one statement, or a few of sizes that stay prepared.
func TestStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		service := build(t, db).Service
		actions := make([]stats.Action, stats.MaxActions)
		for i := range actions {
			actions[i].Action = "a"
		}
		expected := map[int]int64{1: 1, 100: 1, stats.MaxActions: 1}
		if db.Dialect() == database.SQLite {
			expected = map[int]int64{1: 1, 100: 4, stats.MaxActions: 5}
		}
		for n, want := range expected {
			ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
			ctx, counter := database.WithStatementCounter(ctx)
			_, err := service.Record(ctx, stats.RecordInput{Actions: actions[:n]})
			require.NoError(t, err)
			require.Equal(t, want, counter.Statements(), "%d actions", n)
		}
	})
}
