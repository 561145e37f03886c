package statstest

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/platform/event"
	"shop/platform/id"
)

// memory implements app.Store over a slice in the order of time and identifier.
type memory struct {
	full    atomic.Bool
	events  sync.Mutex // held while an event is handled
	mu      sync.RWMutex
	entries []stats.Entry
	handled map[id.Event]bool
	removed map[id.User]bool
}

// Insert implements app.Store.
func (m *memory) Insert(_ context.Context, entries []stats.Entry) error {
	if m.full.Load() {
		return stats.ErrBusy
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		e.Data = bytes.Clone(e.Data)
		m.entries = append(m.entries, e)
	}
	slices.SortFunc(m.entries, func(a, b stats.Entry) int { return compare(place(a), place(b)) })
	return nil
}

// List implements app.Store.
func (m *memory) List(_ context.Context, q app.Query) ([]stats.Entry, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []stats.Entry
	for _, e := range m.entries {
		if !matches(q.Filter, e) || (q.After != nil && compare(place(e), *q.After) <= 0) {
			continue
		}
		if len(found) == q.Limit {
			break
		}
		e.Data = bytes.Clone(e.Data)
		found = append(found, e)
	}
	return found, nil
}

// Count implements app.Store.
func (m *memory) Count(_ context.Context, f app.Filter) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var total int64
	for _, e := range m.entries {
		if matches(f, e) {
			total++
		}
	}
	return total, nil
}

// Summarize implements app.Store.
func (m *memory) Summarize(_ context.Context, q app.SummaryQuery, limit int) ([]stats.Count, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	totals := map[stats.Count]int64{}
	for _, e := range m.entries {
		if !matches(q.Filter, e) {
			continue
		}
		of := stats.Count{From: e.At.Truncate(q.Bucket)}
		switch q.By {
		case stats.ByAction:
			of.Key = e.Action
		case stats.ByUser:
			of.Key = e.UserID.String()
		case stats.ByNothing:
		}
		totals[of]++
	}
	counts := make([]stats.Count, 0, len(totals))
	for of, total := range totals {
		of.Count = total
		counts = append(counts, of)
	}
	slices.SortFunc(counts, func(a, b stats.Count) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Key, b.Key))
	})
	return counts[:min(limit, len(counts))], nil
}

// Anonymize implements app.Store.
func (m *memory) Anonymize(_ context.Context, user id.User, limit int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for i := range m.entries {
		if m.entries[i].UserID == user && n < limit {
			m.entries[i].UserID, m.entries[i].Data = id.User{}, nil
			n++
		}
	}
	return n, nil
}

// Handle implements app.Store.
func (m *memory) Handle(ctx context.Context, e event.Envelope, fn func(context.Context) error) error {
	m.events.Lock()
	defer m.events.Unlock()
	if m.handled[e.ID] {
		return nil
	}
	if err := fn(ctx); err != nil {
		return err
	}
	m.handled[e.ID] = true
	return nil
}

// Remember implements app.Store.
func (m *memory) Remember(_ context.Context, user id.User, _ time.Time) error {
	m.events.Lock()
	defer m.events.Unlock()
	m.removed[user] = true
	return nil
}

// Note implements app.Store.
func (m *memory) Note(ctx context.Context, e event.Envelope, entry stats.Entry) error {
	return m.Handle(ctx, e, func(ctx context.Context) error {
		if m.removed[entry.UserID] {
			entry.UserID, entry.Data = id.User{}, nil
		}
		return m.Insert(ctx, []stats.Entry{entry})
	})
}

// NextHour implements app.Store.
func (m *memory) NextHour(_ context.Context, from time.Time) (time.Time, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, e := range m.entries {
		if !e.At.Before(from) {
			return e.At.Truncate(time.Hour), true, nil
		}
	}
	return from, false, nil
}

// CompareHours implements app.Store. It counts when it is asked, so there is
// nothing that could differ.
func (m *memory) CompareHours(ctx context.Context, from, to time.Time) (int64, []app.HourDifference, error) {
	pairs, err := m.Summarize(ctx, app.SummaryQuery{
		Filter: app.Filter{From: from, To: to}, Bucket: time.Hour, By: stats.ByAction,
	}, math.MaxInt)
	return int64(len(pairs)), nil, err
}

// RecountHour implements app.Store.
func (m *memory) RecountHour(context.Context, time.Time, string) error { return nil }

func matches(f app.Filter, e stats.Entry) bool {
	return !e.At.Before(f.From) && e.At.Before(f.To) &&
		(f.Action == "" || f.Action == e.Action) && (f.UserID.IsZero() || f.UserID == e.UserID)
}

func place(e stats.Entry) app.Place { return app.Place{At: e.At, ID: e.ID} }

func compare(a, b app.Place) int {
	return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.ID[:], b.ID[:]))
}
