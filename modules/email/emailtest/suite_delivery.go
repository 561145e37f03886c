package emailtest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/platform/id"
	"shop/platform/page"
)

func testAttempts(t *testing.T, f Fixture) {
	f.Refuse("jo@example.com", "450 4.2.1 busy")
	sent, err := f.Service.Send(AsAdministrator(t.Context()), plainMail("jo@example.com"))
	require.NoError(t, err)
	got := f.await(t, sent.ID, email.StatusQueued, 1)
	require.Contains(t, got.Attempts[0].Error, "busy")
	require.Equal(t, f.Clock.Now(), got.Attempts[0].At)
	pause := got.NextAttemptAt.Sub(f.Clock.Now())
	require.Greater(t, pause, 20*time.Second)
	require.LessOrEqual(t, pause, 30*time.Second)
	require.Empty(t, f.Delivered())

	f.Clock.Advance(pause)
	got = f.await(t, sent.ID, email.StatusQueued, 2)
	require.Greater(t, got.NextAttemptAt.Sub(f.Clock.Now()), time.Minute)

	f.Refuse("jo@example.com", "")
	f.Clock.Advance(got.NextAttemptAt.Sub(f.Clock.Now()))
	got = f.await(t, sent.ID, email.StatusSent, 3)
	require.Empty(t, got.Attempts[2].Error)
	require.Equal(t, int64(4), got.Version)
	require.Len(t, f.Delivered(), 1)
}

func testDead(t *testing.T, f Fixture) {
	f.Refuse("jo@example.com", "451 4.3.0 later")
	sent, err := f.Service.Send(AsAdministrator(t.Context()), plainMail("jo@example.com"))
	require.NoError(t, err)
	for try := 1; try < 8; try++ {
		f.await(t, sent.ID, email.StatusQueued, try)
		f.Clock.Advance(3 * time.Hour)
	}
	got := f.await(t, sent.ID, email.StatusDead, 8)
	require.Contains(t, got.Attempts[7].Error, "later")
	require.True(t, got.NextAttemptAt.IsZero())
	require.True(t, got.SentAt.IsZero())
}

func testRejected(t *testing.T, f Fixture) {
	f.Refuse("jo@example.com", "550 5.1.1 unknown")
	ctx := AsAdministrator(t.Context())
	refused, err := f.Service.Send(ctx, plainMail("jo@example.com"))
	require.NoError(t, err)
	fine, err := f.Service.Send(ctx, plainMail("other@example.com"))
	require.NoError(t, err)
	got := f.await(t, refused.ID, email.StatusDead, 1)
	require.Contains(t, got.Attempts[0].Error, "unknown")
	f.await(t, fine.ID, email.StatusSent, 1)
}

func testRetry(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	f.Refuse("jo@example.com", "550 5.1.1 unknown")
	sent, err := f.Service.Send(ctx, plainMail("jo@example.com"))
	require.NoError(t, err)
	f.await(t, sent.ID, email.StatusDead, 1)

	f.Clock.Advance(time.Minute)
	again, err := f.Service.Retry(ctx, email.RetryInput{ID: sent.ID})
	require.NoError(t, err)
	require.Equal(t, sent.ID, again.ID)
	f.await(t, sent.ID, email.StatusDead, 2)

	f.Refuse("jo@example.com", "")
	_, err = f.Service.Retry(ctx, email.RetryInput{ID: sent.ID})
	require.NoError(t, err)
	f.await(t, sent.ID, email.StatusSent, 3)

	_, err = f.Service.Retry(ctx, email.RetryInput{ID: sent.ID})
	require.ErrorIs(t, err, email.ErrNotDead)
	_, err = f.Service.Retry(ctx, email.RetryInput{ID: id.NewEmail()})
	require.ErrorIs(t, err, email.ErrEmailNotFound)
}

func testList(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	f.Refuse("dead@example.com", "550 5.1.1 unknown")
	var ids []id.Email
	for i, to := range []string{"a@example.com", "dead@example.com", "b@example.com", "A@example.com", "c@example.com"} {
		in := plainMail(to)
		in.Subject = strconv.Itoa(i)
		sent, err := f.Service.Send(ctx, in)
		require.NoError(t, err)
		ids = append([]id.Email{sent.ID}, ids...)
		if i%2 == 0 { // some were made at the same moment
			f.Clock.Advance(time.Second)
		}
	}
	for i, mail := range ids {
		status := email.StatusSent
		if i == 3 {
			status = email.StatusDead
		}
		f.await(t, mail, status, 1)
	}

	var got []id.Email
	in := email.ListEmailsInput{Page: page.Request{Limit: 2, CountExact: true}}
	for pages := 1; ; pages++ {
		p, err := f.Service.ListEmails(ctx, in)
		require.NoError(t, err)
		require.Equal(t, int64(5), *p.Total)
		for _, e := range p.Items {
			got = append(got, e.ID)
			require.Empty(t, e.Text)
			require.Empty(t, e.Attempts)
			require.NotEmpty(t, e.Subject)
		}
		if p.Next == "" {
			require.Equal(t, 3, pages)
			break
		}
		in.Page.Cursor = p.Next
	}
	require.Equal(t, ids, got)

	for name, c := range map[string]struct {
		in   email.ListEmailsInput
		want []id.Email
	}{
		"status":    {email.ListEmailsInput{Status: email.StatusDead}, []id.Email{ids[3]}},
		"recipient": {email.ListEmailsInput{To: "a@EXAMPLE.com"}, []id.Email{ids[1], ids[4]}},
		"both":      {email.ListEmailsInput{To: "a@example.com", Status: email.StatusQueued}, nil},
	} {
		p, err := f.Service.ListEmails(ctx, c.in)
		require.NoError(t, err, name)
		var got []id.Email
		for _, e := range p.Items {
			got = append(got, e.ID)
		}
		require.Equal(t, c.want, got, name)
	}
}

func testListErrCursor(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	for name, c := range map[string]page.Cursor{
		"other sort":  {Sort: "name", Key: "1", ID: id.NewEmail().String()},
		"no number":   {Sort: "newest", Key: "x", ID: id.NewEmail().String()},
		"no e-mail":   {Sort: "newest", Key: "1", ID: id.NewUser().String()},
		"far future":  {Sort: "newest", Key: "9223372036854775807", ID: id.NewEmail().String()},
		"distant age": {Sort: "newest", Key: "-9223372036854775808", ID: id.NewEmail().String()},
	} {
		_, err := f.Service.ListEmails(ctx, email.ListEmailsInput{Page: page.Request{Cursor: c.Encode()}})
		require.ErrorIs(t, err, page.ErrCursor, name)
	}
	_, err := f.Service.ListEmails(ctx, email.ListEmailsInput{Status: "lost"})
	requireFields(t, err, "query.status")
	_, err = f.Service.ListEmails(ctx, email.ListEmailsInput{To: "jo"})
	requireFields(t, err, "query.to")
}
