package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// counted is one line of a summary; of Action and UserID at most one is read.
type counted struct {
	Bucket  moment // its beginning
	Action  string
	UserID  id.User
	Entries int64
}

// Summarize implements app.Store.
func (s *Store) Summarize(ctx context.Context, q app.SummaryQuery, limit int) ([]stats.Count, error) {
	where := s.matching(q.Filter)
	columns, order := s.bucket(q.Bucket)+" AS bucket", "1"
	switch q.By {
	case stats.ByAction:
		columns, order = columns+", action", "1, 2"
	case stats.ByUser:
		columns, order = columns+", user_id", "1, 2"
	case stats.ByNothing:
	}
	var rows []counted
	// The size of a bucket is ours, one of three: no parameter, so that the
	// database sees that what it groups by is what it selects.
	err := s.db.Read(ctx).Raw("SELECT "+columns+", count(*) AS entries FROM log_entries WHERE "+where.text.String()+
		" GROUP BY "+order+" ORDER BY "+nullsFirst(q.By, order)+" LIMIT ?", append(where.values, limit)...,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("summarize log entries: %w", err)
	}
	counts := make([]stats.Count, len(rows))
	for i, r := range rows {
		counts[i] = stats.Count{From: r.Bucket.Time, Key: r.Action, Count: r.Entries}
		if q.By == stats.ByUser {
			counts[i].Key = r.UserID.String()
		}
	}
	return counts, nil
}

// nullsFirst puts nobody's entries before those of users, as SQLite does.
func nullsFirst(by stats.By, order string) string {
	if by == stats.ByUser {
		return order + " NULLS FIRST"
	}
	return order
}

// bucket is SQL for the beginning of the bucket that an entry is in. Buckets are
// whole multiples of their length since 1970, which are UTC's.
func (s *Store) bucket(length time.Duration) string {
	if s.db.Dialect() == database.SQLite {
		return fmt.Sprintf("at - at %% %d", length.Microseconds())
	}
	return fmt.Sprintf("date_bin('%d seconds', at, timestamptz 'epoch')", int64(length.Seconds()))
}
