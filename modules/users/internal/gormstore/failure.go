package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/users/internal/app"
)

// Failures implements app.Store. The rows of an address are few: once they
// reach its limit no more are added.
func (s *Store) Failures(ctx context.Context, address string, since time.Time) ([]app.Failure, error) {
	var rows []struct {
		Account  []byte
		FailedAt time.Time
	}
	err := s.db.Read(ctx).Raw(
		`SELECT account, failed_at FROM sign_in_failures WHERE address = ? AND failed_at > ? ORDER BY failed_at`,
		address, since).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read failed sign-ins: %w", err)
	}
	failures := make([]app.Failure, len(rows))
	for i, row := range rows {
		failures[i] = app.Failure{Address: address, At: row.FailedAt.UTC()}
		copy(failures[i].Account[:], row.Account)
	}
	return failures, nil
}

// AddFailure implements app.Store.
func (s *Store) AddFailure(ctx context.Context, f app.Failure) error {
	err := s.db.Write(ctx).Exec(
		`INSERT INTO sign_in_failures (account, address, failed_at) VALUES (?, ?, ?)`,
		blob(f.Account), f.Address, f.At).Error
	if err != nil {
		return fmt.Errorf("add failed sign-in: %w", err)
	}
	return nil
}

// ForgetFailures implements app.Store.
func (s *Store) ForgetFailures(ctx context.Context, account app.Hash, address string) error {
	err := s.db.Write(ctx).Exec(
		`DELETE FROM sign_in_failures WHERE account = ? AND (address = ? OR ? = '')`,
		blob(account), address, address).Error
	if err != nil {
		return fmt.Errorf("forget failed sign-ins: %w", err)
	}
	return nil
}
