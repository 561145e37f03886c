package statstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

func recordOne(t *testing.T, s stats.Service) {
	user := id.NewUser()
	at := time.Date(2026, 11, 24, 14, 4, 5, 123_456_789, time.FixedZone("CET", 3600))
	done, err := s.Record(as(t, user), stats.RecordInput{Actions: []stats.Action{{
		UserID: user, Action: "product.viewed:2024_a-b", Data: json.RawMessage(`{"position":3}`), At: at,
	}}})
	require.NoError(t, err)
	require.Len(t, done.IDs, 1)
	want := []stats.Entry{{
		ID: done.IDs[0], UserID: user, Action: "product.viewed:2024_a-b", Data: json.RawMessage(`{"position":3}`),
		At: time.Date(2026, 11, 24, 13, 4, 5, 123_456_000, time.UTC),
	}}
	require.Empty(t, cmp.Diff(want, all(t, s, everything())))
}

func recordMany(t *testing.T, s stats.Service) {
	user := id.NewUser()
	at := Now().Add(-time.Minute)
	done := record(
		t, s,
		stats.Action{UserID: user, Action: "a", At: at, Data: json.RawMessage(`{"n":1}`)},
		stats.Action{UserID: user, Action: "b", At: at},
		stats.Action{Action: "c", At: at, Data: json.RawMessage(`{}`)},
	)
	want := []stats.Entry{
		{ID: done[0], UserID: user, Action: "a", At: at, Data: json.RawMessage(`{"n":1}`)},
		{ID: done[1], UserID: user, Action: "b", At: at},
		{ID: done[2], Action: "c", At: at, Data: json.RawMessage(`{}`)},
	}
	require.Empty(t, cmp.Diff(want, all(t, s, everything())))
}

func recordLargest(t *testing.T, s stats.Service) {
	actions := make([]stats.Action, stats.MaxActions)
	for i := range actions {
		actions[i] = stats.Action{Action: "a" + strconv.Itoa(i), Data: json.RawMessage(`{"i":` + strconv.Itoa(i) + `}`)}
	}
	done := record(t, s, actions...)
	query := everything()
	entries := all(t, s, query)
	require.Equal(t, done, ids(entries))
	for i, e := range entries {
		require.Equal(t, actions[i].Action, e.Action)
		require.JSONEq(t, string(actions[i].Data), string(e.Data))
	}
}

func recordDefaults(t *testing.T, s stats.Service) {
	user := id.NewUser()
	for name, caller := range map[string]struct {
		actor identity.Actor
		want  id.User
	}{
		"customer":         {identity.Actor{User: user}, user},
		"administrator":    {identity.Actor{User: user, Administrator: true}, user},
		"service":          {identity.Actor{Service: "cart"}, id.User{}},
		"service for user": {identity.Actor{Service: "cart", User: user}, user},
	} {
		t.Run(name, func(t *testing.T) {
			action := strings.ReplaceAll(name, " ", "_")
			_, err := s.Record(identity.With(t.Context(), caller.actor), stats.RecordInput{Actions: []stats.Action{{Action: action}}})
			require.NoError(t, err)
			query := everything()
			query.Action = action
			entries := all(t, s, query)
			require.Len(t, entries, 1)
			require.Equal(t, caller.want, entries[0].UserID)
			require.Equal(t, Now(), entries[0].At)
			require.Nil(t, entries[0].Data)
		})
	}
}

func recordNumbers(t *testing.T, s stats.Service) {
	const data = `{"big":12345678901234567890123,"money":0.10,"tiny":1e-400,"huge":1e400,"text":"<ä\u00e4\ud83d\ude00>"}`
	record(t, s, stats.Action{Action: "a", Data: json.RawMessage(data)})
	entries := all(t, s, everything())
	require.Len(t, entries, 1)
	require.Equal(t, data, string(entries[0].Data))
}

func recordSpace(t *testing.T, s stats.Service) {
	const compact = `{"a b":[1.0,"c \" d"]}`
	record(
		t, s,
		stats.Action{Action: "a", Data: json.RawMessage(" {\n\t\"a b\" : [ 1.0, \"c \\\" d\" ]\r\n} ")},
		stats.Action{Action: "b", Data: json.RawMessage{}},
	)
	entries := all(t, s, everything())
	require.Len(t, entries, 2)
	require.True(t, bytes.Equal([]byte(compact), entries[0].Data), "the very bytes: %s", entries[0].Data)
	require.Nil(t, entries[1].Data)
}

func recordAnonymous(t *testing.T, s stats.Service) {
	_, err := s.Record(t.Context(), stats.RecordInput{Actions: []stats.Action{{Action: "a"}}})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
}

