package app

import (
	"context"
	"time"

	"shop/modules/stats"
	"shop/platform/database"
	"shop/platform/identity"
	"shop/platform/page"
)

// Entries implements stats.Service.
func (s *Service) Entries(ctx context.Context, in stats.EntriesInput) (page.Page[stats.Entry], error) {
	var none page.Page[stats.Entry]
	if err := identity.RequirePrivileged(ctx); err != nil {
		return none, err
	}
	q, err := s.query(in)
	if err != nil {
		return none, err
	}
	rows, err := s.store.List(ctx, continued(q, in.From.IsZero()))
	if err != nil {
		return none, err
	}
	result := page.Cut(rows, in.Page.Size(), cursor)
	if in.Page.CountExact {
		total, err := s.store.Count(ctx, q.Filter)
		if err != nil {
			return none, err
		}
		result.Total = &total
	}
	return result, nil
}

// continued is q for the rows alone: they begin at the cursor. A default start
// moves with the clock and would pass entries that the page before left for this
// one; and of two lower bounds SQLite searches by one and tests the other row by
// row, which would make deep pages slow.
func continued(q Query, defaultFrom bool) Query {
	if q.After != nil && (defaultFrom || q.After.At.After(q.From)) {
		q.From = q.After.At
	}
	return q
}

// query validates what is asked for. Errors: an invalid field, page.ErrCursor.
func (s *Service) query(in stats.EntriesInput) (Query, error) {
	q := Query{Limit: in.Page.Size() + 1}
	if in.Page.Cursor != "" {
		after, err := place(in.Page.Cursor)
		if err != nil {
			return q, err
		}
		q.After = &after
	}
	var err error
	q.Filter, err = s.filter(in.From, in.To, in.Action)
	q.UserID = in.UserID
	return q, err
}

// filter is the period with its defaults, and the action.
func (s *Service) filter(from, to time.Time, action string) (Filter, error) {
	if to.IsZero() {
		to = s.clock()
	}
	if from.IsZero() {
		from = to.Add(-stats.DefaultPeriod)
	}
	var found findings
	if from.After(to) {
		found.add("query.from", "must not be after to")
	}
	if action != "" && !validName(action) {
		found.add("query.action", nameRule)
	}
	return Filter{From: database.Timestamp(from), To: database.Timestamp(to), Action: action}, found.err()
}

// sortAt is the one order that entries are listed in.
const sortAt = "at"

func cursor(e stats.Entry) page.Cursor {
	return page.Cursor{Sort: sortAt, Key: e.At.Format(time.RFC3339Nano), ID: e.ID.String()}
}

// place reads a cursor. Errors: page.ErrCursor.
func place(text string) (Place, error) {
	c, err := page.Decode(text, sortAt)
	if err != nil {
		return Place{}, err
	}
	var p Place
	if err := p.At.UnmarshalText([]byte(c.Key)); err != nil {
		return Place{}, page.ErrCursor
	}
	if err := p.ID.UnmarshalText([]byte(c.ID)); err != nil {
		return Place{}, page.ErrCursor
	}
	p.At = database.Timestamp(p.At)
	return p, nil
}
