package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/stats/internal/app"
	"shop/platform/database"
)

// shownHours bounds how many differences one comparison tells.
const shownHours = 1000

// compared is a difference, and how many pairs were compared to find it.
type compared struct {
	Checked int64
	Hour    *moment
	Action  string
	Rolled  int64
	Counted int64
}

// NextHour implements app.Store.
func (s *Store) NextHour(ctx context.Context, from time.Time) (time.Time, bool, error) {
	var kept struct{ KeptFrom moment }
	if err := s.db.Read(ctx).Raw(`SELECT kept_from FROM log_retention`).Find(&kept).Error; err != nil {
		return from, false, fmt.Errorf("read what is kept: %w", err)
	}
	if from.Before(kept.KeptFrom.Time) {
		from = kept.KeptFrom.Time
	}
	var found []struct{ At moment }
	err := s.db.Read(ctx).Raw(
		`SELECT at FROM (SELECT at FROM log_entries WHERE at >= ? ORDER BY at LIMIT 1) AS entries
		 UNION ALL
		 SELECT hour FROM (SELECT hour FROM log_hours WHERE hour >= ? ORDER BY hour LIMIT 1) AS hours`,
		s.parameter(from), s.parameter(from)).Find(&found).Error
	if err != nil {
		return from, false, fmt.Errorf("find the next log entry: %w", err)
	}
	var next time.Time
	for _, f := range found {
		if at := f.At.Truncate(time.Hour); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, len(found) > 0, nil
}

// CompareHours implements app.Store. It is one statement, so that a commit, and
// what retention removes, is in all of it or in none.
func (s *Store) CompareHours(ctx context.Context, from, to time.Time) (int64, []app.HourDifference, error) {
	var rows []compared
	begin, end := s.parameter(from), s.parameter(to)
	err := s.db.Read(ctx).Raw(
		`WITH both_sides AS (
		   SELECT hour, action, CAST(sum(rolled) AS bigint) AS rolled, CAST(sum(counted) AS bigint) AS counted FROM (
		     SELECT hour, action, entries AS rolled, 0 AS counted FROM log_hours
		      WHERE hour >= ? AND hour < ? AND hour >= (SELECT kept_from FROM log_retention)
		     UNION ALL
		     SELECT `+s.bucket(time.Hour)+`, action, 0, count(*) FROM log_entries
		      WHERE at >= ? AND at < ? AND at >= (SELECT kept_from FROM log_retention) GROUP BY 1, 2
		   ) AS sides GROUP BY hour, action)
		 SELECT (SELECT count(*) FROM both_sides) AS checked, d.hour, d.action, d.rolled, d.counted
		   FROM (SELECT 1) AS one
		   LEFT JOIN (SELECT * FROM both_sides WHERE rolled <> counted ORDER BY hour, action LIMIT ?) AS d ON true`,
		begin, end, begin, end, shownHours).Find(&rows).Error
	if err != nil {
		return 0, nil, fmt.Errorf("compare the hours of log entries: %w", err)
	}
	var checked int64
	var found []app.HourDifference
	for _, r := range rows {
		checked = r.Checked
		if r.Hour != nil {
			found = append(found, app.HourDifference{Hour: r.Hour.Time, Action: r.Action, Rolled: r.Rolled, Counted: r.Counted})
		}
	}
	return checked, found, nil
}

// RecountHour implements app.Store. Whoever records waits meanwhile; and no
// partition is dropped. Of an hour that retention has begun to remove nothing is
// known, and it stays as it is.
func (s *Store) RecountHour(ctx context.Context, hour time.Time, action string) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		keptFrom := `SELECT kept_from FROM log_retention`
		if s.db.Dialect() == database.Postgres {
			keptFrom += " FOR SHARE"
			for _, lock := range []string{"log_entries IN ACCESS SHARE MODE", "log_hours IN SHARE ROW EXCLUSIVE MODE"} {
				if err := s.db.Write(ctx).Exec("LOCK TABLE " + lock).Error; err != nil {
					return err //nolint:wrapcheck // wrapped below
				}
			}
		}
		var kept struct{ KeptFrom moment }
		if err := s.db.Write(ctx).Raw(keptFrom).Find(&kept).Error; err != nil || hour.Before(kept.KeptFrom.Time) {
			return err //nolint:wrapcheck // wrapped below
		}
		begin, end := s.parameter(hour), s.parameter(hour.Add(time.Hour))
		if err := s.db.Write(ctx).Exec(`DELETE FROM log_hours WHERE hour = ? AND action = ?`, begin, action).Error; err != nil {
			return err //nolint:wrapcheck // wrapped below
		}
		return s.db.Write(ctx).Exec(
			`INSERT INTO log_hours (hour, action, entries)
			 SELECT `+s.bucket(time.Hour)+`, action, count(*) FROM log_entries
			  WHERE action = ? AND at >= ? AND at < ? GROUP BY 1, 2`, action, begin, end).Error
	})
	if err != nil {
		return fmt.Errorf("count an hour of log entries again: %w", err)
	}
	return nil
}
