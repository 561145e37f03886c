package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/users/internal/app"
)

// What no row should be. Foreign keys keep it so, unless somebody has restored
// or copied tables by themselves.
const (
	sessionOfNobody = `NOT EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id)`
	sessionOfMerged = `EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id AND guest AND merged_into IS NOT NULL)`
	tokenOfNobody   = `NOT EXISTS (SELECT 1 FROM users WHERE users.id = tokens.user_id AND NOT guest)` //nolint:gosec // SQL, no secret
)

// Strays implements app.Store.
func (s *Store) Strays(ctx context.Context, at time.Time) (found app.Strays, err error) {
	for _, look := range []struct {
		into  any
		query string
		args  []any
	}{
		{&found.Sessions, `SELECT count(*) FROM sessions`, nil},
		{&found.Tokens, `SELECT count(*) FROM tokens`, nil},
		{&found.Merged, `SELECT count(*) FROM users WHERE guest AND merged_into IS NOT NULL`, nil},
		{&found.OfNobody, `SELECT id FROM sessions WHERE ` + sessionOfNobody + ` ORDER BY id`, nil},
		{&found.OfMerged, `SELECT id FROM sessions WHERE ` + sessionOfMerged + ` AND expires_at > ? ORDER BY id`, []any{at}},
		{&found.TokensOf, `SELECT user_id FROM tokens WHERE ` + tokenOfNobody + ` ORDER BY user_id`, nil},
	} {
		if err := s.db.Read(ctx).Raw(look.query, look.args...).Scan(look.into).Error; err != nil {
			return found, fmt.Errorf("look for strays: %w", err)
		}
	}
	return found, nil
}

// DeleteStrays implements app.Store.
func (s *Store) DeleteStrays(ctx context.Context) error {
	for _, statement := range []string{
		`DELETE FROM sessions WHERE ` + sessionOfNobody + ` OR ` + sessionOfMerged,
		`DELETE FROM tokens WHERE ` + tokenOfNobody,
	} {
		if err := s.db.Write(ctx).Exec(statement).Error; err != nil {
			return fmt.Errorf("remove strays: %w", err)
		}
	}
	return nil
}
