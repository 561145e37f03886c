package gormstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

func entry(at time.Time, action string) stats.Entry {
	return stats.Entry{ID: id.NewLogEntry(), Action: action, At: database.Timestamp(at)}
}

// What is wrong with one request fails no other of its commit; and with keys
// each is stored once, also twins in one commit.
func TestBatchMates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		s := New(db)
		now := time.Now()
		bad := entry(now, "bad")
		bad.Data = json.RawMessage(`{`)
		if db.Dialect() == database.SQLite {
			bad.Action = "" // takes any data, and checks this
		}
		batch := []*pending{
			newPending([]stats.Entry{entry(now, "a")}, nil), newPending([]stats.Entry{bad, entry(now, "b")}, nil),
			newPending([]stats.Entry{entry(now, "c"), entry(now, "c")}, nil),
		}
		s.commit(t.Context(), batch)
		require.NoError(t, batch[0].err)
		require.Error(t, batch[1].err)
		require.NoError(t, batch[2].err)
		total, err := s.Count(t.Context(), app.Filter{From: now.Add(-time.Hour), To: now.Add(time.Hour)})
		require.NoError(t, err)
		require.EqualValues(t, 3, total)

		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		var first stats.Recorded
		for i := range 3 {
			e := entry(now, "keyed")
			key := idempotency.NewKey("k")
			got, err := s.Record(ctx, key, "op", "in", stats.Recorded{IDs: []id.LogEntry{e.ID}}, []stats.Entry{e})
			require.NoError(t, err)
			require.Equal(t, i > 0, key.Replayed())
			if i == 0 {
				first = got
			}
			require.Equal(t, first, got)
		}
	})
}

// Events that share a commit are noted once each, also when one comes twice, and
// nothing of somebody who is gone is his.
func TestEventsShareACommit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		s := New(db)
		now := time.Now().UTC().Truncate(time.Microsecond)
		gone := id.NewUser()
		require.NoError(t, s.Remember(t.Context(), gone, now))
		noted := func(action string, user id.User, e id.Event) *pending {
			p := newPending([]stats.Entry{{ID: id.NewLogEntry(), UserID: user, Action: action, At: now, Data: json.RawMessage(`{}`)}}, nil)
			p.event = e
			return p
		}
		before, twice := id.NewEvent(), id.NewEvent()
		require.NoError(t, s.Note(t.Context(), event.Envelope{ID: before}, entry(now, "before")))
		batch := []*pending{
			noted("before", id.NewUser(), before), noted("twice", id.NewUser(), twice), noted("twice", id.NewUser(), twice),
			newPending([]stats.Entry{entry(now, "plain")}, nil), noted("gone", gone, id.NewEvent()),
		}
		s.commit(t.Context(), batch)
		for _, p := range batch {
			require.NoError(t, p.err)
		}
		entries, err := s.List(t.Context(), app.Query{
			Filter: app.Filter{From: now.Add(-time.Hour), To: now.Add(time.Hour)}, Limit: 10,
		})
		require.NoError(t, err)
		var actions []string
		for _, e := range entries {
			actions = append(actions, e.Action)
			if e.Action == "gone" {
				require.Zero(t, e.UserID)
				require.Nil(t, e.Data)
			}
		}
		require.ElementsMatch(t, []string{"before", "twice", "plain", "gone"}, actions)
	})
}

// Commits beside each other, small and by COPY, with keys and without, store
// each entry once and count it.
func TestCommitsBesideEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		s := New(db)
		s.queue.limits.commitRows = 10 // each that waits is worth a commit
		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		now := time.Now().UTC().Truncate(time.Hour)
		const requests = 24
		failures := make([]error, requests)
		total := 0
		var running sync.WaitGroup
		for i := range requests {
			var entries []stats.Entry
			for n := range []int{1, 20, copyFrom}[i%3] {
				// The hours and actions of one begin where those of another end.
				entries = append(entries, entry(now.Add(time.Duration((i+n)%3-3)*time.Hour), string(rune('a'+(2*i+n)%4))))
			}
			total += len(entries)
			running.Go(func() {
				if i%2 == 0 {
					failures[i] = s.Insert(ctx, entries)
					return
				}
				_, failures[i] = s.Record(ctx, idempotency.NewKey(fmt.Sprint(i)), "op", i, stats.Recorded{}, entries)
			})
		}
		running.Wait()
		require.NoError(t, errors.Join(failures...))
		stored, err := s.Count(ctx, app.Filter{From: now.Add(-day), To: now})
		require.NoError(t, err)
		require.EqualValues(t, total, stored)
		checked, found, err := s.CompareHours(ctx, now.Add(-day), now)
		require.NoError(t, err)
		require.Empty(t, found)
		require.EqualValues(t, 12, checked, "hours and actions")
	})
}

