package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/module"
)

// moduleOf is one of the shop's.
func (s *shop) moduleOf(t *testing.T, name string) module.Module {
	t.Helper()
	for _, m := range s.Modules {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("there is no module %s", name)
	return module.Module{}
}

// What operators see of events that were not handled, and do about it.
func TestEvents_REST(t *testing.T) {
	t.Parallel()
	s := stillShop(t, settings(t, database.SQLite))
	users := s.moduleOf(t, "users")
	list := func(query string) []any {
		got := call(t, s.internal, http.MethodGet, "/internal/events"+query, s.admin, nil)
		require.Equal(t, http.StatusOK, got.status, got.text)
		return got.json(t)["items"].([]any) //nolint:forcetypeassert // a test may panic
	}
	require.Empty(t, list(""))
	s.customer(t, "grace@example.com")
	s.customer(t, "lin@example.com")
	ctx := t.Context()
	require.NoError(t, users.DB.Write(ctx).Exec(
		`INSERT INTO outbox_failures (subscriber, seq, event_id, key, attempts, error, dead)
		 SELECT 'email', seq, id, key, 10, 'no mail server', 1 FROM outbox WHERE name = 'users.registered'`).Error)
	require.NoError(t, users.DB.Write(ctx).Exec(
		`INSERT INTO outbox_failures (subscriber, seq, event_id, key, attempts, next_at, error, dead)
		 SELECT 'stats', seq, id, key, 2, '2030-01-01 00:00:00', 'busy', 0 FROM outbox WHERE name = 'users.registered' ORDER BY seq LIMIT 1`).Error)

	s.requireBacklog(t, "email", 0, 2)
	s.requireBacklog(t, "stats", 2, 0)
	require.Len(t, list(""), 3)
	require.Len(t, list("?dead=false"), 1)
	require.Len(t, list("?dead=true&subscriber=email&publisher=users"), 2)
	require.Empty(t, list("?subscriber=cart"))
	require.Empty(t, list("?publisher=payments"))
	first := call(t, s.internal, http.MethodGet, "/internal/events?limit=2", s.admin, nil)
	next, _ := first.json(t)["next_cursor"].(string)
	require.NotEmpty(t, next)
	require.Len(t, list("?limit=2&cursor="+next), 1)
	require.Equal(t, http.StatusNotFound, call(t, s.internal, http.MethodGet, "/internal/events?publisher=mars", s.admin, nil).status)
	require.Equal(t, http.StatusUnprocessableEntity, call(t, s.internal, http.MethodGet, "/internal/events?cursor=x", s.admin, nil).status)

	failed := list("?limit=1")[0].(map[string]any) //nolint:forcetypeassert // a test may panic
	require.Subset(t, failed, map[string]any{
		"publisher": "users", "subscriber": "email", "name": "users.registered", "attempts": 10.0, "error": "no mail server", "dead": true,
	})
	require.NotContains(t, failed, "payload")
	eventID, _ := failed["id"].(string)
	shown := call(t, s.internal, http.MethodGet, "/internal/events/"+eventID, s.admin, nil)
	require.Equal(t, http.StatusOK, shown.status, shown.text)
	require.Contains(t, shown.text, `"payload":{"user_id":"user_`)
	require.Contains(t, shown.text, `"subscriber":"stats"`)
	unknown := call(t, s.internal, http.MethodGet, "/internal/events/evt_01h455vb4pex5vsknk084sn02q", s.admin, nil)
	require.Equal(t, http.StatusNotFound, unknown.status)

	_, customer := s.customer(t, "ada@example.com")
	for _, token := range []string{"", customer} {
		got := call(t, s.internal, http.MethodGet, "/internal/events/"+eventID, token, nil)
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, got.status)
	}
	require.Equal(t, http.StatusNotFound, call(t, s.public, http.MethodGet, "/internal/events", s.admin, nil).status)

	replay := func(status int, body string) string {
		got := call(t, s.internal, http.MethodPost, "/internal/events/replay", s.admin, body)
		require.Equal(t, status, got.status, got.text)
		return got.text
	}
	require.Contains(t, replay(422, `{"publisher":"users","subscriber":"email"}`), "body.ids")
	replay(404, `{"publisher":"mars","subscriber":"email","all":true}`)
	require.JSONEq(t, `{"replayed":1}`, replay(200, `{"publisher":"users","subscriber":"email","ids":["`+eventID+`"]}`))
	require.JSONEq(t, `{"replayed":0}`, replay(200, `{"publisher":"users","subscriber":"email","ids":["`+eventID+`"]}`))
	require.JSONEq(t, `{"replayed":1}`, replay(200, `{"publisher":"users","subscriber":"email","all":true}`))
	require.Empty(t, list("?dead=true"))
}

