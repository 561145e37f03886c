package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/users"
	"shop/modules/users/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// InsertSession implements app.Store. On PostgreSQL the lock makes it wait for
// whoever is changing the account, and look again afterwards.
func (s *Store) InsertSession(ctx context.Context, session app.Session, passwordVersion int64) (bool, error) {
	lock := ""
	if s.db.Dialect() == database.Postgres {
		lock = " FOR SHARE"
	}
	done := s.db.Write(ctx).Exec(
		`INSERT INTO sessions (token_hash, id, user_id, created_at, expires_at)
		 SELECT ?, ?, id, ?, ? FROM users WHERE id = ? AND password_version = ?`+lock,
		blob(session.Token), session.ID, session.CreatedAt, session.ExpiresAt, session.UserID, passwordVersion)
	if done.Error != nil {
		return false, fmt.Errorf("insert session: %w", done.Error)
	}
	return done.RowsAffected == 1, nil
}

// Session implements app.Store.
func (s *Store) Session(ctx context.Context, token app.Hash, at time.Time) (users.Session, error) {
	var rows []struct {
		ID        id.Session
		UserID    id.User
		Role      users.Role
		ExpiresAt time.Time
	}
	err := s.db.Read(ctx).Raw(
		`SELECT s.id, s.user_id, CASE WHEN u.guest THEN 'guest' ELSE u.role END AS role, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id
		 WHERE s.token_hash = ? AND s.expires_at > ?`, blob(token), at).Find(&rows).Error
	if err != nil {
		return users.Session{}, fmt.Errorf("read session: %w", err)
	}
	if len(rows) == 0 {
		return users.Session{}, users.ErrSessionEnded
	}
	row := rows[0]
	return users.Session{ID: row.ID, UserID: row.UserID, Role: row.Role, ExpiresAt: row.ExpiresAt.UTC()}, nil
}

// ProlongSession implements app.Store.
func (s *Store) ProlongSession(ctx context.Context, token app.Hash, until time.Time) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE sessions SET expires_at = ? WHERE token_hash = ? AND expires_at < ?`, until, blob(token), until).Error
	if err != nil {
		return fmt.Errorf("prolong session: %w", err)
	}
	return nil
}

// DeleteSession implements app.Store.
func (s *Store) DeleteSession(ctx context.Context, token app.Hash) error {
	if err := s.db.Write(ctx).Exec(`DELETE FROM sessions WHERE token_hash = ?`, blob(token)).Error; err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// DeleteSessions implements app.Store.
func (s *Store) DeleteSessions(ctx context.Context, user id.User, except app.Hash) error {
	err := s.db.Write(ctx).Exec(`DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?`, user, blob(except)).Error
	if err != nil {
		return fmt.Errorf("delete sessions: %w", err)
	}
	return nil
}
