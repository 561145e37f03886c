// Package rest is the e-mail module's HTTP face.
package rest

import (
	"time"

	"shop/modules/email"
	"shop/platform/id"
)

// NewEmail is the body of a request to send: subject with text, html or both,
// or a template with its data.
type NewEmail struct {
	To       string         `json:"to" format:"email" minLength:"3" maxLength:"254" doc:"One address. From a service it must be a user's." example:"jo@example.com"`
	Subject  string         `json:"subject,omitempty" minLength:"1" maxLength:"998" doc:"One line." example:"We open on Sunday"`
	Text     string         `json:"text,omitempty" minLength:"1" maxLength:"262144" doc:"The message as plain text, at most 256 KiB." example:"Come and see us from 10 to 16."`
	HTML     string         `json:"html,omitempty" minLength:"1" maxLength:"262144" doc:"The message as HTML, at most 256 KiB." example:"<p>Come and see us from 10 to 16.</p>"`
	Template string         `json:"template,omitempty" enum:"registration,verification,password_reset,invoice,receipt" doc:"A text that the shop writes itself, in the place of subject, text and html."`
	Data     map[string]any `json:"data,omitempty" nullable:"false" doc:"What the template is filled with, all of it required: name; invoice and receipt take invoice_id too. The other templates carry a token of the recipient's account, which has to be a user's."`
}

func (n NewEmail) input() email.SendInput {
	return email.SendInput{
		To: n.To, Subject: n.Subject, Text: n.Text, HTML: n.HTML, Template: email.Template(n.Template), Data: n.Data,
	}
}

// QueuedEmail is the answer to a request to send.
type QueuedEmail struct {
	ID     id.Email `json:"id" example:"mail_01h455vb4pex5vsknk084sn02q"`
	Status string   `json:"status" enum:"queued,sent,dead" example:"queued"`
}

func queuedOf(e email.Email) QueuedEmail { return QueuedEmail{ID: e.ID, Status: string(e.Status)} }

// Summary is an e-mail in a list.
type Summary struct {
	ID            id.Email   `json:"id" example:"mail_01h455vb4pex5vsknk084sn02q"`
	To            string     `json:"to" example:"jo@example.com"`
	Subject       string     `json:"subject" example:"We open on Sunday"`
	Template      string     `json:"template,omitempty" doc:"What it was made from; missing when it was written out." example:"receipt"`
	Reference     string     `json:"reference,omitempty" doc:"The invoice that it is about, if any." example:"inv_01h455vb4pex5vsknk084sn02q"`
	Status        string     `json:"status" enum:"queued,sent,dead" doc:"dead: given up; it can be queued again." example:"sent"`
	NextAttemptAt *time.Time `json:"next_attempt_at,omitempty" doc:"When a queued one is tried next." example:"2026-11-02T09:30:00.000000Z"`
	SentAt        *time.Time `json:"sent_at,omitempty" doc:"When the mail server took it." example:"2026-11-02T09:30:01.000000Z"`
	Version       int64      `json:"version" doc:"Counts attempts and changes of state." example:"2"`
	CreatedAt     time.Time  `json:"created_at" example:"2026-11-02T09:30:00.000000Z"`
	UpdatedAt     time.Time  `json:"updated_at" example:"2026-11-02T09:30:01.000000Z"`
}

func summaryOf(e email.Email) Summary {
	return Summary{
		ID: e.ID, To: e.To, Subject: e.Subject, Template: string(e.Template), Reference: e.Reference, Status: string(e.Status),
		NextAttemptAt: moment(e.NextAttemptAt), SentAt: moment(e.SentAt),
		Version: e.Version, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
}

// value is the e-mail as the face has it in a list.
func (s Summary) value() email.Email {
	return email.Email{
		ID: s.ID, To: s.To, Subject: s.Subject, Template: email.Template(s.Template), Reference: s.Reference, Status: email.Status(s.Status),
		NextAttemptAt: valueOf(s.NextAttemptAt), SentAt: valueOf(s.SentAt),
		Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}

// Email is an e-mail and the history of its delivery.
type Email struct {
	Summary
	Text     string    `json:"text,omitempty" doc:"A single-use token is shown as a mark: it is made when the message is sent and never stored." example:"Come and see us from 10 to 16."`
	HTML     string    `json:"html,omitempty" example:"<p>Come and see us from 10 to 16.</p>"`
	Attempts []Attempt `json:"attempts" nullable:"false" doc:"The tries so far, oldest first."`
}

// Attempt is one try at delivery.
type Attempt struct {
	At    time.Time `json:"at" example:"2026-11-02T09:30:01.000000Z"`
	Error string    `json:"error,omitempty" doc:"Why it failed; missing when it succeeded." example:"450 4.2.1 mailbox busy"`
}

func emailOf(e email.Email) Email {
	wire := Email{Summary: summaryOf(e), Text: e.Text, HTML: e.HTML, Attempts: make([]Attempt, len(e.Attempts))}
	for i, a := range e.Attempts {
		wire.Attempts[i] = Attempt(a)
	}
	return wire
}

// value is the e-mail as the face has it: one that was never tried has nil
// attempts.
func (e Email) value() email.Email {
	value := e.Summary.value()
	value.Text, value.HTML = e.Text, e.HTML
	for _, a := range e.Attempts {
		value.Attempts = append(value.Attempts, email.Attempt(a))
	}
	return value
}

// moment leaves out a time that is not set.
func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// valueOf is the inverse of moment.
func valueOf(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}
