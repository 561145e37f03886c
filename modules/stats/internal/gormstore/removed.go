package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/platform/database"
	"shop/platform/event/inbox"
	"shop/platform/id"
)

// Anonymize implements app.Store.
func (s *Store) Anonymize(ctx context.Context, user id.User, limit int) (int, error) {
	periods, err := s.periods(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, p := range periods {
		done := s.db.Write(ctx).Exec(
			`UPDATE log_entries SET user_id = NULL, data = NULL
			  WHERE at >= ? AND at < ? AND (at, id) IN
			    (SELECT at, id FROM log_entries WHERE user_id = ? AND at >= ? AND at < ? LIMIT ?)`,
			s.parameter(p[0]), s.parameter(p[1]), user, s.parameter(p[0]), s.parameter(p[1]), limit-total)
		if done.Error != nil {
			return 0, fmt.Errorf("anonymize log entries: %w", done.Error)
		}
		if total += int(done.RowsAffected); total == limit {
			break
		}
	}
	return total, nil
}

// periods are what a statement that looks for a user goes through one at a
// time: on PostgreSQL it locks all partitions of its period, and of those there
// may be more than a transaction can lock.
func (s *Store) periods(ctx context.Context) ([][2]time.Time, error) {
	begin, end := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
	if s.db.Dialect() == database.SQLite {
		return [][2]time.Time{{begin, end}}, nil
	}
	const partitions = 50
	there, err := s.partitions(ctx)
	if err != nil {
		return nil, err
	}
	var periods [][2]time.Time
	for n := 0; n < len(there); n += partitions {
		until := there[min(n+partitions, len(there))-1].Until
		periods, begin = append(periods, [2]time.Time{begin, until}), until
	}
	return periods, nil
}

// Remember implements app.Store.
func (s *Store) Remember(ctx context.Context, user id.User, now time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.lockUsers(ctx, "pg_advisory_xact_lock", user); err != nil {
			return err
		}
		err := s.db.Write(ctx).Exec(
			`INSERT INTO removed_users (user_id, removed_at) VALUES (?, ?) ON CONFLICT (user_id) DO NOTHING`, user, now).Error
		if err != nil {
			return fmt.Errorf("remember a removed user: %w", err)
		}
		return nil
	})
}

// removed says which of some users are gone. Until the transaction of ctx ends,
// no Remember of the others does.
func (s *Store) removed(ctx context.Context, users []id.User) (map[id.User]bool, error) {
	if err := s.lockUsers(ctx, "pg_advisory_xact_lock_shared", users...); err != nil {
		return nil, err
	}
	var gone []id.User
	err := s.db.Write(ctx).Raw(`SELECT user_id FROM removed_users WHERE user_id IN ?`, users).Find(&gone).Error
	if err != nil {
		return nil, fmt.Errorf("look for removed users: %w", err)
	}
	removed := make(map[id.User]bool, len(gone))
	for _, user := range gone {
		removed[user] = true
	}
	return removed, nil
}

// lockUsers keeps until the end of the transaction that users are not removed
// while something of theirs is recorded. SQLite has one writer anyway.
func (s *Store) lockUsers(ctx context.Context, lock string, users ...id.User) error {
	if s.db.Dialect() == database.SQLite {
		return nil
	}
	names := make([]string, len(users))
	for i, user := range users {
		names[i] = user.String()
	}
	// GORM writes a slice as a list of parameters, but passes a pointer on.
	err := s.db.Write(ctx).Exec(
		`SELECT `+lock+`(?, hashtext(u.name)) FROM unnest(?::text[]) AS u (name)`, partitionLock&0x7fffffff, &names).Error
	if err != nil {
		return fmt.Errorf("lock users: %w", err)
	}
	return nil
}

// PruneRemoved forgets users who were removed so long before now that no event
// names them any more, and returns of how many.
func (s *Store) PruneRemoved(ctx context.Context, now time.Time) (int64, error) {
	done := s.db.Write(ctx).Exec(`DELETE FROM removed_users WHERE removed_at < ?`, now.UTC().Add(-inbox.Retention))
	if done.Error != nil {
		return 0, fmt.Errorf("forget removed users: %w", done.Error)
	}
	return done.RowsAffected, nil
}
