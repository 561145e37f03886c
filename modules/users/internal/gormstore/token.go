package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/users"
	"shop/modules/users/internal/app"
	"shop/platform/id"
)

// PutToken implements app.Store: the earlier token for the purpose is
// overwritten, and with that void.
func (s *Store) PutToken(ctx context.Context, t app.Token) error {
	err := s.db.Write(ctx).Exec(
		`INSERT INTO tokens (token_hash, user_id, purpose, email_key, expires_at) VALUES (?, ?, ?, ?, ?)
		 ON CONFLICT (user_id, purpose) DO UPDATE SET
		   token_hash = excluded.token_hash, email_key = excluded.email_key, expires_at = excluded.expires_at`,
		blob(t.Hash), t.UserID, t.Purpose, t.EmailKey, t.ExpiresAt).Error
	if err != nil {
		return fmt.Errorf("put token: %w", err)
	}
	return nil
}

// Token implements app.Store.
func (s *Store) Token(
	ctx context.Context, token app.Hash, purpose users.Purpose, at time.Time,
) (app.Token, error) {
	var rows []struct {
		UserID    id.User
		EmailKey  string
		ExpiresAt time.Time
	}
	err := s.db.Read(ctx).Raw(
		`SELECT user_id, email_key, expires_at FROM tokens WHERE token_hash = ? AND purpose = ? AND expires_at > ?`,
		blob(token), purpose, at).Find(&rows).Error
	if err != nil {
		return app.Token{}, fmt.Errorf("read token: %w", err)
	}
	if len(rows) == 0 {
		return app.Token{}, users.ErrTokenInvalid
	}
	row := rows[0]
	return app.Token{
		Hash: token, UserID: row.UserID, Purpose: purpose, EmailKey: row.EmailKey, ExpiresAt: row.ExpiresAt.UTC(),
	}, nil
}

// TakeToken implements app.Store.
func (s *Store) TakeToken(ctx context.Context, token app.Hash) (bool, error) {
	done := s.db.Write(ctx).Exec(`DELETE FROM tokens WHERE token_hash = ?`, blob(token))
	if done.Error != nil {
		return false, fmt.Errorf("take token: %w", done.Error)
	}
	return done.RowsAffected == 1, nil
}

// DeleteTokens implements app.Store.
func (s *Store) DeleteTokens(ctx context.Context, user id.User) error {
	if err := s.db.Write(ctx).Exec(`DELETE FROM tokens WHERE user_id = ?`, user).Error; err != nil {
		return fmt.Errorf("delete tokens: %w", err)
	}
	return nil
}