// Days that have no partition get one when they are needed; retention takes
// whole days away and leaves the counts.
func TestRetention(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		s := New(db)
		today := time.Now().UTC().Truncate(day)
		future := today.Add(40 * day) // beyond what the migration made
		period := app.Filter{From: today.Add(-1000 * day), To: future.Add(2 * day)}
		require.NoError(t, s.Insert(t.Context(), []stats.Entry{
			entry(today.Add(-500*day), "old"), entry(today.Add(-time.Microsecond), "past"), entry(future, "late"), entry(future.Add(day), "kept"),
		}))
		require.NoError(t, s.MakePartitions(t.Context(), today.Add(41*day)))
		left := func() (actions []string) {
			rows, err := s.List(t.Context(), app.Query{Filter: period, Limit: 10})
			require.NoError(t, err)
			for _, r := range rows {
				actions = append(actions, r.Action)
			}
			return actions
		}
		_, err := s.Expire(t.Context(), today.Add(-100*day))
		require.NoError(t, err)
		require.Equal(t, []string{"past", "late", "kept"}, left())
		_, err = s.Expire(t.Context(), future.Add(day+time.Hour))
		require.NoError(t, err)
		require.Equal(t, []string{"kept"}, left())
		// One that is said to lie in a day that is gone.
		require.NoError(t, s.Insert(t.Context(), []stats.Entry{entry(future, "late")}))
		require.Equal(t, []string{"late", "kept"}, left())
		_, err = s.Expire(t.Context(), future.Add(day))
		require.NoError(t, err)
		require.Equal(t, []string{"kept"}, left())

		counts, err := s.Summarize(t.Context(), app.SummaryQuery{Filter: period, Bucket: day, By: stats.ByAction}, 10)
		require.NoError(t, err)
		require.Equal(t, []stats.Count{
			{From: today.Add(-500 * day), Key: "old", Count: 1},
			{From: today.Add(-day), Key: "past", Count: 1},
			{From: future, Key: "late", Count: 2},
			{From: future.Add(day), Key: "kept", Count: 1},
		}, counts)
		checked, found, err := s.CompareHours(t.Context(), period.From, period.To)
		require.NoError(t, err)
		require.Empty(t, found, "what was removed is no difference")
		require.EqualValues(t, 1, checked)
		require.NoError(t, s.RecountHour(t.Context(), future, "late"))
		again, err := s.Summarize(t.Context(), app.SummaryQuery{Filter: period, Bucket: day, By: stats.ByAction}, 10)
		require.NoError(t, err)
		require.Equal(t, counts, again, "what cannot be counted again stays")
	})
}

// Whatever the period, a summary is what a plain count of the entries gives.
func TestSummaryIsACount(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const span = 60 * time.Hour
	instant := func(t *rapid.T, label string) time.Time {
		step := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Second, time.Hour, 12 * time.Hour}).Draw(t, label+" step")
		return begin.Add(time.Duration(rapid.Int64Range(0, int64(span/step)).Draw(t, label)) * step)
	}
	dbtest.Each(t, "stats", func(t *testing.T, db *database.DB) {
		s := New(db)
		var entries []stats.Entry
		for i := range 400 {
			at := begin.Add(time.Duration(i*i*1_000_003) * time.Millisecond % span)
			if i%5 == 0 {
				at = at.Truncate(time.Hour)
			}
			entries = append(entries, entry(at, fmt.Sprintf("a%d", i%3)))
		}
		require.NoError(t, s.Insert(t.Context(), entries[:300]))
		require.NoError(t, s.Insert(t.Context(), entries[300:]))
		rapid.Check(t, func(rt *rapid.T) {
			q := app.SummaryQuery{
				Filter: app.Filter{From: instant(rt, "from"), To: instant(rt, "to"), Action: rapid.SampledFrom([]string{"", "a1"}).Draw(rt, "action")},
				Bucket: rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, day}).Draw(rt, "bucket"),
				By:     rapid.SampledFrom([]stats.By{stats.ByNothing, stats.ByAction}).Draw(rt, "by"),
			}
			want := map[stats.Count]int64{}
			for _, e := range entries {
				if e.At.Before(q.From) || !e.At.Before(q.To) || q.Action != "" && q.Action != e.Action {
					continue
				}
				of := stats.Count{From: e.At.Truncate(q.Bucket)}
				if q.By == stats.ByAction {
					of.Key = e.Action
				}
				want[of]++
			}
			counts, err := s.Summarize(t.Context(), q, 10_000)
			require.NoError(rt, err)
			got := map[stats.Count]int64{}
			for _, c := range counts {
				n := c.Count
				c.Count = 0
				got[c] = n
			}
			require.Equal(rt, want, got)
		})
	})
}
