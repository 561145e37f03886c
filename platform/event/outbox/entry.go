package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/id"
)

// Entry is an event made ready for a statement of the publisher's own, which
// stores it together with what it is about. The zero Entry is no event.
type Entry struct {
	name   string
	values []any // of columns
}

const columns = "id, name, version, key, payload, trace_parent, created_at"

// payloadColumn is the payload's place in columns.
const payloadColumn = 4

// Prepare makes an event ready.
func (o *Outbox) Prepare(ctx context.Context, e event.Event) (Entry, error) {
	payload, err := json.Marshal(e)
	if err != nil {
		return Entry{}, fmt.Errorf("encode event %s: %w", e.EventName(), err)
	}
	return Entry{name: e.EventName(), values: []any{
		id.NewEvent(), e.EventName(), e.EventVersion(), e.EventKey(), string(payload), event.TraceParent(ctx),
		o.now().UTC().Truncate(time.Microsecond),
	}}, nil
}

// IsZero reports whether there is no event.
func (e Entry) IsZero() bool { return e.values == nil }

// Insert is the statement, or the part of one on PostgreSQL, that stores the
// event once for a row of from: the part that changes what the event is about,
// so that the event gets its number under the lock of that.
func (e Entry) Insert(from string) database.Part {
	return database.SQL(
		`INSERT INTO outbox (`+columns+`) SELECT ?, ?, ?, ?, ?, ?, ? FROM `+from, e.values...)
}

// InsertWith is Insert, on PostgreSQL, of an event with one more field in its
// payload, which only the statement knows: value is a text column of from. The
// payload must have a field already.
func (e Entry) InsertWith(from, field, value string) database.Part {
	return database.SQL(
		`INSERT INTO outbox (`+columns+`) SELECT ?, ?, ?, ?,
		   (left(?::text, -1) || ',"`+field+`":' || to_json(`+value+`)::text || '}')::json, ?, ? FROM `+from, e.values...)
}

// With is the event with one more field in its payload, which has one already.
func (e Entry) With(field, value string) (Entry, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return Entry{}, fmt.Errorf("encode field %s of event %s: %w", field, e.name, err)
	}
	values := slices.Clone(e.values)
	payload, _ := values[payloadColumn].(string)
	values[payloadColumn] = strings.TrimSuffix(payload, "}") + `,"` + field + `":` + string(text) + "}"
	return Entry{e.name, values}, nil
}

// Appended says that the statements with entries have run: the relays of this
// process are woken after the commit.
func (o *Outbox) Appended(ctx context.Context, entries ...Entry) {
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsZero() {
			names = append(names, e.name)
		}
	}
	o.db.AfterCommit(ctx, func() { o.wake(names) })
}
