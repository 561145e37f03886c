package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/platform/database"
	"shop/platform/id"
)

// MergeGuest implements app.Store.
func (s *Store) MergeGuest(ctx context.Context, guest, account id.User, at time.Time) (bool, error) {
	done := s.db.Write(ctx).Exec(
		`UPDATE users SET merged_into = ?, version = version + 1, updated_at = ?
		 WHERE id = ? AND guest AND merged_into IS NULL`, account, at, guest)
	if done.Error != nil {
		return false, fmt.Errorf("merge guest: %w", done.Error)
	}
	return done.RowsAffected == 1, nil
}

// DeleteIdleGuests implements app.Store. No session of a guest begins after the
// first one, so one that has ended stays so. On PostgreSQL replicas pass by the
// rows that another one removes.
func (s *Store) DeleteIdleGuests(ctx context.Context, madeBefore, now time.Time, limit int) ([]id.User, error) {
	lock := ""
	if s.db.Dialect() == database.Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	var removed []id.User
	err := s.db.Write(ctx).Raw(
		`WITH idle AS (
		   SELECT id FROM users WHERE guest AND created_at <= ?
		     AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = users.id AND expires_at > ?)
		   ORDER BY id LIMIT ?`+lock+`)
		 DELETE FROM users WHERE id IN (SELECT id FROM idle) RETURNING id`, madeBefore, now, limit).Scan(&removed).Error
	if err != nil {
		return nil, fmt.Errorf("remove idle guests: %w", err)
	}
	return removed, nil
}
