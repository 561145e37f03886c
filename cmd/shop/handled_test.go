package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/id"
)

// wantedEvents are the names of the events that each module acts on.
func wantedEvents(t *testing.T) map[string][]string {
	t.Helper()
	cfg := settings(t, database.SQLite)
	cfg.Modules = []string{"none"} // it is only asked
	app, closeApp, err := newApp(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer closeApp()
	wanted := map[string][]string{}
	for _, m := range app.Modules {
		for _, s := range m.Subscribers {
			wanted[m.Name] = append(wanted[m.Name], s.Events...)
		}
	}
	require.NotEmpty(t, wanted)
	return wanted
}

// publishers are the modules that have published, with how many events of each
// name.
func (b books) publishers(t *testing.T) map[string]map[string]int64 {
	t.Helper()
	published := map[string]map[string]int64{}
	for module, db := range b {
		if !db.Read(t.Context()).Migrator().HasTable("outbox") {
			continue
		}
		var rows []struct {
			Name string
			N    int64
		}
		b.list(t, &rows, module, `SELECT name, count(*) AS n FROM outbox GROUP BY name`)
		published[module] = map[string]int64{}
		for _, row := range rows {
			published[module][row.Name] = row.N
		}
	}
	return published
}

// unhandled counts the wanted events that each subscriber has not handled, and
// those that are among its failures.
func (b books) unhandled(t *testing.T, wanted map[string][]string) map[string]int64 {
	t.Helper()
	left := map[string]int64{}
	published := b.publishers(t)
	for subscriber, names := range wanted {
		left[subscriber] = -b.number(t, subscriber, `SELECT count(*) FROM inbox`)
		for publisher, events := range published {
			for _, name := range names {
				left[subscriber] += events[name]
			}
			left[subscriber+" of "+publisher+" that failed"] = b.number(t, publisher,
				`SELECT count(*) FROM outbox_failures WHERE subscriber = ?`, subscriber)
		}
	}
	return left
}

// handling is an event as one subscriber knows it.
type handling struct {
	event      id.Event
	subscriber string
}

// requireHandled requires that every event of every type has had its effect on
// every module that wants it, and that none knows of another one: with the effect
// its number is stored, which can be there once.
func (b books) requireHandled(t *testing.T, wanted map[string][]string) {
	t.Helper()
	want, got := map[handling]string{}, map[handling]string{}
	names := map[id.Event]string{}
	for publisher := range b.publishers(t) {
		var rows []struct {
			ID   id.Event
			Name string
		}
		b.list(t, &rows, publisher, `SELECT id, name FROM outbox`)
		for _, row := range rows {
			names[row.ID] = row.Name
		}
	}
	for subscriber, events := range wanted {
		for event, name := range names {
			if slices.Contains(events, name) {
				want[handling{event, subscriber}] = name
			}
		}
		var handled []id.Event
		b.list(t, &handled, subscriber, `SELECT event_id FROM inbox`)
		for _, event := range handled {
			got[handling{event, subscriber}] = names[event]
		}
	}
	require.Equal(t, want, got)

	count := map[string]int{}
	for h, name := range got {
		count[fmt.Sprintf("%s by %s", name, h.subscriber)]++
	}
	var text strings.Builder
	for _, what := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&text, ", %s %d", what, count[what])
	}
	t.Logf("events handled%s", text.String())
}
