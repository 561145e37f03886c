package app

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"shop/modules/stats"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/identity"
)

// Record implements stats.Service.
func (s *Service) Record(ctx context.Context, in stats.RecordInput) (stats.Recorded, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return stats.Recorded{}, err
	}
	actor := identity.From(ctx)
	if err := own(actor, in.Actions); err != nil {
		return stats.Recorded{}, err
	}
	now := s.clock()
	if err := validActions(in.Actions, now); err != nil {
		return stats.Recorded{}, err
	}
	entries, recorded := newEntries(in.Actions, actor.User, now)
	if in.Key != nil {
		return s.once.Record(ctx, in.Key, stats.MethodRecord.String(), in, recorded, entries)
	}
	if err := s.store.Insert(ctx, entries); err != nil {
		return stats.Recorded{}, err
	}
	return recorded, nil
}

// own refuses actions of somebody else. Errors: identity.ErrForbidden.
func own(actor identity.Actor, actions []stats.Action) error {
	if actor.IsPrivileged() {
		return nil
	}
	for i := range actions {
		if user := actions[i].UserID; !user.IsZero() && user != actor.User {
			return identity.ErrForbidden.With("you may record your own actions only").
				WithField(location(len(actions), i, "user_id"), "must be your own identifier, or left out")
		}
	}
	return nil
}

// newEntries makes the entries of valid actions. Identifiers ascend in the
// order of the actions, so that those of one instant stay in it.
func newEntries(actions []stats.Action, caller id.User, now time.Time) ([]stats.Entry, stats.Recorded) {
	entries := make([]stats.Entry, len(actions))
	recorded := stats.Recorded{IDs: make([]id.LogEntry, len(actions))}
	for i := range actions {
		a := &actions[i]
		recorded.IDs[i] = id.NewLogEntry()
		entries[i] = stats.Entry{ID: recorded.IDs[i], UserID: a.UserID, Action: a.Action, Data: compacted(a.Data), At: now}
		if a.UserID.IsZero() {
			entries[i].UserID = caller
		}
		if !a.At.IsZero() {
			entries[i].At = database.Timestamp(a.At)
		}
	}
	return entries, recorded
}

// compacted is valid JSON without the space between its parts, as it is answered
// over HTTP: so what is read is the same wherever the reader is. Most data has
// none and is returned as it is.
func compacted(data json.RawMessage) json.RawMessage {
	switch {
	case len(data) == 0:
		return nil
	case !bytes.ContainsAny(data, " \t\r\n"):
		return data
	}
	compact := bytes.NewBuffer(make([]byte, 0, len(data)))
	_ = json.Compact(compact, data) // valid JSON does not fail
	return compact.Bytes()
}
