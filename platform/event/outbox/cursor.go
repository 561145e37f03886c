package outbox

import (
	"context"
	"fmt"
	"time"

	"shop/platform/database"
)

// cursor is the row of outbox_cursors of one subscriber, as one relay sees it.
// Its lease is measured by the database's clock, which all replicas share.
type cursor struct {
	db         *database.DB
	subscriber string
	holder     string
	lease      time.Duration
	clock      string // SQL: the database's time in milliseconds
}

func newCursor(db *database.DB, subscriber, holder string, lease time.Duration) cursor {
	clock := "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
	if db.Dialect() == database.SQLite {
		clock = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
	}
	return cursor{db: db, subscriber: subscriber, holder: holder, lease: lease, clock: clock}
}

// touch makes the row if there is none, moves it from known or after to seq if
// it is behind, and notes that the subscriber still exists.
func (c cursor) touch(ctx context.Context, known, seq int64, now time.Time) error {
	err := c.db.Write(ctx).Exec(
		`INSERT INTO outbox_cursors (subscriber, seq, updated_at) VALUES (?, ?, ?)
		 ON CONFLICT (subscriber) DO UPDATE SET updated_at = excluded.updated_at,
		   seq = CASE WHEN outbox_cursors.seq >= ? AND outbox_cursors.seq < excluded.seq THEN excluded.seq ELSE outbox_cursors.seq END`,
		c.subscriber, seq, now.UTC(), known).Error
	if err != nil {
		return fmt.Errorf("keep the cursor of %s: %w", c.subscriber, err)
	}
	return nil
}

// claimed is what a relay learns when it is given the lease.
type claimed struct {
	// Seq is the number of the last event that was delivered or set aside.
	Seq int64
	// Failing says that events are set aside.
	Failing bool
}

// claim takes the lease; ok is false while another relay has it.
func (c cursor) claim(ctx context.Context) (got claimed, ok bool, err error) {
	done := c.db.Write(ctx).Raw(
		`UPDATE outbox_cursors SET holder = ?, lease_until = `+c.clock+` + ?
		 WHERE subscriber = ? AND (holder = '' OR holder = ? OR lease_until <= `+c.clock+`)
		 RETURNING seq, EXISTS (SELECT 1 FROM outbox_failures f
		   WHERE f.subscriber = outbox_cursors.subscriber AND NOT f.dead) AS failing`,
		c.holder, c.lease.Milliseconds(), c.subscriber, c.holder).Scan(&got)
	if done.Error != nil {
		return got, false, fmt.Errorf("take the lease of %s: %w", c.subscriber, done.Error)
	}
	return got, done.RowsAffected > 0, nil
}

// renew makes the lease last anew; kept is false when it was lost.
func (c cursor) renew(ctx context.Context) (kept bool, err error) {
	done := c.db.Write(ctx).Exec(
		`UPDATE outbox_cursors SET lease_until = `+c.clock+` + ? WHERE subscriber = ? AND holder = ?`,
		c.lease.Milliseconds(), c.subscriber, c.holder)
	if done.Error != nil {
		return false, fmt.Errorf("renew the lease of %s: %w", c.subscriber, done.Error)
	}
	return done.RowsAffected > 0, nil
}

// advance stores the position and keeps the lease; kept is false, and nothing
// stored, when it was lost.
func (c cursor) advance(ctx context.Context, seq int64) (kept bool, err error) {
	return c.store(ctx, seq, c.holder)
}

// release stores the position and gives the lease back.
func (c cursor) release(ctx context.Context, seq int64) error {
	_, err := c.store(ctx, seq, "")
	return err
}

func (c cursor) store(ctx context.Context, seq int64, holder string) (kept bool, err error) {
	done := c.db.Write(ctx).Exec(
		`UPDATE outbox_cursors SET holder = ?, lease_until = `+c.clock+` + ?,
		   seq = CASE WHEN seq < ? THEN ? ELSE seq END
		 WHERE subscriber = ? AND holder = ?`,
		holder, c.lease.Milliseconds(), seq, seq, c.subscriber, c.holder)
	if done.Error != nil {
		return false, fmt.Errorf("move the cursor of %s: %w", c.subscriber, done.Error)
	}
	return done.RowsAffected > 0, nil
}
