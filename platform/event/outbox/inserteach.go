package outbox

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"shop/platform/database"
	"shop/platform/id"
)

// storedEntry is an Entry as PostgreSQL reads it from JSON.
type storedEntry struct {
	ID          string          `json:"id"`
	Name        any             `json:"name"`
	Version     any             `json:"version"`
	Key         any             `json:"key"`
	Payload     json.RawMessage `json:"payload"`
	TraceParent any             `json:"trace_parent"`
	CreatedAt   any             `json:"created_at"`
}

// InsertEach is the part of a statement on PostgreSQL that stores several
// entries, each once for the row of from with its event's key: the part that
// changes what the events are about, so that they get their numbers under the
// locks of that. from has the columns key (text) and more (jsonb), whose members
// are added to the payload: what is known only when the change is made. The text
// of the part is the same however many entries there are.
func InsertEach(entries []Entry, from string) (database.Part, error) {
	rows := make([]storedEntry, len(entries))
	for i, e := range entries {
		event, _ := e.values[0].(id.Event)
		payload, _ := e.values[4].(string)
		rows[i] = storedEntry{
			ID: hex.EncodeToString(event[:]), Name: e.values[1], Version: e.values[2], Key: e.values[3],
			Payload: json.RawMessage(payload), TraceParent: e.values[5], CreatedAt: e.values[6],
		}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return database.Part{}, fmt.Errorf("encode events: %w", err)
	}
	return database.SQL(
		`INSERT INTO outbox (`+columns+`)
		 SELECT e.id, e.name, e.version, e.key, (e.payload || f.more)::json, e.trace_parent, e.created_at
		   FROM json_to_recordset(?::json) AS e (id uuid, name text, version integer, key text, payload jsonb,
		          trace_parent text, created_at timestamptz)
		   JOIN `+from+` AS f ON f.key = e.key`, string(text)), nil
}
