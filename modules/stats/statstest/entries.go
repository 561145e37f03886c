package statstest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

func entriesHalfOpen(t *testing.T, s stats.Service) {
	from, to := Now().Add(-time.Hour), Now()
	done := record(
		t, s,
		stats.Action{Action: "before", At: from.Add(-time.Microsecond)},
		stats.Action{Action: "first", At: from},
		stats.Action{Action: "last", At: to.Add(-time.Microsecond)},
		stats.Action{Action: "after", At: to},
	)
	require.Equal(t, done[1:3], ids(all(t, s, stats.EntriesInput{From: from, To: to})))
	// The same instants said in another zone.
	zone := time.FixedZone("", -9*3600)
	require.Equal(t, done[1:3], ids(all(t, s, stats.EntriesInput{From: from.In(zone), To: to.In(zone)})))
	require.Empty(t, all(t, s, stats.EntriesInput{From: to, To: to}))
}

func entriesDefaultPeriod(t *testing.T, s stats.Service) {
	done := record(
		t, s,
		stats.Action{Action: "a", At: Now().Add(-stats.DefaultPeriod - time.Microsecond)},
		stats.Action{Action: "b", At: Now().Add(-stats.DefaultPeriod)},
		stats.Action{Action: "c", At: Now().Add(-time.Microsecond)},
		stats.Action{Action: "d", At: Now()},
	)
	require.Equal(t, done[1:3], ids(all(t, s, stats.EntriesInput{})))
	require.Equal(t, done[:2], ids(all(t, s, stats.EntriesInput{To: Now().Add(-time.Hour)})))
	require.Equal(t, done[2:3], ids(all(t, s, stats.EntriesInput{From: Now().Add(-time.Hour)})))
}

func entriesPages(t *testing.T, s stats.Service) {
	actions := make([]stats.Action, 25)
	for i := range actions {
		// Several at one instant, and not in the order of time.
		actions[i] = stats.Action{Action: "a", At: Now().Add(-time.Duration((i*7)%5) * time.Second)}
	}
	record(t, s, actions...)
	query := everything()
	whole := all(t, s, query)
	require.Len(t, whole, len(actions))
	for i := 1; i < len(whole); i++ {
		order := whole[i-1].At.Compare(whole[i].At)
		require.LessOrEqual(t, order, 0)
		if order == 0 {
			require.Less(t, whole[i-1].ID.String(), whole[i].ID.String())
		}
	}
	for _, limit := range []int{1, 3, 24, 25} {
		query.Page.Limit = limit
		require.Equal(t, ids(whole), ids(all(t, s, query)))
	}
	query.Page.Limit = 0
	first, err := s.Entries(asService(t), query)
	require.NoError(t, err)
	require.Len(t, first.Items, page.DefaultLimit)
	require.Nil(t, first.Total)
}

func entriesMovingPeriod(t *testing.T, s stats.Service) {
	from := Now().Add(-stats.DefaultPeriod)
	done := record(t, s, stats.Action{Action: "a", At: from}, stats.Action{Action: "b", At: from.Add(time.Second)})
	first, err := s.Entries(asService(t), stats.EntriesInput{Page: page.Request{Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, done[:1], ids(first.Items))
	// By the time of the second page the default period begins later.
	second, err := s.Entries(asService(t), stats.EntriesInput{
		To: Now().Add(time.Minute), Page: page.Request{Limit: 1, Cursor: first.Next},
	})
	require.NoError(t, err)
	require.Equal(t, done[1:], ids(second.Items))
}

func entriesFilters(t *testing.T, s stats.Service) {
	one, other := id.NewUser(), id.NewUser()
	done := record(
		t, s,
		stats.Action{UserID: one, Action: "a"}, stats.Action{UserID: one, Action: "b"},
		stats.Action{UserID: other, Action: "a"}, stats.Action{Action: "a"},
	)
	for name, test := range map[string]struct {
		action string
		user   id.User
		want   []id.LogEntry
	}{
		"action":     {"a", id.User{}, []id.LogEntry{done[0], done[2], done[3]}},
		"user":       {"", one, []id.LogEntry{done[0], done[1]}},
		"both":       {"b", one, []id.LogEntry{done[1]}},
		"no such":    {"b", other, []id.LogEntry{}},
		"no filters": {"", id.User{}, done},
	} {
		t.Run(name, func(t *testing.T) {
			query := everything()
			query.Action, query.UserID = test.action, test.user
			for _, limit := range []int{1, 100} {
				query.Page.Limit = limit
				require.Equal(t, test.want, ids(all(t, s, query)))
			}
		})
	}
}

func entriesCount(t *testing.T, s stats.Service) {
	record(t, s, stats.Action{Action: "a"}, stats.Action{Action: "a"}, stats.Action{Action: "b"}, stats.Action{Action: "a"})
	query := everything()
	query.Action, query.Page = "a", page.Request{Limit: 1, CountExact: true}
	for range 2 { // also on the second page
		p, err := s.Entries(asService(t), query)
		require.NoError(t, err)
		require.NotNil(t, p.Total)
		require.EqualValues(t, 3, *p.Total)
		query.Page.Cursor = p.Next
	}
}

func entriesOwned(t *testing.T, s stats.Service) {
	data := json.RawMessage(`{"a":1}`)
	record(t, s, stats.Action{Action: "a", Data: data})
	data[2] = 'X'
	first := all(t, s, everything())
	require.Equal(t, `{"a":1}`, string(first[0].Data))
	first[0].Data[2] = 'X'
	require.Equal(t, `{"a":1}`, string(all(t, s, everything())[0].Data))
}

func entriesCursor(t *testing.T, s stats.Service) {
	good := page.Cursor{Sort: "at", Key: "2026-11-24T13:05:00Z", ID: id.NewLogEntry().String()}
	for name, text := range map[string]string{
		"no cursor":        "nonsense!",
		"of another sort":  page.Cursor{Sort: "name", Key: good.Key, ID: good.ID}.Encode(),
		"no time":          page.Cursor{Sort: "at", Key: "yesterday", ID: good.ID}.Encode(),
		"another kind":     page.Cursor{Sort: "at", Key: good.Key, ID: id.NewUser().String()}.Encode(),
		"SQL in the place": page.Cursor{Sort: "at", Key: good.Key, ID: "' OR 1=1 --"}.Encode(),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Entries(asService(t), stats.EntriesInput{Page: page.Request{Cursor: text}})
			require.ErrorIs(t, err, page.ErrCursor)
			require.Equal(t, []string{"query.cursor"}, locations(err))
		})
	}
	_, err := s.Entries(asService(t), stats.EntriesInput{Page: page.Request{Cursor: good.Encode()}})
	require.NoError(t, err)
}

func entriesInvalid(t *testing.T, s stats.Service) {
	for field, in := range map[string]stats.EntriesInput{
		"query.from":   {From: Now(), To: Now().Add(-time.Microsecond)},
		"query.action": {Action: "A'"},
	} {
		_, err := s.Entries(asService(t), in)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.Equal(t, []string{field}, locations(err))
	}
}

func entriesForbidden(t *testing.T, s stats.Service) {
	_, err := s.Entries(t.Context(), everything())
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Entries(as(t, id.NewUser()), everything())
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = s.Entries(asAdministrator(t), everything())
	require.NoError(t, err)
}
