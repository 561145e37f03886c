package outbox

import (
	"context"
	"fmt"
	"time"
)

// pruneBatch is how many events one statement removes, so that on SQLite the
// writer is free in between.
const pruneBatch = 1000

// prune removes old events every now and then until ctx is done.
func (r *Relay) prune(ctx context.Context) {
	ticker := time.NewTicker(r.PruneEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if _, err := r.Prune(ctx); err != nil && ctx.Err() == nil {
			r.Logger.ErrorContext(ctx, "cannot remove old events", "publisher", r.DB.Module(), "error", err)
		}
	}
}

// Prune removes the events that are older than the retention, that every
// subscriber has passed, and that are nobody's failure; it returns how many. A
// subscriber of whom nothing was heard for twice the retention is forgotten,
// with its dead letters: no release has it any more. Run does it regularly.
func (r *Relay) Prune(ctx context.Context) (int64, error) {
	for _, l := range r.loops {
		if err := l.cursor.touch(ctx, l.known.Load(), l.scanned.Load(), r.Now()); err != nil {
			return 0, err
		}
		if err := l.cursor.touchConfirmed(ctx, r.Now()); err != nil {
			return 0, err
		}
	}
	if err := r.forgetLost(ctx); err != nil {
		return 0, err
	}
	var total int64
	for {
		// Only the oldest are looked at, through the primary key; there is no index
		// on the time.
		done := r.DB.Write(ctx).Exec(
			`DELETE FROM outbox WHERE seq IN (
			   SELECT seq FROM (
			     SELECT seq, created_at FROM outbox o
			     WHERE NOT EXISTS (SELECT 1 FROM outbox_failures f WHERE f.seq = o.seq)
			       AND NOT EXISTS (SELECT 1 FROM outbox_cursors c WHERE c.seq < o.seq)
			     ORDER BY seq LIMIT ?) AS oldest
			   WHERE created_at < ?)`,
			pruneBatch, r.Now().UTC().Add(-r.Retention))
		if done.Error != nil {
			return total, fmt.Errorf("remove old events: %w", done.Error)
		}
		total += done.RowsAffected
		if done.RowsAffected < pruneBatch {
			return total, nil
		}
	}
}

func (r *Relay) forgetLost(ctx context.Context) error {
	err := r.DB.InTx(ctx, func(ctx context.Context) error {
		lost := r.Now().UTC().Add(-2 * r.Retention)
		if err := r.DB.Write(ctx).Exec(`DELETE FROM outbox_cursors WHERE updated_at < ?`, lost).Error; err != nil {
			return err
		}
		return r.DB.Write(ctx).Exec(
			`DELETE FROM outbox_failures WHERE subscriber NOT IN (SELECT subscriber FROM outbox_cursors)`).Error
	})
	if err != nil {
		return fmt.Errorf("forget lost subscribers: %w", err)
	}
	return nil
}
