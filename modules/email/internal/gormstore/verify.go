package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/email"
	"shop/platform/id"
)

// Occasions implements app.Store.
func (s *Store) Occasions(ctx context.Context, occasions []string) ([]string, error) {
	if len(occasions) == 0 {
		return nil, nil
	}
	var found []string
	err := s.db.Read(ctx).Raw(`SELECT occasion FROM emails WHERE occasion IN ?`, occasions).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("look for the e-mails of occasions: %w", err)
	}
	return found, nil
}

// Mentioned implements app.Store. The text is an identifier, in which LIKE has
// nothing to interpret but "_", which is there.
func (s *Store) Mentioned(ctx context.Context, user id.User, template email.Template, text string) (found bool, err error) {
	err = s.db.Read(ctx).Raw(
		`SELECT EXISTS (SELECT 1 FROM emails WHERE user_id = ? AND template = ? AND occasion IS NULL AND text_body LIKE ?)`,
		user, string(template), "%"+text+"%").Scan(&found).Error
	if err != nil {
		return false, fmt.Errorf("look for an e-mail by its text: %w", err)
	}
	return found, nil
}

// Overdue implements app.Store.
func (s *Store) Overdue(ctx context.Context, before time.Time) ([]id.Email, error) {
	var mails []id.Email
	err := s.db.Read(ctx).Raw(
		`SELECT id FROM emails WHERE status = 'queued' AND next_attempt_at < ? ORDER BY next_attempt_at`, before).Scan(&mails).Error
	if err != nil {
		return nil, fmt.Errorf("look for overdue e-mails: %w", err)
	}
	return mails, nil
}