func recordForeign(t *testing.T, s stats.Service) {
	self, other := id.NewUser(), id.NewUser()
	_, err := s.Record(as(t, self), stats.RecordInput{Actions: []stats.Action{{UserID: self, Action: "a"}, {UserID: other, Action: "a"}}})
	require.ErrorIs(t, err, identity.ErrForbidden)
	require.Equal(t, []string{"body[1].user_id"}, locations(err))
	_, err = s.Record(as(t, self), stats.RecordInput{Actions: []stats.Action{{UserID: other, Action: "a"}}})
	require.ErrorIs(t, err, identity.ErrForbidden)
	require.Equal(t, []string{"body.user_id"}, locations(err))
	require.Empty(t, all(t, s, everything()))
	for _, ctx := range []context.Context{asAdministrator(t), asService(t)} {
		_, err = s.Record(ctx, stats.RecordInput{Actions: []stats.Action{{UserID: other, Action: "a"}}})
		require.NoError(t, err)
	}
}

func recordInvalid(t *testing.T, s stats.Service) {
	nested := func(levels int) json.RawMessage {
		return json.RawMessage(strings.Repeat(`{"a":`, levels-1) + `{}` + strings.Repeat("}", levels-1))
	}
	sized := func(bytes int) json.RawMessage {
		return json.RawMessage(`{"a":"` + strings.Repeat("x", bytes-len(`{"a":""}`)) + `"}`)
	}
	for name, test := range map[string]struct {
		action stats.Action
		field  string // empty when it is good
	}{
		"no action":                 {stats.Action{}, "body.action"},
		"longest action":            {stats.Action{Action: strings.Repeat("a", stats.MaxActionLength)}, ""},
		"action too long":           {stats.Action{Action: strings.Repeat("a", stats.MaxActionLength+1)}, "body.action"},
		"upper case":                {stats.Action{Action: "Viewed"}, "body.action"},
		"begins with a sign":        {stats.Action{Action: ".viewed"}, "body.action"},
		"begins with a digit":       {stats.Action{Action: "2nd"}, ""},
		"with a space":              {stats.Action{Action: "was viewed"}, "body.action"},
		"with a NUL":                {stats.Action{Action: "a\x00"}, "body.action"},
		"beyond ASCII":              {stats.Action{Action: "gekauft.ä"}, "body.action"},
		"SQL":                       {stats.Action{Action: "a'; drop table log_entries --"}, "body.action"},
		"data that is no JSON":      {stats.Action{Action: "a", Data: json.RawMessage(`{"a":tru}`)}, "body.data"},
		"data that ends early":      {stats.Action{Action: "a", Data: json.RawMessage(`{"a":1`)}, "body.data"},
		"data with mixed brackets":  {stats.Action{Action: "a", Data: json.RawMessage(`{"a":[}]`)}, "body.data"},
		"data that is an array":     {stats.Action{Action: "a", Data: json.RawMessage(` []`)}, "body.data"},
		"data that is null":         {stats.Action{Action: "a", Data: json.RawMessage(`null`)}, "body.data"},
		"data that is only space":   {stats.Action{Action: "a", Data: json.RawMessage(` `)}, "body.data"},
		"data that is not UTF-8":    {stats.Action{Action: "a", Data: json.RawMessage("{\"a\":\"\xff\"}")}, "body.data"},
		"brackets in a string":      {stats.Action{Action: "a", Data: json.RawMessage(`{"a":"\"[[[[[[[[[[[[[[[[[[[["}`)}, ""},
		"deepest data":              {stats.Action{Action: "a", Data: nested(stats.MaxDataDepth)}, ""},
		"data too deep":             {stats.Action{Action: "a", Data: nested(stats.MaxDataDepth + 1)}, "body.data"},
		"largest data":              {stats.Action{Action: "a", Data: sized(stats.MaxDataBytes)}, ""},
		"data too large":            {stats.Action{Action: "a", Data: sized(stats.MaxDataBytes + 1)}, "body.data"},
		"the first moment":          {stats.Action{Action: "a", At: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}, ""},
		"before it":                 {stats.Action{Action: "a", At: time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)}, "body.at"},
		"as far ahead as allowed":   {stats.Action{Action: "a", At: Now().Add(stats.MaxAhead)}, ""},
		"a microsecond too far":     {stats.Action{Action: "a", At: Now().Add(stats.MaxAhead + time.Microsecond)}, "body.at"},
		"a year that nobody can be": {stats.Action{Action: "a", At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, "body.at"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Record(asService(t), stats.RecordInput{Actions: []stats.Action{test.action}})
			if test.field == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
			require.Equal(t, []string{test.field}, locations(err))
		})
	}
	for name, actions := range map[string][]stats.Action{"none": nil, "one too many": make([]stats.Action, stats.MaxActions+1)} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Record(asService(t), stats.RecordInput{Actions: actions})
			require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
			require.Equal(t, []string{"body"}, locations(err))
		})
	}
}

