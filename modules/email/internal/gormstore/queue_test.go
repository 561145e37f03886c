package gormstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/modules/email/internal/gormstore"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event/inbox"
	"shop/platform/event/outbox"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
)

// queued adds an e-mail to the store that is due then.
func queued(t *testing.T, store *gormstore.Store, now, due time.Time) id.Email {
	t.Helper()
	m := app.Mail{Email: email.Email{
		ID: id.NewEmail(), To: "jo@example.com", Subject: "Hi", Text: "x", Status: email.StatusQueued,
		NextAttemptAt: due, Version: 1, CreatedAt: now, UpdatedAt: now,
	}}
	added, err := store.Add(t.Context(), m)
	require.NoError(t, err)
	require.True(t, added)
	return m.ID
}

func TestQueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "email", func(t *testing.T, db *database.DB) {
		t.Parallel()
		ctx, now := t.Context(), database.Now()
		store, queue := gormstore.New(db, sqlstore.New(db), inbox.New(db)), gormstore.NewQueue(db, outbox.New(db))
		add := func(due time.Time) id.Email { return queued(t, store, now, due) }
		_, found, err := queue.Due(ctx)
		require.NoError(t, err)
		require.False(t, found)
		late := add(now.Add(-time.Hour))
		overdue, err := store.Overdue(ctx, now.Add(-time.Minute))
		require.NoError(t, err)
		require.Equal(t, []id.Email{late}, overdue)
		overdue, err = store.Overdue(ctx, now.Add(-time.Hour))
		require.NoError(t, err)
		require.Empty(t, overdue)
		require.NoError(t, db.Write(ctx).Exec(`DELETE FROM emails`).Error)

		later, second, first := add(now.Add(time.Hour)), add(now), add(now.Add(-time.Second))
		due, found, err := queue.Due(ctx)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, now.Add(-time.Second), due)

		claim := func(holder string, lease time.Duration, n int) []id.Email {
			mails, failure := queue.Claim(ctx, holder, now, lease, n)
			require.NoError(t, failure)
			ids := make([]id.Email, len(mails))
			for i, m := range mails {
				ids[i] = m.ID
			}
			return ids
		}
		require.Equal(t, []id.Email{first}, claim("a", time.Hour, 1))
		require.Equal(t, []id.Email{second}, claim("b", 0, 10)) // its lease ends at once
		require.Equal(t, []id.Email{second}, claim("a", time.Hour, 10))
		require.Empty(t, claim("b", time.Hour, 10))

		// What b writes about an e-mail that it lost is not written.
		kept, err := queue.Keep(ctx, "b", second, time.Hour)
		require.NoError(t, err)
		require.False(t, kept)
		sent := app.Outcome{ID: second, At: now, Status: email.StatusSent, Event: email.Sent{EmailID: second}}
		settled, err := queue.Settle(ctx, "b", []app.Outcome{sent})
		require.NoError(t, err)
		require.Empty(t, settled)
		require.NoError(t, queue.Discard(ctx, "b", second))
		require.NoError(t, queue.Release(ctx, "b", []id.Email{second}))
		require.Empty(t, claim("c", time.Hour, 10))

		kept, err = queue.Keep(ctx, "a", second, time.Hour)
		require.NoError(t, err)
		require.True(t, kept)
		settled, err = queue.Settle(ctx, "a", []app.Outcome{sent})
		require.NoError(t, err)
		require.Equal(t, []id.Email{second}, settled)
		var told []string
		require.NoError(t, db.Read(ctx).Raw(`SELECT name || ' ' || key FROM outbox`).Scan(&told).Error)
		require.Equal(t, []string{email.EventSent + " " + second.String()}, told, "by who held it, once")
		require.NoError(t, queue.Release(ctx, "a", []id.Email{first, second}))
		require.Equal(t, []id.Email{first}, claim("c", time.Hour, 10))
		require.NoError(t, queue.Discard(ctx, "c", first))
		_, err = store.Find(ctx, first)
		require.ErrorIs(t, err, email.ErrEmailNotFound)

		due, found, err = queue.Due(ctx)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, now.Add(time.Hour), due)
		kept, err = queue.Keep(ctx, "c", later, time.Hour)
		require.NoError(t, err)
		require.False(t, kept)
	})
}

// Outcomes are recorded together, each as if alone.
func TestSettleSeveral(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "email", func(t *testing.T, db *database.DB) {
		t.Parallel()
		ctx, now := t.Context(), database.Now()
		store, queue := gormstore.New(db, sqlstore.New(db), inbox.New(db)), gormstore.NewQueue(db, outbox.New(db))
		var mails []id.Email
		for range 4 {
			mails = append(mails, queued(t, store, now, now))
		}
		_, err := queue.Claim(ctx, "a", now, time.Hour, 10)
		require.NoError(t, err)
		require.NoError(t, queue.Release(ctx, "a", mails[3:]))

		later := now.Add(time.Minute)
		settled, err := queue.Settle(ctx, "a", []app.Outcome{
			{ID: mails[0], At: now, Status: email.StatusSent, Event: email.Sent{EmailID: mails[0]}},
			{ID: mails[1], At: now, Status: email.StatusQueued, Error: "busy", NextAttemptAt: later},
			{ID: mails[2], At: now.Add(time.Second), Status: email.StatusDead, Error: "unknown", Event: email.Dead{EmailID: mails[2]}},
			{ID: mails[3], At: now, Status: email.StatusSent, Event: email.Sent{EmailID: mails[3]}},
		})
		require.NoError(t, err)
		require.ElementsMatch(t, mails[:3], settled)

		var told []string
		require.NoError(t, db.Read(ctx).Raw(`SELECT name || ' ' || key FROM outbox`).Scan(&told).Error)
		require.ElementsMatch(t, []string{email.EventSent + " " + mails[0].String(), email.EventDead + " " + mails[2].String()}, told)
		for i, want := range []email.Email{
			{Status: email.StatusSent, SentAt: now, Version: 2, UpdatedAt: now, Attempts: []email.Attempt{{At: now}}},
			{Status: email.StatusQueued, NextAttemptAt: later, Version: 2, UpdatedAt: now, Attempts: []email.Attempt{{At: now, Error: "busy"}}},
			{
				Status: email.StatusDead, Version: 2, UpdatedAt: now.Add(time.Second),
				Attempts: []email.Attempt{{At: now.Add(time.Second), Error: "unknown"}},
			},
			{Status: email.StatusQueued, NextAttemptAt: now, Version: 1, UpdatedAt: now},
		} {
			got, err := store.Find(ctx, mails[i])
			require.NoError(t, err)
			want.ID, want.To, want.Subject, want.Text, want.CreatedAt = mails[i], "jo@example.com", "Hi", "x", now
			require.Empty(t, cmp.Diff(want, got.Email, cmpopts.EquateEmpty()))
		}
	})
}
