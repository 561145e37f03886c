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
func (q *Queue) Settle(ctx context.Context, holder string, outcomes []app.Outcome) (settled []id.Email, err error) {
	run := q.settleSQLite
	if q.db.Dialect() == database.Postgres {
		run = q.settlePostgres
	}
	if settled, err = run(ctx, holder, outcomes); err != nil {
		return nil, fmt.Errorf("record attempts: %w", err)
	}
	return settled, nil
}

// settlePostgres is one statement, the same for any number of outcomes: a column
// of theirs is one parameter.
func (q *Queue) settlePostgres(ctx context.Context, holder string, outcomes []app.Outcome) (settled []id.Email, err error) {
	n := len(outcomes)
	mails, keys := make([][16]byte, n), make([]string, n)
	statuses, reasons := make([]string, n), make([]string, n)
	ends, next := make([]time.Time, n), make([]*time.Time, n)
	events := make([]outbox.Entry, 0, n)
	for i, o := range outcomes {
		mails[i], keys[i], statuses[i], reasons[i] = o.ID, o.ID.String(), string(o.Status), o.Error
		ends[i], next[i] = o.At, instant(o.NextAttemptAt)
		if o.Event != nil {
			told, err := q.outbox.Prepare(ctx, o.Event)
			if err != nil {
				return nil, err //nolint:wrapcheck // names the event
			}
			events = append(events, told)
		}
	}
	told, err := outbox.InsertEach(events, `(SELECT settled.key, '{}'::jsonb AS more FROM settled)`)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it could not do
	}
	// GORM writes a slice as a list of parameters, but passes a pointer on.
	statement, args := database.Compose(
		database.SQL(`WITH settled AS (
		   UPDATE emails SET status = o.status, tries = tries + 1, attempts = attempts + 1, next_attempt_at = o.next_attempt_at,
		     sent_at = CASE WHEN o.status = ? THEN o.at END, claimed_by = '', claimed_until = 0, version = version + 1, updated_at = o.at
		     FROM unnest(?::uuid[], ?::text[], ?::text[], ?::timestamptz[], ?::timestamptz[], ?::text[])
		       AS o (mail, key, status, next_attempt_at, at, error)
		    WHERE emails.id = o.mail AND emails.claimed_by = ? AND emails.status = ?
		   RETURNING emails.id, emails.attempts, o.key, o.at, o.error),
		 told AS (`,
			string(email.StatusSent), &mails, &keys, &statuses, &next, &ends, &reasons, holder, string(email.StatusQueued)),
		told,
		database.SQL(`)
		 INSERT INTO email_attempts (email_id, number, at, error) SELECT id, attempts, at, error FROM settled RETURNING email_id`),
	)
	if err := q.db.Write(ctx).Raw(statement, args...).Scan(&settled).Error; err != nil {
		return nil, err
	}
	q.outbox.Appended(ctx, events...)
	return settled, nil
}

func (q *Queue) settleSQLite(ctx context.Context, holder string, outcomes []app.Outcome) (settled []id.Email, err error) {
	err = q.db.InTx(ctx, func(ctx context.Context) error {
		settled = settled[:0] // the transaction may run again
		tx := q.db.Write(ctx)
		for _, o := range outcomes {
			var sent *time.Time
			if o.Status == email.StatusSent {
				sent = &o.At
			}
			done := tx.Exec(
				`UPDATE emails SET status = ?, tries = tries + 1, attempts = attempts + 1, next_attempt_at = ?, sent_at = ?,
				   claimed_by = '', claimed_until = 0, version = version + 1, updated_at = ?
				 WHERE id = ? AND claimed_by = ? AND status = 'queued'`,
				string(o.Status), instant(o.NextAttemptAt), sent, o.At, o.ID, holder)
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 0 {
				continue
			}
			settled = append(settled, o.ID)
			if err := tx.Exec(
				`INSERT INTO email_attempts (email_id, number, at, error) SELECT id, attempts, ?, ? FROM emails WHERE id = ?`,
				o.At, o.Error, o.ID).Error; err != nil {
				return err
			}
			if o.Event != nil {
				if err := q.outbox.Append(ctx, o.Event); err != nil {
					return err
				}
			}
		}
		return nil
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
