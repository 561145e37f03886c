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
	from := s.source(q)
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
	err := s.db.Read(ctx).Raw("SELECT "+columns+", CAST(sum(entries) AS bigint) AS entries FROM ("+from.SQL+
		") AS counted GROUP BY "+order+" ORDER BY "+nullsFirst(q.By, order)+" LIMIT ?", append(from.Args, limit)...,
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

// source is what a summary adds up. Whole hours are counted already, unless
// users or minutes are to be told apart; what lies in the period before the
// first and after the last of them comes from the entries. It is one statement,
// so that a commit is in both or in neither.
func (s *Store) source(q app.SummaryQuery) database.Part {
	first, last := q.From.Add(time.Hour-time.Nanosecond).Truncate(time.Hour), q.To.Truncate(time.Hour)
	if q.By == stats.ByUser || q.Bucket < time.Hour || !first.Before(last) {
		return s.entries("at, action, user_id", q.Filter)
	}
	hours := &condition{}
	hours.and("hour >= ? AND hour < ?", s.parameter(first), s.parameter(last))
	if q.Action != "" {
		hours.and("action = ?", q.Action)
	}
	parts := []database.Part{
		database.SQL("SELECT hour AS at, action, entries FROM log_hours WHERE "+hours.text.String(), hours.values...),
	}
	for _, edge := range [][2]time.Time{{q.From, first}, {last, q.To}} {
		if edge[0].Before(edge[1]) {
			f := q.Filter
			f.From, f.To = edge[0], edge[1]
			parts = append(parts, database.SQL(" UNION ALL "), s.entries("at, action", f))
		}
	}
	text, args := database.Compose(parts...)
	return database.SQL(text, args...)
}

// entries is columns of the entries that match, each counting one.
func (s *Store) entries(columns string, f app.Filter) database.Part {
	where := s.matching(f)
	return database.SQL("SELECT "+columns+", 1 AS entries FROM log_entries WHERE "+where.text.String(), where.values...)
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
