package gormstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"shop/modules/stats"
	"shop/platform/database"
)

const (
	// day is how long a partition is.
	day = 24 * time.Hour
	// daysAhead is for how many days there are partitions already, so that a
	// replica that cannot make any has a week's time.
	daysAhead = 7
	// past is the partition of all that lies before the partitions of days.
	past = "log_entries_past"
	// partitionLock keeps replicas from making the same partition at once.
	partitionLock = 0x7374617473 // "stats"
)

// partition is a partition of log_entries on PostgreSQL.
type partition struct {
	Name string
	// Until is where it ends.
	Until time.Time
}

func (s *Store) partitions(ctx context.Context) ([]partition, error) {
	var found []partition
	err := s.db.Write(ctx).Raw(
		`SELECT quote_ident(c.relname) AS name, substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz AS until
		   FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		  WHERE i.inhparent = 'log_entries'::regclass
		  ORDER BY until`).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("list the partitions of log entries: %w", err)
	}
	return found, nil
}

// MakePartitions makes those of today and of the days to come, where they are
// missing.
func (s *Store) MakePartitions(ctx context.Context, now time.Time) error {
	if s.db.Dialect() == database.SQLite {
		return nil
	}
	days := make([]time.Time, 0, daysAhead+1)
	for n := range daysAhead + 1 {
		days = append(days, now.UTC().Truncate(day).Add(time.Duration(n)*day))
	}
	return s.makePartitions(ctx, days)
}

// makePartitions makes those that are missing. A table is made by itself and
// attached, because that lets others read and write meanwhile.
func (s *Store) makePartitions(ctx context.Context, days []time.Time) error {
	there, err := s.partitions(ctx)
	if err != nil {
		return err
	}
	for _, from := range days {
		if covered(there, from) {
			continue
		}
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			if err := s.db.Write(ctx).Exec(`SELECT pg_advisory_xact_lock(?)`, partitionLock).Error; err != nil {
				return err //nolint:wrapcheck // wrapped below
			}
			there, err := s.partitions(ctx)
			if err != nil || covered(there, from) {
				return err
			}
			name := "log_entries_" + from.Format("20060102")
			for _, statement := range []string{
				"CREATE TABLE " + name + " (LIKE log_entries INCLUDING CONSTRAINTS)",
				fmt.Sprintf("ALTER TABLE log_entries ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')",
					name, from.Format(time.RFC3339), from.Add(day).Format(time.RFC3339)),
			} {
				if err := s.db.Write(ctx).Exec(statement).Error; err != nil {
					return err //nolint:wrapcheck // wrapped below
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("make the partition of %s: %w", from.Format(time.DateOnly), err)
		}
	}
	return nil
}

// covered says whether the entries of a day have a partition.
func covered(there []partition, from time.Time) bool {
	return slices.ContainsFunc(there, func(p partition) bool {
		return p.Until.Equal(from.Add(day)) || p.Name == past && p.Until.After(from)
	})
}

// partitioned runs fn, which stores entries. Where a partition is missing it
// makes it and runs fn again: so it is for days that retention has dropped.
func (s *Store) partitioned(ctx context.Context, entries []stats.Entry, fn func() error) error {
	err := fn()
	if !partitionMissing(err) || database.InTransaction(ctx) {
		return err
	}
	var days []time.Time
	for i := range entries {
		if from := entries[i].At.UTC().Truncate(day); !slices.Contains(days, from) {
			days = append(days, from)
		}
	}
	if err := s.makePartitions(ctx, days); err != nil {
		return err
	}
	return fn()
}

// partitionMissing tells the answer to a row that no partition takes from that
// of a check, which has a name.
func partitionMissing(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == "23514" && answer.ConstraintName == ""
}