// requireBacklog requires what the metrics say of the users' events for a
// subscriber.
func (s *shop) requireBacklog(t *testing.T, subscriber string, waiting, dead float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	metrics, err := newEventMetrics(registry)
	require.NoError(t, err)
	require.NoError(t, metrics.CountBacklogs(t.Context(), awaitedOf(s.Modules), time.Now().Add(time.Hour)))
	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == "users" && m.GetLabel()[1].GetValue() == subscriber {
				got[f.GetName()] = m.GetGauge().GetValue()
			}
		}
	}
	require.Equal(t, waiting, got["shop_events_waiting"])   //nolint:testifylint // whole numbers
	require.Equal(t, dead, got["shop_events_dead_letters"]) //nolint:testifylint // whole numbers
	require.Equal(t, waiting > 0, got["shop_events_waiting_oldest_seconds"] > 3500)
}

// The commands of an operator beside a running shop.
func TestEventsCommands(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), nil)
	code, text := p.operate(t, "events", "list")
	require.Equal(t, exitOK, code, text)
	require.Equal(t, "Every event was handled, or waits for its turn.\n", text)
	db, err := database.Open(t.Context(), database.Options{Module: "users", DataDir: p.Config.DataDir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	const event = "evt_01h455vb4pex5vsknk084sn02q"
	require.NoError(t, db.Write(t.Context()).Exec(
		`INSERT INTO outbox (id, name, version, key, payload, trace_parent, created_at)
		 VALUES (x'01890a5dac96774bbcceb302099a8057', 'users.registered', 1, 'user_1', '{"user_id":"user_1"}', '', '2026-11-02 09:30:00')`).Error)
	require.NoError(t, db.Write(t.Context()).Exec(
		`INSERT INTO outbox_failures (subscriber, seq, event_id, key, attempts, error, dead)
		 SELECT 'email', seq, id, key, 10, 'no mail' || char(10) || 'server', 1 FROM outbox WHERE key = 'user_1'`).Error)

	code, text = p.operate(t, "events", "--dead", "--subscriber", "email")
	require.Equal(t, exitOK, code, text)
	require.Regexp(t, `(?m)^PUBLISHER +SUBSCRIBER +EVENT +NAME +ABOUT +ATTEMPTS +NEXT +ERROR$`, text)
	require.Regexp(t, `(?m)^users +email +evt_\w+ +users\.registered +user_1 +10 +dead +no mail server$`, text)
	code, text = p.operate(t, "events", "show", event)
	require.Equal(t, exitOK, code, text)
	require.Contains(t, text, `"user_id": "user_1"`)
	code, text = p.operate(t, "events", "replay", "--publisher", "users", "--subscriber", "email", event)
	require.Equal(t, exitOK, code, text)
	require.Equal(t, "1 of users's events go to email again\n", text)
	code, text = p.operate(t, "events", "replay", "--publisher", "mars", "--subscriber", "email", "--all")
	require.Equal(t, exitFailure, code)
	require.Contains(t, text, "publisher_not_known")
}
