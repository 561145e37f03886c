// Package outbox stores the events of a module beside the data that they are
// about, and delivers them.
//
// An Outbox appends events in the transaction that made them true. A Relay, of
// which every replica runs one, delivers them to the subscribers: at least once,
// in order per key. Its tables (outbox, outbox_cursors, outbox_failures) are in
// the publisher's database; their DDL is in migrations/README.md.
//
// # Order
//
// Events are delivered in the order of their sequence numbers, for a number is
// taken while the publisher holds the lock of the thing that changed. On
// PostgreSQL numbers commit out of order; the relay does not pass a missing
// number before every transaction that could have taken it has ended. A
// position is one number, which outlives a dump and restore into another
// cluster, as a transaction id would not.
//
// # Who delivers
//
// Each subscriber has a cursor in the database, and a lease on it that a relay
// takes for as long as it has something to deliver: several replicas never
// handle events of one subscriber at the same time. No transaction is open
// while a handler runs. An idle relay reads and never writes.
package outbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"shop/platform/database"
	"shop/platform/event"
)

// Outbox is where one module puts its events. It is safe for concurrent use; a
// process has one Outbox for a module.
type Outbox struct {
	db  *database.DB
	now func() time.Time

	mu        sync.RWMutex
	listeners []*listener
}

// New makes the Outbox of the module whose database db is.
func New(db *database.DB) *Outbox { return &Outbox{db: db, now: time.Now} }

// maxAppend is how many events fit into one statement on either database.
const maxAppend = 1000

// Append stores events, in this order, in the transaction of ctx, or in one of
// its own without one. The relays of this process are woken after the commit.
// Append under the lock of what changed (after the UPDATE of its row), so that
// the order of its events is the order of its changes.
func (o *Outbox) Append(ctx context.Context, events ...event.Event) error {
	if len(events) == 0 {
		return nil
	}
	if len(events) > maxAppend {
		return o.db.InTx(ctx, func(ctx context.Context) error {
			for some := range slices.Chunk(events, maxAppend) {
				if err := o.Append(ctx, some...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	entries := make([]Entry, len(events))
	for i, e := range events {
		entry, err := o.Prepare(ctx, e)
		if err != nil {
			return err
		}
		entries[i] = entry
	}
	values := make([]any, 0, len(events)*len(entries[0].values))
	for _, entry := range entries {
		values = append(values, entry.values...)
	}
	rows := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?)", len(events))[2:]
	if err := o.db.Write(ctx).Exec("INSERT INTO outbox ("+columns+") VALUES "+rows, values...).Error; err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	o.Appended(ctx, entries...)
	return nil
}

// listener is a relay's loop that wants to know of new events.
type listener struct {
	names []string
	wake  chan struct{} // of capacity 1: several wakes are one
}

func (o *Outbox) listen(names []string) *listener {
	l := &listener{names: names, wake: make(chan struct{}, 1)}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.listeners = append(o.listeners, l)
	return l
}

func (o *Outbox) unlisten(l *listener) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.listeners = slices.DeleteFunc(o.listeners, func(other *listener) bool { return other == l })
}

// wake never blocks: it runs in the goroutine that committed.
func (o *Outbox) wake(names []string) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, l := range o.listeners {
		if !slices.ContainsFunc(names, func(name string) bool { return slices.Contains(l.names, name) }) {
			continue
		}
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}
