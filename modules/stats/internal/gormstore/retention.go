package gormstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/platform/database"
)

const (
	// expireBatch is how many entries one statement deletes, so that on SQLite
	// the writer is free in between and on PostgreSQL no transaction is long.
	expireBatch = 1000
	// dropWait is how long dropping a partition waits for those who use the
	// table; while it does, others wait behind it.
	dropWait = "250ms"
)

// Expire removes the entries of the UTC days that ended before keep, and
// returns of how many: on PostgreSQL whole partitions, whose number of entries
// is what the server believes. What log_hours counts stays. A partition that is
// in use is left for the next time and is database.ErrUnavailable.
func (s *Store) Expire(ctx context.Context, keep time.Time) (int64, error) {
	keep = keep.UTC().Truncate(day)
	err := s.db.Write(ctx).Exec(`UPDATE log_retention SET kept_from = ? WHERE kept_from < ?`, s.parameter(keep), s.parameter(keep)).Error
	if err != nil {
		return 0, fmt.Errorf("note what is kept: %w", err)
	}
	if s.db.Dialect() == database.SQLite {
		return s.deleteBefore(ctx, "log_entries", keep)
	}
	there, err := s.partitions(ctx)
	if err != nil {
		return 0, err
	}
	var total int64
	var failed error
	for _, p := range there {
		var n int64
		var err error
		switch {
		case p.Name == past && p.Until.After(keep):
			n, err = s.deleteBefore(ctx, past, keep)
		case p.Name == past:
			n, err = s.empty(ctx, past, "TRUNCATE ")
		case !p.Until.After(keep):
			n, err = s.empty(ctx, p.Name, "DROP TABLE ")
		}
		total += n
		failed = errors.Join(failed, err)
	}
	return total, failed
}

// deleteBefore deletes in batches, oldest first.
func (s *Store) deleteBefore(ctx context.Context, table string, keep time.Time) (int64, error) {
	var total int64
	for {
		done := s.db.Write(ctx).Exec(
			`DELETE FROM `+table+` WHERE (at, id) IN (SELECT at, id FROM `+table+` WHERE at < ? ORDER BY at LIMIT ?)`,
			s.parameter(keep), expireBatch)
		if done.Error != nil {
			return total, fmt.Errorf("delete old log entries: %w", done.Error)
		}
		total += done.RowsAffected
		if done.RowsAffected < expireBatch {
			return total, nil
		}
	}
}

// empty takes a partition's entries away at once, unless it has none.
func (s *Store) empty(ctx context.Context, name, how string) (int64, error) {
	var entries int64
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.db.Write(ctx).Exec(`SET LOCAL lock_timeout = '` + dropWait + `'`).Error; err != nil {
			return err //nolint:wrapcheck // wrapped below
		}
		var there bool
		if err := s.db.Write(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM ` + name + `)`).Scan(&there).Error; err != nil {
			return err //nolint:wrapcheck // wrapped below
		}
		if !there && name == past {
			return nil
		}
		err := s.db.Write(ctx).Raw(`SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = ?::text::regclass`, name).Scan(&entries).Error
		if err != nil {
			return err //nolint:wrapcheck // wrapped below
		}
		return s.db.Write(ctx).Exec(how + name).Error
	})
	if err != nil {
		return 0, fmt.Errorf("drop the log entries of %s: %w", name, err)
	}
	return entries, nil
}
