package gormstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/platform/id"
)

// condition is a WHERE clause and its parameters.
type condition struct {
	text   strings.Builder
	values []any
}

func (c *condition) and(text string, values ...any) {
	if c.text.Len() > 0 {
		c.text.WriteString(" AND ")
	}
	c.text.WriteString(text)
	c.values = append(c.values, values...)
}

func (s *Store) matching(f app.Filter) *condition {
	c := &condition{}
	c.and("at >= ? AND at < ?", s.parameter(f.From), s.parameter(f.To))
	if f.Action != "" {
		c.and("action = ?", f.Action)
	}
	if !f.UserID.IsZero() {
		c.and("user_id = ?", f.UserID)
	}
	return c
}

// row is a row of log_entries.
type row struct {
	ID     id.LogEntry
	UserID id.User
	Action string
	Data   *string
	At     moment
}

func (r row) entry() stats.Entry {
	e := stats.Entry{ID: r.ID, UserID: r.UserID, Action: r.Action, At: r.At.Time}
	if r.Data != nil {
		e.Data = json.RawMessage(*r.Data)
	}
	return e
}

// List implements app.Store.
func (s *Store) List(ctx context.Context, q app.Query) ([]stats.Entry, error) {
	where := s.matching(q.Filter)
	if q.After != nil {
		where.and("(at, id) > (?, ?)", s.parameter(q.After.At), q.After.ID)
	}
	var rows []row
	err := s.db.Read(ctx).Raw(
		"SELECT id, user_id, action, data, at FROM log_entries WHERE "+where.text.String()+" ORDER BY at, id LIMIT ?", append(where.values, q.Limit)...,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list log entries: %w", err)
	}
	entries := make([]stats.Entry, len(rows))
	for i := range rows {
		entries[i] = rows[i].entry()
	}
	return entries, nil
}

// Count implements app.Store.
func (s *Store) Count(ctx context.Context, f app.Filter) (int64, error) {
	where := s.matching(f)
	var total int64
	err := s.db.Read(ctx).Raw("SELECT count(*) FROM log_entries WHERE "+where.text.String(), where.values...).Scan(&total).Error
	if err != nil {
		return 0, fmt.Errorf("count log entries: %w", err)
	}
	return total, nil
}
