package statstest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

func removed(t *testing.T, user id.User) event.Envelope {
	t.Helper()
	e := users.Removed{UserID: user}
	payload, err := json.Marshal(e)
	require.NoError(t, err)
	return event.Envelope{
		ID: id.NewEvent(), Name: e.EventName(), Version: e.EventVersion(), Key: e.EventKey(), At: Now(), Payload: payload,
	}
}

func receiveRemoved(t *testing.T, s stats.Service) {
	gone, other := id.NewUser(), id.NewUser()
	many := make([]stats.Action, stats.MaxActions)
	for i := range many {
		many[i] = stats.Action{UserID: gone, Action: "a", Data: json.RawMessage(`{"name":"Ada"}`)}
	}
	record(t, s, many...)
	record(t, s, stats.Action{UserID: gone, Action: "a"}, stats.Action{UserID: other, Action: "a", Data: json.RawMessage(`{"name":"Bob"}`)})
	before := all(t, s, everything())

	e := removed(t, gone)
	for range 2 { // events may come twice
		require.NoError(t, s.Receive(asService(t), e))
		want := make([]stats.Entry, len(before))
		for i, entry := range before {
			if entry.UserID == gone {
				entry.UserID, entry.Data = id.User{}, nil
			}
			want[i] = entry
		}
		require.Empty(t, cmp.Diff(want, all(t, s, everything())))
	}
	require.Empty(t, cmp.Diff(
		[]stats.Count{{From: at(11, 24, 0, 0), Count: stats.MaxActions + 2}},
		summarize(t, s, stats.SummaryInput{From: at(11, 24, 0, 0), To: at(11, 25, 0, 0), Bucket: stats.BucketDay}),
	))
}

func receiveForgetsAnswers(t *testing.T, s stats.Service) {
	user := id.NewUser()
	in := stats.RecordInput{Key: idempotency.NewKey("k"), Actions: []stats.Action{{Action: "a"}}}
	first, err := s.Record(as(t, user), in)
	require.NoError(t, err)
	require.NoError(t, s.Receive(asService(t), removed(t, user)))
	second, err := s.Record(as(t, user), in)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
}

func receiveInvalid(t *testing.T, s stats.Service) {
	good := removed(t, id.NewUser())
	for name, test := range map[string]struct {
		change func(*event.Envelope)
		field  string
	}{
		"another event":   {func(e *event.Envelope) { e.Name = users.EventVerificationRequested }, "body.name"},
		"no payload":      {func(e *event.Envelope) { e.Payload = nil }, "body.payload"},
		"another payload": {func(e *event.Envelope) { e.Payload = json.RawMessage(`{"user_id":7}`) }, "body.payload"},
		"nobody":          {func(e *event.Envelope) { e.Payload = json.RawMessage(`{}`) }, "body.payload"},
	} {
		t.Run(name, func(t *testing.T) {
			e := good
			test.change(&e)
			err := s.Receive(asService(t), e)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.Equal(t, []string{test.field}, locations(err))
		})
	}
}

func receiveForbidden(t *testing.T, s stats.Service) {
	e := removed(t, id.NewUser())
	require.ErrorIs(t, s.Receive(t.Context(), e), identity.ErrUnauthenticated)
	require.ErrorIs(t, s.Receive(asAdministrator(t), e), identity.ErrForbidden)
}
