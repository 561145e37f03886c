package outbox

import (
	"context"
	"fmt"
	"time"

	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/id"
)

// batchSize is how many events are read at once.
const batchSize = 100

// row is a row of outbox as the reader selects it.
type row struct {
	Seq         int64
	ID          id.Event
	Name        string
	Version     int
	Key         string
	Payload     []byte
	TraceParent string
	CreatedAt   time.Time
	// Cursor is the subscriber's position in the same snapshot.
	Cursor int64
	// Oldest is the oldest transaction that was still running in it.
	Oldest int64
}

const rowColumns = "o.seq, o.id, o.name, o.version, o.key, o.payload, o.trace_parent, o.created_at"

func (r row) envelope() event.Envelope {
	return event.Envelope{
		ID: r.ID, Name: r.Name, Version: r.Version, Key: r.Key,
		At: r.CreatedAt.UTC(), TraceParent: r.TraceParent, Payload: r.Payload,
	}
}

// reader finds the events after a subscriber's cursor without passing one that
// may yet be committed.
type reader struct {
	db         *database.DB
	subscriber string
	// fence settles the numbers up to one that was seen: every transaction that
	// took a number below it began before transaction fence.id.
	fence struct{ below, id int64 }
	// waits counts the reads in a row that met a missing number.
	waits int
}

// read is what one look at the outbox found.
type read struct {
	rows []row
	// full says that there may be more.
	full bool
	// unsettled says that a number is missing whose transaction may still be
	// running: look again soon.
	unsettled bool
}

// next reads the events after the cursor, and not before after.
func (r *reader) next(ctx context.Context, after int64) (read, error) {
	const position = `(SELECT c.seq FROM outbox_cursors c WHERE c.subscriber = ?)`
	oldest := "0"
	if r.db.Dialect() == database.Postgres {
		oldest = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
	}
	var rows []row
	err := r.db.Read(ctx).Raw(
		`SELECT `+rowColumns+`, `+position+` AS cursor, `+oldest+` AS oldest FROM outbox o
		 WHERE o.seq > `+position+` AND o.seq > ? ORDER BY o.seq LIMIT ?`,
		r.subscriber, r.subscriber, after, batchSize).Find(&rows).Error
	if err != nil {
		return read{}, fmt.Errorf("read events for %s: %w", r.subscriber, err)
	}
	found := read{rows: rows, full: len(rows) == batchSize}
	// SQLite has one writer: numbers commit in order, and none is missing that
	// could still come.
	if len(rows) == 0 || r.db.Dialect() == database.SQLite {
		return found, nil
	}
	at := max(rows[0].Cursor, after)
	for i, row := range rows {
		settled := row.Seq == at+1 || (row.Seq <= r.fence.below && row.Oldest >= r.fence.id)
		if !settled {
			found.rows, found.full, found.unsettled = rows[:i], false, true
			return found, r.wait(ctx, row.Seq, rows[len(rows)-1].Seq)
		}
		at = row.Seq
	}
	r.waits = 0
	return found, nil
}

// wait counts that a number before seq is missing. Usually its transaction
// commits within the next milliseconds. When it does not, it may have been
// rolled back, and a fence finds that out: a transaction takes its id before it
// takes a number (the default of outbox.seq sees to that), so once all older
// than the fence have ended, numbers still missing below last never come.
func (r *reader) wait(ctx context.Context, seq, last int64) error {
	r.waits++
	if r.waits < 2 || seq <= r.fence.below {
		return nil
	}
	var now int64
	if err := r.db.Write(ctx).Raw(`SELECT pg_current_xact_id()::text::bigint`).Scan(&now).Error; err != nil {
		return fmt.Errorf("fence off missing events: %w", err)
	}
	r.fence.below, r.fence.id = last, now
	return nil
}

// pause is how long to wait for a missing number: 1 ms, doubled up to 50 ms.
func (r *reader) pause() time.Duration {
	return min(50*time.Millisecond, time.Millisecond<<min(max(r.waits-1, 0), 10))
}
