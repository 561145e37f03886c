package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"

	"shop/modules/email"
	"shop/modules/email/internal/letter"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/identity"
)

// deliver makes one attempt at a message that was claimed then, and tells what
// it came to. The error is the queue's.
func (c *Courier) deliver(ctx context.Context, mail Mail, claimed time.Time, outcomes chan<- Outcome) error {
	// The messages before may have taken their time, and the lease with it.
	if time.Since(claimed) > c.Lease/4 {
		kept, err := c.Queue.Keep(ctx, c.holder, mail.ID, c.Lease)
		if err != nil || !kept {
			return err
		}
	}
	message, err := c.seal(ctx, mail)
	if errors.Is(err, users.ErrUserNotFound) {
		return c.Queue.Discard(ctx, c.holder, mail.ID)
	}
	if err == nil {
		err = c.Mailer.Send(ctx, message)
	}
	outcomes <- c.outcome(mail, err)
	return nil
}

// settle records what came of attempts. A message that was sent but not recorded
// would be sent again, so it does not give up at the first failure.
func (c *Courier) settle(ctx context.Context, outcomes []Outcome) error {
	const attempts = 5 // over 4 s
	for attempt, pause := 1, 100*time.Millisecond; ; attempt, pause = attempt+1, 3*pause {
		settled, err := c.Queue.Settle(ctx, c.holder, outcomes)
		if err == nil {
			c.logGivenUp(ctx, outcomes, settled)
		}
		if err == nil || attempt == attempts {
			return err
		}
		<-time.After(pause)
	}
}

// logGivenUp names the e-mails that will not be tried again. Why may name the
// recipient; it is kept beside the e-mail only.
func (c *Courier) logGivenUp(ctx context.Context, outcomes []Outcome, settled []id.Email) {
	for _, o := range outcomes {
		if o.Status == email.StatusDead && slices.Contains(settled, o.ID) {
			c.Logger.WarnContext(ctx, "e-mail given up", slog.String("email", o.ID.String()), slog.Int("tries", o.Tries))
		}
	}
}

// believed is how long a user is believed to exist after an e-mail to him was
// queued, when he was looked for. Who is removed within that time has his e-mails
// deleted by the event, as ever.
const believed = time.Second

// seal makes the message to send: for a user who still exists, with the token
// that it carries made this moment. A token is never stored, and one that waits
// in the queue does not grow old.
func (c *Courier) seal(ctx context.Context, mail Mail) (Message, error) {
	m := Message{
		ID: mail.ID.String(), To: mail.To, Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML, At: mail.CreatedAt,
	}
	if mail.UserID.IsZero() || mail.Token == "" && c.Now().Sub(mail.CreatedAt).Abs() < believed {
		return m, nil
	}
	ctx = identity.AsService(ctx, module)
	if mail.Token == "" {
		_, err := c.Users.User(ctx, users.UserInput{ID: mail.UserID})
		return m, err
	}
	token, err := c.Users.IssueToken(ctx, users.IssueTokenInput{UserID: mail.UserID, Purpose: mail.Token})
	if err != nil {
		return m, err
	}
	sealed, err := letter.Seal(letter.Letter{Subject: m.Subject, Text: m.Text, HTML: m.HTML}, token)
	m.Text, m.HTML = sealed.Text, sealed.HTML
	return m, err
}

// outcome decides what an attempt means.
func (c *Courier) outcome(mail Mail, failure error) Outcome {
	o := Outcome{ID: mail.ID, At: database.Timestamp(c.Now()), Status: email.StatusSent, Tries: mail.Tries + 1}
	if failure == nil {
		o.Event = email.Sent{EmailID: mail.ID, Template: mail.Template, Reference: mail.Reference}
		return o
	}
	o.Error = reason(failure)
	if errors.Is(failure, ErrRejected) || o.Tries >= c.MaxTries {
		o.Status = email.StatusDead
		o.Event = email.Dead{EmailID: mail.ID, Template: mail.Template, Reference: mail.Reference}
		return o
	}
	o.Status, o.NextAttemptAt = email.StatusQueued, database.Timestamp(o.At.Add(c.Backoff(o.Tries)))
	return o
}

// release gives back what was not tried.
func (c *Courier) release(ctx context.Context, batch []Mail) error {
	mails := make([]id.Email, len(batch))
	for i, mail := range batch {
		mails[i] = mail.ID
	}
	return c.Queue.Release(ctx, c.holder, mails)
}

// maxReason bounds what is kept of an error, in bytes.
const maxReason = 500

// reason is what is kept of an error: a server's words may hold anything.
func reason(err error) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(err.Error(), "?"))
	return strings.ToValidUTF8(text[:min(len(text), maxReason)], "")
}
