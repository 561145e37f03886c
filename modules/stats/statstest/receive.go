package statstest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/modules/stats"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

// envelope is an event that happened at a time.
func envelope(t *testing.T, e event.Event, at time.Time) event.Envelope {
	t.Helper()
	payload, err := json.Marshal(e)
	require.NoError(t, err)
	return event.Envelope{
		ID: id.NewEvent(), Name: e.EventName(), Version: e.EventVersion(), Key: e.EventKey(), At: at, Payload: payload,
	}
}

func removed(t *testing.T, user id.User) event.Envelope {
	t.Helper()
	return envelope(t, users.Removed{UserID: user}, Now())
}

// noted are events of a user with the entries that they are to become, without
// identifiers, in the order of time.
func noted(t *testing.T, user id.User) ([]event.Envelope, []stats.Entry) {
	t.Helper()
	out := cart.CheckedOut{CheckoutID: id.NewCheckout(), UserID: user, InvoiceID: id.NewInvoice(), Total: money.Of(4200, "EUR"), Lines: 2}
	paid := payments.InvoicePaid{InvoiceID: out.InvoiceID, UserID: user, Total: money.Of(4200, "EUR"), PaymentID: id.NewPayment()}
	var events []event.Envelope
	for i, e := range []event.Event{users.Registered{UserID: user}, out, paid} {
		events = append(events, envelope(t, e, Now().Add(time.Duration(i)*time.Second+789)))
	}
	return events, []stats.Entry{
		{UserID: user, Action: "user_registered", At: Now()},
		{
			UserID: user, Action: "checked_out", At: Now().Add(time.Second),
			Data: json.RawMessage(`{"checkout_id":"` + out.CheckoutID.String() + `","invoice_id":"` + out.InvoiceID.String() + `"}`),
		},
		{
			UserID: user, Action: "paid", At: Now().Add(2 * time.Second),
			Data: json.RawMessage(`{"invoice_id":"` + out.InvoiceID.String() + `","total":{"amount":4200,"currency":"EUR"}}`),
		},
	}
}

// unidentified are entries without their identifiers, which nobody knows before.
func unidentified(entries []stats.Entry) []stats.Entry {
	plain := slices.Clone(entries)
	for i := range plain {
		plain[i].ID = id.LogEntry{}
	}
	return plain
}

func receiveNoted(t *testing.T, s stats.Service) {
	events, want := noted(t, id.NewUser())
	for range 2 { // events may come twice
		for _, e := range slices.Backward(events) { // those of several publishers in any order
			require.NoError(t, s.Receive(asService(t), e))
		}
		require.Empty(t, cmp.Diff(want, unidentified(all(t, s, everything()))))
	}
	hour := Now().Truncate(time.Hour)
	in := stats.SummaryInput{From: hour, To: hour.Add(time.Hour), By: stats.ByAction}
	require.Empty(t, cmp.Diff([]stats.Count{
		{From: hour, Key: "checked_out", Count: 1}, {From: hour, Key: "paid", Count: 1}, {From: hour, Key: "user_registered", Count: 1},
	}, summarize(t, s, in)))
}

func receiveLate(t *testing.T, s stats.Service) {
	gone, other := id.NewUser(), id.NewUser()
	late, want := noted(t, gone)
	usual, others := noted(t, other)
	require.NoError(t, s.Receive(asService(t), removed(t, gone)))
	for _, e := range slices.Concat(late, usual) {
		require.NoError(t, s.Receive(asService(t), e))
	}
	for i := range want {
		want[i].UserID, want[i].Data = id.User{}, nil
	}
	query := everything()
	query.UserID = other
	require.Empty(t, cmp.Diff(others, unidentified(all(t, s, query))), "another user's stay his")
	query.UserID = gone
	require.Empty(t, all(t, s, query))
	var nobodys []stats.Entry
	for _, e := range all(t, s, everything()) {
		if e.UserID.IsZero() {
			nobodys = append(nobodys, e)
		}
	}
	require.Empty(t, cmp.Diff(want, unidentified(nobodys)), "they count, and are nobody's")
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
