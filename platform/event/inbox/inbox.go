// Package inbox makes the handling of events exactly-once in effect: the
// identifier of a handled event commits with what was done about it.
//
// The table is inbox, in the subscriber's own database; its DDL is in
// migrations/README.md.
package inbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
)

// Retention is how long it is remembered that an event was handled. It exceeds
// the time for which a publisher keeps events that it may deliver again.
const Retention = 30 * 24 * time.Hour

// Inbox remembers what one module has handled: each event once for the module,
// whatever its subscribers are called. It is safe for concurrent use.
type Inbox struct {
	db *database.DB
	// shared is the transaction of events that are handled at the same time: what
	// is done about them is alike, and tends to want the same rows.
	shared *database.Shared
	now    func() time.Time
}

// New makes the Inbox of the module whose database db is.
func New(db *database.DB) *Inbox { return &Inbox{db: db, shared: db.NewShared(), now: time.Now} }

// Once runs fn in a transaction of the module's database that also records that
// e was handled. For an event that was handled before it does nothing. When fn
// fails nothing is recorded and its error is returned.
func (i *Inbox) Once(ctx context.Context, e event.Envelope, fn func(context.Context) error) error {
	return i.shared.InTx(ctx, func(ctx context.Context) error {
		fresh, err := i.Fresh(ctx, []id.Event{e.ID})
		if err != nil || !fresh[e.ID] {
			return err
		}
		return fn(ctx)
	})
}

// Fresh records, in the transaction of ctx, that events were handled, and returns
// those of which nothing was recorded before. It is Once for a subscriber that
// handles many events in one transaction; what it does about those that are not
// fresh is nothing.
func (i *Inbox) Fresh(ctx context.Context, events []id.Event) (map[id.Event]bool, error) {
	fresh := make(map[id.Event]bool, len(events))
	now := i.now().UTC().Truncate(time.Microsecond)
	// In the order of all who record them, so that none wait for one another.
	events = slices.SortedFunc(slices.Values(events), func(a, b id.Event) int { return bytes.Compare(a[:], b[:]) })
	for some := range slices.Chunk(events, lookupBatch) {
		values := make([]any, 0, 2*len(some))
		for _, e := range some {
			values = append(values, e, now)
		}
		var recorded []id.Event
		err := i.db.Write(ctx).Raw(
			`INSERT INTO inbox (event_id, handled_at) VALUES `+strings.Repeat(", (?, ?)", len(some))[2:]+`
			 ON CONFLICT (event_id) DO NOTHING RETURNING event_id`, values...).Find(&recorded).Error
		if err != nil {
			return nil, fmt.Errorf("record events as handled: %w", err)
		}
		for _, e := range recorded {
			fresh[e] = true
		}
	}
	return fresh, nil
}

// ErrNone is returned by Missing for a module that needs no inbox, since its
// handling stands repetition by itself.
var ErrNone = fault.New(fault.NotFound, "no_inbox", "the module keeps no record of handled events")

// Missing returns those of events of whose handling nothing is recorded, in
// their order. What was handled longer ago than Retention may be among them.
// Errors: ErrNone.
func (i *Inbox) Missing(ctx context.Context, events []id.Event) ([]id.Event, error) {
	handled := make(map[id.Event]bool, len(events))
	for some := range slices.Chunk(events, lookupBatch) {
		var found []id.Event
		if err := i.db.Read(ctx).Raw(`SELECT event_id FROM inbox WHERE event_id IN ?`, some).Find(&found).Error; err != nil {
			if ctx.Err() == nil && !i.db.Read(ctx).Migrator().HasTable("inbox") {
				return nil, ErrNone
			}
			return nil, fmt.Errorf("look for handled events: %w", err)
		}
		for _, e := range found {
			handled[e] = true
		}
	}
	var missing []id.Event
	for _, e := range events {
		if !handled[e] {
			missing = append(missing, e)
		}
	}
	return missing, nil
}

// lookupBatch is how many events a statement names.
const lookupBatch = 1000

// pruneBatch is how many rows one statement removes, so that on SQLite the
// writer is free in between.
const pruneBatch = 1000

// Prune forgets what was handled longer ago than Retention at now, and returns
// how many events that were. A worker calls it every now and then.
func (i *Inbox) Prune(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for {
		done := i.db.Write(ctx).Exec(
			`DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE handled_at < ? LIMIT ?)`,
			now.UTC().Add(-Retention), pruneBatch)
		if done.Error != nil {
			return total, fmt.Errorf("prune inbox: %w", done.Error)
		}
		total += done.RowsAffected
		if done.RowsAffected < pruneBatch {
			return total, nil
		}
	}
}
