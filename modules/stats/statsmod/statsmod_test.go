package statsmod_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/modules/stats"
	"shop/modules/stats/statsmod"
	"shop/modules/stats/statstest"
	"shop/modules/users"
	"shop/platform/audit"
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

// A count that is off is found, named and, when asked, counted again: one too
// many, one missing, and one of entries that there are not.
func TestVerify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		service := build(t, db).Service
		ctx := identity.With(t.Context(), identity.Actor{Service: "audit"})
		hour := statstest.Now().Truncate(time.Hour)
		_, err := service.Record(ctx, stats.RecordInput{Actions: []stats.Action{
			{Action: "a", At: hour}, {Action: "a", At: hour}, {Action: "b", At: hour.AddDate(0, 0, -3)}, {Action: "c", At: hour},
		}})
		require.NoError(t, err)
		for _, statement := range []string{
			`UPDATE log_hours SET entries = 7 WHERE action = 'a'`, `DELETE FROM log_hours WHERE action = 'b'`,
			`INSERT INTO log_hours (hour, action, entries) SELECT hour, 'd', 5 FROM log_hours WHERE action = 'a'`,
		} {
			require.NoError(t, db.Write(ctx).Exec(statement).Error)
		}
		found := []audit.Finding{
			{Check: "stats.log_hours", Subject: "2026-11-21T13:00:00Z b", Want: "1", Got: "0"},
			{Check: "stats.log_hours", Subject: "2026-11-24T13:00:00Z a", Want: "2", Got: "7"},
			{Check: "stats.log_hours", Subject: "2026-11-24T13:00:00Z d", Want: "0", Got: "5"},
		}
		verify := func(repair bool) audit.Report {
			report, err := service.Verify(ctx, audit.Input{Repair: repair})
			require.NoError(t, err)
			return report
		}
		for range 2 { // looking changes nothing
			report := verify(false)
			require.Equal(t, found, report.Findings)
			require.Equal(t, map[string]int64{"stats.log_hours": 4}, report.Checked)
		}
		for i := range found {
			found[i].Repaired = true
		}
		require.Equal(t, found, verify(true).Findings)
		report := verify(false)
		require.Empty(t, report.Findings)
		require.Equal(t, map[string]int64{"stats.log_hours": 3}, report.Checked)
		counts, err := service.Summary(ctx, stats.SummaryInput{From: hour.AddDate(0, 0, -4), To: hour.Add(time.Hour), By: stats.ByAction})
		require.NoError(t, err)
		require.Equal(t, []stats.Count{
			{From: hour.AddDate(0, 0, -3), Key: "b", Count: 1}, {From: hour, Key: "a", Count: 2}, {From: hour, Key: "c", Count: 1},
		}, counts.Counts)
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
