package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/modules/stats/internal/rest"
	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/module/moduletest"
	"shop/platform/page"
	"shop/platform/remote"
)

// stub is statistics that play a script.
type stub struct{ script *moduletest.Script }

func (s stub) Record(_ context.Context, in stats.RecordInput) (stats.Recorded, error) {
	return moduletest.Play[stats.Recorded](s.script, in)
}

func (s stub) Entries(_ context.Context, in stats.EntriesInput) (page.Page[stats.Entry], error) {
	return moduletest.Play[page.Page[stats.Entry]](s.script, in)
}

func (s stub) Summary(_ context.Context, in stats.SummaryInput) (stats.Summary, error) {
	return moduletest.Play[stats.Summary](s.script, in)
}

func (s stub) Receive(_ context.Context, e event.Envelope) error {
	var payload bytes.Buffer // a recording is indented
	if err := json.Compact(&payload, e.Payload); err != nil {
		return err
	}
	e.Payload = payload.Bytes()
	return moduletest.Perform(s.script, e)
}

func (s stub) Verify(_ context.Context, in audit.Input) (audit.Report, error) {
	return moduletest.Play[audit.Report](s.script, in)
}

func TestContract(t *testing.T) {
	t.Parallel()
	var (
		entry   id.LogEntry
		user    id.User
		eventID id.Event
	)
	require.NoError(t, entry.UnmarshalText([]byte("log_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, user.UnmarshalText([]byte("user_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, eventID.UnmarshalText([]byte("evt_01h455vb4pex5vsknk084sn02q")))
	at := time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC)
	from, to, total := at.Add(-time.Hour), at.Add(time.Hour), int64(41)
	data := json.RawMessage(`{"position":3}`)
	action := stats.Action{UserID: user, Action: "product.viewed", Data: data, At: at}
	keyed := func(key string, actions ...stats.Action) stats.RecordInput {
		return stats.RecordInput{Key: idempotency.NewKey(key), Actions: actions}
	}
	viewed := stats.Entry{ID: entry, UserID: user, Action: "product.viewed", Data: data, At: at}
	nobodys := stats.Entry{ID: entry, Action: "product.viewed", At: at}

	type S = stats.Service
	answers, fails := moduletest.Answers[S], moduletest.Fails[S]
	moduletest.CheckContract(t, moduletest.Contract[S]{
		Module: "stats", Versions: stats.Contract, Register: rest.Register,
		Client: func(r *remote.Client) S { return rest.NewClient(r) },
		Stub:   func(s *moduletest.Script) S { return stub{s} },
		Exchanges: []moduletest.Exchange[S]{
			answers("Record", stats.Recorded{IDs: []id.LogEntry{entry}}, func(ctx context.Context, s S) (any, error) {
				return s.Record(ctx, keyed("key-1", action, stats.Action{Action: "signed_in"}))
			}),
			fails("Record-invalid", fault.InvalidField("body.action", "is odd"), func(ctx context.Context, s S) (any, error) {
				return s.Record(ctx, keyed("key-2", action))
			}),
			fails("Record-busy", stats.ErrBusy, func(ctx context.Context, s S) (any, error) {
				return s.Record(ctx, keyed("key-3", action))
			}),
			answers("Entries", page.Page[stats.Entry]{Items: []stats.Entry{viewed, nobodys}, Next: "bW9yZQ", Total: &total}, func(ctx context.Context, s S) (any, error) {
				return s.Entries(ctx, stats.EntriesInput{
					From: from, To: to, Page: page.Request{Limit: 7, Cursor: "bmV4dA", CountExact: true}, Action: "product.viewed", UserID: user,
				})
			}),
			answers("Entries-all", page.Page[stats.Entry]{}, func(ctx context.Context, s S) (any, error) {
				return s.Entries(ctx, stats.EntriesInput{Page: page.Request{Limit: 20}})
			}),
			fails("Entries-cursor", page.ErrCursor, func(ctx context.Context, s S) (any, error) {
				return s.Entries(ctx, stats.EntriesInput{Page: page.Request{Limit: 20, Cursor: "x"}})
			}),
			answers("Summary", stats.Summary{Counts: []stats.Count{{From: from, Key: "product.viewed", Count: 3}, {From: at, Count: 1}}}, func(ctx context.Context, s S) (any, error) {
				return s.Summary(ctx, stats.SummaryInput{From: from, To: to, Bucket: stats.BucketDay, By: stats.ByAction, Action: "product.viewed"})
			}),
			answers("Receive", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Receive(ctx, event.Envelope{
					ID: eventID, Name: users.EventRemoved, Version: 1, Key: user.String(), At: at,
					TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
					Payload:     json.RawMessage(`{"user_id":"` + user.String() + `"}`),
				})
			}),
			answers("Verify", audit.Report{
				Checked:  map[string]int64{"stats.log_hours": 2},
				Findings: []audit.Finding{{Check: "stats.log_hours", Subject: "2026-11-02T09:00:00Z product.viewed", Want: "2", Got: "3", Repaired: true}},
			}, func(ctx context.Context, s S) (any, error) {
				return s.Verify(ctx, audit.Input{Repair: true, MinAge: time.Second})
			}),
		},
	})
}
