package gormstore

import (
	"context"
	"fmt"

	"shop/platform/database"
	"shop/platform/id"
)

// LockAdministrators implements app.Store: all of them, in one order, so that
// two who take administrators away wait for one another. On SQLite a
// transaction is the only writer from its beginning.
func (s *Store) LockAdministrators(ctx context.Context) ([]id.User, error) {
	lock := ""
	if s.db.Dialect() == database.Postgres {
		// Sign-ins may go on: their sessions refer to the row and change nothing.
		lock = " FOR NO KEY UPDATE"
	}
	var administrators []id.User
	err := s.db.Write(ctx).Raw(
		`SELECT id FROM users WHERE role = 'administrator' ORDER BY id` + lock).Scan(&administrators).Error
	if err != nil {
		return nil, fmt.Errorf("lock administrators: %w", err)
	}
	return administrators, nil
}

// HasAdministrator implements app.Store.
func (s *Store) HasAdministrator(ctx context.Context) (bool, error) {
	var there bool
	err := s.db.Read(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM users WHERE role = 'administrator')`).Scan(&there).Error
	if err != nil {
		return false, fmt.Errorf("look for an administrator: %w", err)
	}
	return there, nil
}

// LockAllAccounts implements app.Store.
func (s *Store) LockAllAccounts(ctx context.Context) error {
	if s.db.Dialect() == database.SQLite {
		return nil
	}
	if err := s.db.Write(ctx).Exec(`LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE`).Error; err != nil {
		return fmt.Errorf("lock users: %w", err)
	}
	return nil
}
