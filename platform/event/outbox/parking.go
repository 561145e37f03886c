package outbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"shop/platform/database"
)

// parking keeps the events of one subscriber that the cursor passed unhandled.
// Of each key at most one is to be tried at a time, the oldest; the others wait
// with no time set until it is settled. Only the holder of the lease calls it,
// and SetAside.
type parking struct {
	db         *database.DB
	subscriber string
}

// failedRow is a row of outbox_failures with its event.
type failedRow struct {
	Row        row `gorm:"embedded"`
	Subscriber string
	Attempts   int
	NextAt     *time.Time
	Error      string
	Dead       bool
}

// park sets an event aside: with NextAt it is tried again then, without one it
// waits for the one before it. One that is set aside already stays as it is.
func (p parking) park(ctx context.Context, f failedRow) error {
	err := p.db.Write(ctx).Exec(
		`INSERT INTO outbox_failures (subscriber, seq, event_id, key, attempts, next_at, error, dead)
		 VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (subscriber, seq) DO NOTHING`,
		p.subscriber, f.Row.Seq, f.Row.ID, f.Row.Key, f.Attempts, f.NextAt, f.Error, f.Dead).Error
	if err != nil {
		return fmt.Errorf("set an event of %s aside: %w", p.subscriber, err)
	}
	return nil
}

// blocked returns those of keys that have events set aside.
func (p parking) blocked(ctx context.Context, keys []string) (map[string]bool, error) {
	var found []string
	err := p.db.Read(ctx).Raw(
		`SELECT DISTINCT key FROM outbox_failures WHERE subscriber = ? AND NOT dead AND key <> '' AND key IN ?`,
		p.subscriber, keys).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("read the blocked keys of %s: %w", p.subscriber, err)
	}
	blocked := make(map[string]bool, len(found))
	for _, key := range found {
		blocked[key] = true
	}
	return blocked, nil
}

// nextAt is when the next event is to be tried; found is false when there is
// none.
func (p parking) nextAt(ctx context.Context) (at time.Time, found bool, err error) {
	var times []time.Time
	err = p.db.Read(ctx).Raw(
		`SELECT next_at FROM outbox_failures WHERE subscriber = ? AND NOT dead AND next_at IS NOT NULL
		 ORDER BY next_at LIMIT 1`, p.subscriber).Scan(&times).Error
	if err != nil {
		return at, false, fmt.Errorf("read the retries of %s: %w", p.subscriber, err)
	}
	if len(times) == 0 {
		return at, false, nil
	}
	return times[0], true, nil
}

// due returns the events to try now, those of one time in their order.
func (p parking) due(ctx context.Context, now time.Time) ([]failedRow, error) {
	var rows []failedRow
	err := p.db.Read(ctx).Raw(
		`SELECT `+rowColumns+`, f.subscriber, f.attempts, f.next_at, f.error, f.dead
		 FROM outbox_failures f JOIN outbox o ON o.seq = f.seq
		 WHERE f.subscriber = ? AND NOT f.dead AND f.next_at <= ?
		 ORDER BY f.next_at, f.seq LIMIT ?`, p.subscriber, now.UTC(), batchSize).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the retries of %s: %w", p.subscriber, err)
	}
	return rows, nil
}

// postpone records one more failed attempt.
func (p parking) postpone(ctx context.Context, f failedRow, next time.Time, cause string) error {
	err := p.db.Write(ctx).Exec(
		`UPDATE outbox_failures SET attempts = ?, next_at = ?, error = ? WHERE subscriber = ? AND seq = ?`,
		f.Attempts+1, next.UTC(), cause, p.subscriber, f.Row.Seq).Error
	if err != nil {
		return fmt.Errorf("postpone an event of %s: %w", p.subscriber, err)
	}
	return nil
}

// bury makes a dead letter; the next of its key takes its turn.
func (p parking) bury(ctx context.Context, f failedRow, now time.Time, cause string) error {
	return p.settle(ctx, f, now,
		`UPDATE outbox_failures SET attempts = ?, next_at = NULL, error = ?, dead = ? WHERE subscriber = ? AND seq = ?`,
		f.Attempts+1, cause, true, p.subscriber, f.Row.Seq)
}

// remove forgets an event that was handled; the next of its key takes its turn.
func (p parking) remove(ctx context.Context, f failedRow, now time.Time) error {
	return p.settle(ctx, f, now, `DELETE FROM outbox_failures WHERE subscriber = ? AND seq = ?`, p.subscriber, f.Row.Seq)
}

// settle runs statement and gives the next of the key its turn in one
// transaction, so that no crash leaves a key without one. A replayed dead
// letter may be settled while another of its key is being tried: that one keeps
// its turn.
func (p parking) settle(ctx context.Context, f failedRow, now time.Time, statement string, values ...any) error {
	err := p.db.InTx(ctx, func(ctx context.Context) error {
		if f.Row.Key == "" {
			return p.db.Write(ctx).Exec(statement, values...).Error
		}
		if err := p.lock(ctx); err != nil {
			return err
		}
		if err := p.db.Write(ctx).Exec(statement, values...).Error; err != nil {
			return err
		}
		return p.db.Write(ctx).Exec(
			`UPDATE outbox_failures SET next_at = ? WHERE subscriber = ? AND seq =
			   (SELECT min(seq) FROM outbox_failures WHERE subscriber = ? AND key = ? AND NOT dead)
			 AND NOT EXISTS (SELECT 1 FROM outbox_failures
			   WHERE subscriber = ? AND key = ? AND NOT dead AND next_at IS NOT NULL)`,
			now.UTC(), p.subscriber, p.subscriber, f.Row.Key, p.subscriber, f.Row.Key).Error
	})
	if err != nil {
		return fmt.Errorf("settle an event of %s: %w", p.subscriber, err)
	}
	return nil
}

// lock makes transactions that give turns wait for one another: none overlooks
// what the other sets aside or settles.
func (p parking) lock(ctx context.Context) error {
	err := p.db.Write(ctx).Exec(`UPDATE outbox_cursors SET seq = seq WHERE subscriber = ?`, p.subscriber).Error
	if err != nil {
		return fmt.Errorf("lock what %s did not handle: %w", p.subscriber, err)
	}
	return nil
}

// maxCause bounds what is kept of an error, in bytes.
const maxCause = 1000

// describe is what is kept of an error. PostgreSQL takes neither invalid UTF-8
// nor NUL.
func describe(err error) string { return describeText(err.Error()) }

func describeText(text string) string {
	text = text[:min(len(text), maxCause)]
	return strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?")
}
