package app_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/modules/users"
	"shop/platform/id"
)

// post is the queue and the mail server of one courier.
type post struct {
	app.Queue
	users.Service

	mails    []app.Mail
	sending  time.Duration // of one message
	settling time.Duration // of one call
	failure  error         // of settling

	sent, released []id.Email
	settled        [][]id.Email // by call
}

func newPost(mails int) *post {
	p := &post{}
	for range mails {
		p.mails = append(p.mails, app.Mail{Email: email.Email{ID: id.NewEmail(), To: "jo@example.com"}})
	}
	return p
}

func (p *post) Due(context.Context) (time.Time, bool, error) { return time.Time{}, true, nil }

func (p *post) Claim(context.Context, string, time.Time, time.Duration, int) ([]app.Mail, error) {
	return p.mails, nil
}

func (p *post) Send(_ context.Context, m app.Message) error {
	time.Sleep(p.sending) //nolint:forbidigo // of the bubble's own time
	var mail id.Email
	err := mail.UnmarshalText([]byte(m.ID))
	p.sent = append(p.sent, mail)
	return err
}

func (*post) Rest() {}

func (p *post) Settle(_ context.Context, _ string, outcomes []app.Outcome) ([]id.Email, error) {
	time.Sleep(p.settling) //nolint:forbidigo // of the bubble's own time
	if p.failure != nil {
		return nil, p.failure
	}
	var mails []id.Email
	for _, o := range outcomes {
		mails = append(mails, o.ID)
	}
	p.settled = append(p.settled, mails)
	return mails, nil
}

func (p *post) Release(_ context.Context, _ string, mails []id.Email) error {
	p.released = append(p.released, mails...)
	return nil
}

func (p *post) ids() []id.Email {
	var all []id.Email
	for _, m := range p.mails {
		all = append(all, m.ID)
	}
	return all
}

func (p *post) round(ctx context.Context, t *testing.T) error {
	t.Helper()
	courier, err := app.NewCourier(app.CourierDeps{
		Queue: p, Mailer: p, Users: p, Queued: app.NewBell(), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	_, err = courier.Round(ctx)
	return err
}

func TestCourier(t *testing.T) {
	t.Parallel()

	t.Run("SlowServer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := newPost(3)
			p.sending, p.settling = time.Second, 10*time.Millisecond
			require.NoError(t, p.round(t.Context(), t))
			all := p.ids()
			require.Equal(t, all, p.sent)
			require.Equal(t, [][]id.Email{all[:1], all[1:2], all[2:]}, p.settled, "each at once")
		})
	})

	t.Run("SlowDatabase", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := newPost(5)
			p.sending, p.settling = time.Millisecond, time.Second
			require.NoError(t, p.round(t.Context(), t))
			all := p.ids()
			require.Equal(t, all, p.sent)
			require.Equal(t, [][]id.Email{all[:1], all[1:]}, p.settled, "those that wait together")
			require.Empty(t, p.released)
		})
	})

	// What was sent stays held, so that it is not sent again at once.
	t.Run("NothingRecorded", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := newPost(10)
			p.sending, p.failure = time.Second, errors.New("the disk is full")
			require.ErrorIs(t, p.round(t.Context(), t), p.failure)
			all := p.ids()
			require.NotEmpty(t, p.released)
			require.Equal(t, all, append(p.sent, p.released...))
		})
	})

	t.Run("Stopped", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := newPost(3)
			p.sending = time.Second
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			require.NoError(t, p.round(ctx, t))
			all := p.ids()
			require.Equal(t, all[:1], p.sent, "what has begun is brought to its end")
			require.Equal(t, [][]id.Email{all[:1]}, p.settled)
			require.Equal(t, all[1:], p.released)
		})
	})
}
