package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/email/internal/rest"
	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/module/moduletest"
	"shop/platform/page"
	"shop/platform/remote"
)

// stub is an e-mail module that plays a script.
type stub struct{ script *moduletest.Script }

func (s stub) Send(_ context.Context, in email.SendInput) (email.Email, error) {
	return moduletest.Play[email.Email](s.script, in)
}

func (s stub) Email(_ context.Context, in email.EmailInput) (email.Email, error) {
	return moduletest.Play[email.Email](s.script, in)
}

func (s stub) ListEmails(_ context.Context, in email.ListEmailsInput) (page.Page[email.Email], error) {
	return moduletest.Play[page.Page[email.Email]](s.script, in)
}

func (s stub) Retry(_ context.Context, in email.RetryInput) (email.Email, error) {
	return moduletest.Play[email.Email](s.script, in)
}

func (s stub) Receive(_ context.Context, e event.Envelope) error {
	var payload bytes.Buffer // a recording is indented
	if err := json.Compact(&payload, e.Payload); err != nil {
		return err
	}
	e.Payload = payload.Bytes()
	return moduletest.Perform(s.script, e)
}

func (s stub) Verify(_ context.Context, in audit.Input) (audit.Report, error) {
	return moduletest.Play[audit.Report](s.script, in)
}

func TestContract(t *testing.T) {
	t.Parallel()
	var (
		mail    id.Email
		user    id.User
		eventID id.Event
	)
	require.NoError(t, mail.UnmarshalText([]byte("mail_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, user.UnmarshalText([]byte("user_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, eventID.UnmarshalText([]byte("evt_01h455vb4pex5vsknk084sn02q")))
	at := time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC)
	queued := email.Email{
		ID: mail, To: "jo@example.com", Subject: "Grüße", Text: "Come & see us.", HTML: "<p>Come &amp; see us.</p>",
		Status: email.StatusQueued, NextAttemptAt: at, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	sent := queued
	sent.Status, sent.NextAttemptAt, sent.SentAt, sent.Version = email.StatusSent, time.Time{}, at.Add(time.Minute), 3
	sent.Template, sent.UpdatedAt = email.TemplateReceipt, sent.SentAt
	sent.Attempts = []email.Attempt{{At: at, Error: "450 4.2.1 busy"}, {At: sent.SentAt}}
	about := sent
	about.Reference = "inv_01h455vb4pex5vsknk084sn02q"
	listed := sent
	listed.Text, listed.HTML, listed.Attempts = "", "", nil
	payload, err := json.Marshal(users.Registered{UserID: user})
	require.NoError(t, err)
	total := int64(41)

	type S = email.Service
	answers, fails := moduletest.Answers[S], moduletest.Fails[S]
	moduletest.CheckContract(t, moduletest.Contract[S]{
		Module: "email", Versions: email.Contract, Register: rest.Register,
		Client: func(r *remote.Client) S { return rest.NewClient(r) },
		Stub:   func(s *moduletest.Script) S { return stub{s} },
		Exchanges: []moduletest.Exchange[S]{
			answers("Send", queued, func(ctx context.Context, s S) (any, error) {
				return s.Send(ctx, email.SendInput{
					Key: idempotency.NewKey("key-1"), To: queued.To, Subject: queued.Subject, Text: queued.Text, HTML: queued.HTML,
				})
			}),
			answers("Send-template", sent, func(ctx context.Context, s S) (any, error) {
				return s.Send(ctx, email.SendInput{
					Key: idempotency.NewKey("key-2"), To: queued.To, Template: email.TemplateReceipt,
					Data: map[string]any{"name": "Jo", "invoice_id": "inv_01h455vb4pex5vsknk084sn02q"},
				})
			}),
			fails("Send-nobody", email.ErrNoUser, func(ctx context.Context, s S) (any, error) {
				return s.Send(ctx, email.SendInput{Key: idempotency.NewKey("key-3"), To: "who@example.com", Subject: "Hi", Text: "x"})
			}),
			fails("Send-limit", email.ErrTooMany.WithRetryAfter(time.Hour), func(ctx context.Context, s S) (any, error) {
				return s.Send(ctx, email.SendInput{Key: idempotency.NewKey("key-4"), To: queued.To, Subject: "Hi", Text: "x"})
			}),
			answers("Email", sent, func(ctx context.Context, s S) (any, error) {
				return s.Email(ctx, email.EmailInput{ID: mail})
			}),
			fails("Email-unknown", email.ErrEmailNotFound, func(ctx context.Context, s S) (any, error) {
				return s.Email(ctx, email.EmailInput{ID: mail})
			}),
			answers("ListEmails", page.Page[email.Email]{Items: []email.Email{listed}, Next: "bW9yZQ", Total: &total}, func(ctx context.Context, s S) (any, error) {
				return s.ListEmails(ctx, email.ListEmailsInput{
					Page: page.Request{Limit: 7, Cursor: "bmV4dA", CountExact: true}, Status: email.StatusSent, To: "jo@example.com",
				})
			}),
			answers("ListEmails-all", page.Page[email.Email]{}, func(ctx context.Context, s S) (any, error) {
				return s.ListEmails(ctx, email.ListEmailsInput{Page: page.Request{Limit: 20}})
			}),
			answers("Retry", queued, func(ctx context.Context, s S) (any, error) {
				return s.Retry(ctx, email.RetryInput{ID: mail})
			}),
			fails("Retry-notDead", email.ErrNotDead, func(ctx context.Context, s S) (any, error) {
				return s.Retry(ctx, email.RetryInput{ID: mail})
			}),
			answers("Email-reference", about, func(ctx context.Context, s S) (any, error) {
				return s.Email(ctx, email.EmailInput{ID: mail})
			}),
			answers("ListEmails-reference", page.Page[email.Email]{}, func(ctx context.Context, s S) (any, error) {
				return s.ListEmails(ctx, email.ListEmailsInput{Page: page.Request{Limit: 20}, Reference: about.Reference})
			}),
			answers("Verify", audit.Report{
				Checked:  map[string]int64{"email.dead": 7},
				Findings: []audit.Finding{{Check: "email.dead", Subject: mail.String(), Want: "sent", Got: "dead"}},
			}, func(ctx context.Context, s S) (any, error) {
				return s.Verify(ctx, audit.Input{MinAge: time.Minute})
			}),
			answers("Receive", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Receive(ctx, event.Envelope{
					ID: eventID, Name: users.EventRegistered, Version: 1, Key: user.String(), At: at, Payload: payload,
				})
			}),
		},
	})
}