func recordNamesAll(t *testing.T, s stats.Service) {
	_, err := s.Record(asService(t), stats.RecordInput{Actions: []stats.Action{
		{Action: "A", Data: json.RawMessage(`1`)}, {Action: "good"}, {Action: "good", At: Now().Add(time.Hour)},
	}})
	require.Equal(t, []string{"body[0].action", "body[0].data", "body[2].at"}, locations(err))
	_, err = s.Record(asService(t), stats.RecordInput{Actions: make([]stats.Action, stats.MaxActions)})
	require.Len(t, locations(err), 100) // enough to see what is wrong
}

func recordAllOrNone(t *testing.T, s stats.Service) {
	actions := make([]stats.Action, stats.MaxActions)
	for i := range actions {
		actions[i].Action = "good"
	}
	actions[stats.MaxActions-1].Action = "BAD"
	_, err := s.Record(asService(t), stats.RecordInput{Actions: actions})
	require.Equal(t, []string{"body[999].action"}, locations(err))
	require.Empty(t, all(t, s, everything()))
}

func recordRepeated(t *testing.T, s stats.Service) {
	user := id.NewUser()
	in := func() stats.RecordInput {
		return stats.RecordInput{Key: idempotency.NewKey("k"), Actions: []stats.Action{{Action: "a"}, {Action: "b"}}}
	}
	first, err := s.Record(as(t, user), in())
	require.NoError(t, err)
	again := in()
	second, err := s.Record(as(t, user), again)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.True(t, again.Key.Replayed())
	require.Equal(t, first.IDs, ids(all(t, s, everything())))
	// The same key of somebody else is another one.
	other, err := s.Record(as(t, id.NewUser()), in())
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}

func recordMismatch(t *testing.T, s stats.Service) {
	user := id.NewUser()
	_, err := s.Record(as(t, user), stats.RecordInput{Key: idempotency.NewKey("k"), Actions: []stats.Action{{Action: "a"}}})
	require.NoError(t, err)
	_, err = s.Record(as(t, user), stats.RecordInput{Key: idempotency.NewKey("k"), Actions: []stats.Action{{Action: "b"}}})
	require.ErrorIs(t, err, idempotency.ErrMismatch)
}

// recordParallel lets 64 record at once: each entry is there once, each caller's
// in order, and the counts are those of the entries.
func recordParallel(t *testing.T, s stats.Service) {
	const callers, calls = 64, 2
	users, done := make([]id.User, callers), make([][]id.LogEntry, callers)
	failures := make([]error, callers)
	hour := Now().Truncate(time.Hour)
	var running sync.WaitGroup
	for c := range callers {
		users[c] = id.NewUser()
		running.Go(func() {
			for call := range calls {
				at := hour.Add(time.Duration(call) * time.Minute)
				recorded, err := s.Record(as(t, users[c]), stats.RecordInput{Actions: []stats.Action{
					{Action: "a", At: at}, {Action: "b", At: hour.Add(-time.Minute)}, {Action: "a", At: at},
				}})
				failures[c] = errors.Join(failures[c], err)
				done[c] = append(done[c], recorded.IDs...)
			}
		})
	}
	running.Wait()
	require.NoError(t, errors.Join(failures...))
	entries := all(t, s, everything())
	require.Len(t, entries, callers*calls*3)
	of := map[id.User][]id.LogEntry{}
	for _, e := range entries {
		of[e.UserID] = append(of[e.UserID], e.ID)
	}
	for c, user := range users {
		d := done[c]
		require.Equal(t, []id.LogEntry{d[1], d[4], d[0], d[2], d[3], d[5]}, of[user], "by time")
	}
	in := stats.SummaryInput{From: hour.Add(-time.Hour), To: hour.Add(time.Hour), By: stats.ByAction}
	require.Empty(t, cmp.Diff([]stats.Count{
		{From: hour.Add(-time.Hour), Key: "b", Count: callers * calls},
		{From: hour, Key: "a", Count: 2 * callers * calls},
	}, summarize(t, s, in)))
	report, err := s.Verify(asService(t), audit.Input{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
	require.Equal(t, map[string]int64{"stats.log_hours": 2}, report.Checked)
}

// locations are the fields that an error names.
func locations(err error) []string {
	var found []string
	for _, field := range fault.From(err).Fields {
		found = append(found, field.Location)
	}
	return found
}
