// Package gormstore keeps the queue of e-mails in the module's database.
package gormstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
)

// Store implements app.Store and app.Once.
type Store struct {
	db    *database.DB
	keys  *sqlstore.Store
	inbox *inbox.Inbox
}

var (
	_ app.Store = (*Store)(nil)
	_ app.Once  = (*Store)(nil)
)

// New makes the store over the module's migrated database.
func New(db *database.DB, keys *sqlstore.Store, in *inbox.Inbox) *Store {
	return &Store{db: db, keys: keys, inbox: in}
}

// Request implements app.Once.
func (s *Store) Request(
	ctx context.Context, key *idempotency.Key, operation string, in any, fn func(context.Context) (app.Queued, error),
) (app.Queued, error) {
	return sqlstore.Do(ctx, s.keys, key, operation, in, fn)
}

// Event implements app.Once.
func (s *Store) Event(ctx context.Context, e event.Envelope, fn func(context.Context) error) error {
	return s.inbox.Once(ctx, e, fn)
}

// AfterCommit implements app.Store.
func (s *Store) AfterCommit(ctx context.Context, fn func()) { s.db.AfterCommit(ctx, fn) }

// Add implements app.Store.
func (s *Store) Add(ctx context.Context, m app.Mail) (added bool, err error) {
	var occasion *string
	if m.Occasion != "" {
		occasion = &m.Occasion
	}
	done := s.db.Write(ctx).Exec(
		`INSERT INTO emails (id, user_id, recipient, recipient_key, subject, text_body, html_body, template, reference,
		   occasion, token_purpose, status, tries, next_attempt_at, sent_at, version, created_at, updated_at)
		 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (occasion) DO NOTHING`,
		m.ID, m.UserID, m.To, recipientKey(m.To), m.Subject, m.Text, m.HTML, string(m.Template), m.Reference,
		occasion, string(m.Token), string(m.Status), m.Tries, instant(m.NextAttemptAt), instant(m.SentAt),
		m.Version, m.CreatedAt, m.UpdatedAt)
	if done.Error != nil {
		return false, fmt.Errorf("add e-mail: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}

// Find implements app.Store.
func (s *Store) Find(ctx context.Context, mail id.Email) (app.Mail, error) {
	var rows []row
	err := s.db.Read(ctx).Raw(`SELECT `+allColumns+` FROM emails WHERE id = ?`, mail).Find(&rows).Error
	if err != nil {
		return app.Mail{}, fmt.Errorf("read e-mail: %w", err)
	}
	if len(rows) == 0 {
		return app.Mail{}, email.ErrEmailNotFound
	}
	found := rows[0].mail()
	// One that was made since the e-mail was read belongs to its next version.
	err = s.db.Read(ctx).Raw(
		`SELECT at, error FROM email_attempts WHERE email_id = ? AND number <= ? ORDER BY number`, mail, rows[0].Attempts).
		Scan(&found.Attempts).Error
	if err != nil {
		return app.Mail{}, fmt.Errorf("read the attempts of an e-mail: %w", err)
	}
	for i := range found.Attempts {
		found.Attempts[i].At = found.Attempts[i].At.UTC()
	}
	return found, nil
}

// List implements app.Store.
func (s *Store) List(ctx context.Context, q app.Query) ([]email.Email, error) {
	where, values := conditions(q)
	if q.After != nil {
		where = append(where, "(created_at, id) < (?, ?)")
		values = append(values, q.After.At, q.After.ID)
	}
	var rows []row
	err := s.db.Read(ctx).Raw(
		`SELECT `+listColumns+` FROM emails WHERE `+strings.Join(where, " AND ")+` ORDER BY created_at DESC, id DESC LIMIT ?`,
		append(values, q.Limit)...).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list e-mails: %w", err)
	}
	mails := make([]email.Email, len(rows))
	for i, r := range rows {
		mails[i] = r.mail().Email
	}
	return mails, nil
}

// Count implements app.Store.
func (s *Store) Count(ctx context.Context, q app.Query) (int64, error) {
	where, values := conditions(q)
	var total int64
	err := s.db.Read(ctx).Raw(`SELECT count(*) FROM emails WHERE `+strings.Join(where, " AND "), values...).Scan(&total).Error
	if err != nil {
		return 0, fmt.Errorf("count e-mails: %w", err)
	}
	return total, nil
}

// conditions are those of a query without its place.
func conditions(q app.Query) (where []string, values []any) {
	where = []string{"1 = 1"}
	if q.Status != "" {
		where, values = append(where, "status = ?"), append(values, string(q.Status))
	}
	if q.Recipient != "" {
		where, values = append(where, "recipient_key = ?"), append(values, q.Recipient)
	}
	if q.Reference != "" {
		where, values = append(where, "reference = ? AND reference <> ''"), append(values, q.Reference)
	}
	return where, values
}

// Newest implements app.Store. It walks at most n entries of an index.
func (s *Store) Newest(ctx context.Context, recipient string, since time.Time, n int) (time.Time, bool, error) {
	where, values := "created_at > ?", []any{since}
	if recipient != "" {
		where, values = "recipient_key = ? AND created_at > ?", []any{recipient, since}
	}
	var times []time.Time
	err := s.db.Read(ctx).Raw(
		`SELECT created_at FROM emails WHERE `+where+` ORDER BY created_at DESC LIMIT 1 OFFSET ?`,
		append(values, n-1)...).Scan(&times).Error
	if err != nil {
		return time.Time{}, false, fmt.Errorf("count the latest e-mails: %w", err)
	}
	if len(times) == 0 {
		return time.Time{}, false, nil
	}
	return times[0].UTC(), true, nil
}

// Requeue implements app.Store.
func (s *Store) Requeue(ctx context.Context, mail id.Email, at time.Time) (bool, error) {
	done := s.db.Write(ctx).Exec(
		`UPDATE emails SET status = 'queued', tries = 0, next_attempt_at = ?, version = version + 1, updated_at = ?
		 WHERE id = ? AND status = 'dead'`, at, at, mail)
	if done.Error != nil {
		return false, fmt.Errorf("queue an e-mail again: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}

// RemoveUser implements app.Store. The attempts go with their e-mail.
func (s *Store) RemoveUser(ctx context.Context, user id.User) error {
	if err := s.db.Write(ctx).Exec(`DELETE FROM emails WHERE user_id = ?`, user).Error; err != nil {
		return fmt.Errorf("delete the e-mails of a user: %w", err)
	}
	return nil
}

// MoveUser implements app.Store.
func (s *Store) MoveUser(ctx context.Context, from, to id.User) error {
	if err := s.db.Write(ctx).Exec(`UPDATE emails SET user_id = ? WHERE user_id = ?`, to, from).Error; err != nil {
		return fmt.Errorf("move the e-mails of a user: %w", err)
	}
	return nil
}
