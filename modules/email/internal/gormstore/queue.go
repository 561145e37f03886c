package gormstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/id"
)

// Queue implements app.Queue.
type Queue struct {
	db     *database.DB
	outbox *outbox.Outbox
	// clock is SQL: the database's time in milliseconds.
	clock string
}

var _ app.Queue = (*Queue)(nil)

// NewQueue makes the queue over the module's migrated database.
func NewQueue(db *database.DB, events *outbox.Outbox) *Queue {
	q := &Queue{db: db, outbox: events, clock: "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"}
	if db.Dialect() == database.SQLite {
		q.clock = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
	}
	return q
}

// Due implements app.Queue.
func (q *Queue) Due(ctx context.Context) (time.Time, bool, error) {
	var times []time.Time
	err := q.db.Read(ctx).Raw(
		`SELECT next_attempt_at FROM emails WHERE status = 'queued' AND claimed_until <= ` + q.clock + `
		 ORDER BY next_attempt_at LIMIT 1`).Find(&times).Error
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for due e-mails: %w", err)
	}
	if len(times) == 0 {
		return time.Time{}, false, nil
	}
	return times[0].UTC(), true, nil
}

// Claim implements app.Queue. On PostgreSQL workers pass by the rows that
// another one is claiming at this moment; SQLite has one writer at a time.
func (q *Queue) Claim(ctx context.Context, holder string, now time.Time, lease time.Duration, n int) ([]app.Mail, error) {
	due := `SELECT id AS due_id FROM emails WHERE status = 'queued' AND next_attempt_at <= ? AND claimed_until <= ` + q.clock + `
		ORDER BY next_attempt_at LIMIT ?`
	claim := `UPDATE emails SET claimed_by = ?, claimed_until = ` + q.clock + ` + ?`
	if q.db.Dialect() == database.Postgres {
		// Materialized, since a subquery may run more than once and lock more rows.
		claim = `WITH due AS MATERIALIZED (` + due + ` FOR UPDATE SKIP LOCKED) ` + claim + ` FROM due WHERE id = due_id`
	} else {
		claim = `WITH due AS (` + due + `) ` + claim + ` WHERE id IN (SELECT due_id FROM due)`
	}
	var rows []row
	err := q.db.Write(ctx).Raw(claim+` RETURNING `+allColumns, now, n, holder, lease.Milliseconds()).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("claim e-mails: %w", err)
	}
	mails := make([]app.Mail, len(rows))
	for i, r := range rows {
		mails[i] = r.mail()
	}
	slices.SortFunc(mails, func(a, b app.Mail) int { return a.NextAttemptAt.Compare(b.NextAttemptAt) })
	return mails, nil
}

// Keep implements app.Queue.
func (q *Queue) Keep(ctx context.Context, holder string, mail id.Email, lease time.Duration) (bool, error) {
	done := q.db.Write(ctx).Exec(
		`UPDATE emails SET claimed_until = `+q.clock+` + ? WHERE id = ? AND claimed_by = ? AND status = 'queued'`,
		lease.Milliseconds(), mail, holder)
	if done.Error != nil {
		return false, fmt.Errorf("keep an e-mail: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}

// Settle implements app.Queue.
func (q *Queue) Settle(ctx context.Context, holder string, o app.Outcome) (settled bool, err error) {
	var sent *time.Time
	if o.Status == email.StatusSent {
		sent = &o.At
	}
	settle := database.SQL(
		`UPDATE emails SET status = ?, tries = tries + 1, attempts = attempts + 1, next_attempt_at = ?, sent_at = ?,
		   claimed_by = '', claimed_until = 0, version = version + 1, updated_at = ?
		 WHERE id = ? AND claimed_by = ? AND status = 'queued'`,
		string(o.Status), instant(o.NextAttemptAt), sent, o.At, o.ID, holder)
	note := database.SQL(
		`INSERT INTO email_attempts (email_id, number, at, error) SELECT id, attempts, ?, ? FROM `, o.At, o.Error)
	var told outbox.Entry
	if o.Event != nil {
		if told, err = q.outbox.Prepare(ctx, o.Event); err != nil {
			return false, fmt.Errorf("record an attempt: %w", err)
		}
	}
	run := q.settleSQLite
	if q.db.Dialect() == database.Postgres {
		run = q.settlePostgres
	}
	if settled, err = run(ctx, o.ID, settle, note, told); err != nil {
		return false, fmt.Errorf("record an attempt: %w", err)
	}
	if settled {
		q.outbox.Appended(ctx, told)
	}
	return settled, nil
}

func (q *Queue) settlePostgres(
	ctx context.Context, _ id.Email, settle, note database.Part, told outbox.Entry,
) (bool, error) {
	event := database.Part{}
	if !told.IsZero() {
		event = told.Insert("settled")
		event.SQL = `, told AS (` + event.SQL + `)`
	}
	statement, args := database.Compose(
		database.SQL(`WITH settled AS (`), settle, database.SQL(` RETURNING id, attempts)`), event,
		database.SQL(` `), note, database.SQL(`settled`))
	done := q.db.Write(ctx).Exec(statement, args...)
	return done.RowsAffected > 0, done.Error
}

func (q *Queue) settleSQLite(
	ctx context.Context, mail id.Email, settle, note database.Part, told outbox.Entry,
) (settled bool, err error) {
	err = q.db.InTx(ctx, func(ctx context.Context) error {
		tx := q.db.Write(ctx)
		done := tx.Exec(settle.SQL, settle.Args...)
		if settled = done.RowsAffected > 0; done.Error != nil || !settled {
			return done.Error
		}
		if err := tx.Exec(note.SQL+`emails WHERE id = ?`, append(note.Args, mail)...).Error; err != nil || told.IsZero() {
			return err
		}
		event := told.Insert(`emails WHERE id = ?`)
		return tx.Exec(event.SQL, append(event.Args, mail)...).Error
	})
	return settled, err
}

// Discard implements app.Queue.
func (q *Queue) Discard(ctx context.Context, holder string, mail id.Email) error {
	err := q.db.Write(ctx).Exec(`DELETE FROM emails WHERE id = ? AND claimed_by = ?`, mail, holder).Error
	if err != nil {
		return fmt.Errorf("discard an e-mail: %w", err)
	}
	return nil
}

// Release implements app.Queue.
func (q *Queue) Release(ctx context.Context, holder string, mails []id.Email) error {
	if len(mails) == 0 {
		return nil
	}
	err := q.db.Write(ctx).Exec(
		`UPDATE emails SET claimed_by = '', claimed_until = 0 WHERE id IN ? AND claimed_by = ? AND status = 'queued'`,
		mails, holder).Error
	if err != nil {
		return fmt.Errorf("release e-mails: %w", err)
	}
	return nil
}
