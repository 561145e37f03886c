package outbox

import (
	"context"
	"fmt"
	"time"
)

// MaxBacklog is how many waiting events a Backlog counts.
const MaxBacklog = 1000

// backlogReach is how many events after a cursor are looked at, so that a
// backlog costs the same however long it is.
const backlogReach = 10 * MaxBacklog

// Backlog is what a subscriber has not handled.
type Backlog struct {
	// Waiting is how many events are to be delivered, those that are tried again
	// among them; MaxBacklog is that many or more.
	Waiting int
	// Oldest is when the first of them was appended, UTC; zero without one.
	Oldest time.Time
	// Dead is how many dead letters there are.
	Dead int
}

// Backlog says what a subscriber, who wants the events of the given names, has
// not handled, whether anybody delivers to it or not.
func (o *Outbox) Backlog(ctx context.Context, subscriber string, events []string) (Backlog, error) {
	var b Backlog
	for _, query := range []struct {
		text   string
		values []any
	}{
		{
			`SELECT next.created_at FROM (SELECT o.seq, o.name, o.created_at FROM outbox o
			   WHERE o.seq > coalesce((SELECT min(c.seq) FROM outbox_cursors c WHERE c.subscriber IN ?), 0)
			   ORDER BY o.seq LIMIT ?) AS next
			 WHERE next.name IN ? AND NOT EXISTS (SELECT 1 FROM outbox_failures f WHERE f.subscriber = ? AND f.seq = next.seq)
			 ORDER BY next.seq LIMIT ?`,
			[]any{[]string{subscriber, confirmedName(subscriber)}, backlogReach, events, subscriber, MaxBacklog},
		},
		{
			`SELECT o.created_at FROM outbox_failures f JOIN outbox o ON o.seq = f.seq
			 WHERE f.subscriber = ? AND NOT f.dead ORDER BY f.seq LIMIT ?`,
			[]any{subscriber, MaxBacklog},
		},
	} {
		var rows []row
		if err := o.db.Read(ctx).Raw(query.text, query.values...).Find(&rows).Error; err != nil {
			return b, fmt.Errorf("count what waits for %s: %w", subscriber, err)
		}
		b.Waiting = min(b.Waiting+len(rows), MaxBacklog)
		if len(rows) > 0 && (b.Oldest.IsZero() || rows[0].CreatedAt.Before(b.Oldest)) {
			b.Oldest = rows[0].CreatedAt.UTC()
		}
	}
	err := o.db.Read(ctx).Raw(`SELECT count(*) FROM outbox_failures WHERE subscriber = ? AND dead`, subscriber).Scan(&b.Dead).Error
	if err != nil {
		return b, fmt.Errorf("count the dead letters of %s: %w", subscriber, err)
	}
	return b, nil
}
