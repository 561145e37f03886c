package gormstore

import (
	"strings"
	"time"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/modules/users"
	"shop/platform/id"
)

// row is a row of emails.
type row struct {
	ID            id.Email
	UserID        id.User
	Recipient     string
	Subject       string
	TextBody      string
	HTMLBody      string `gorm:"column:html_body"`
	Template      string
	Reference     string
	TokenPurpose  string
	Status        string
	Tries         int
	Attempts      int64
	NextAttemptAt *time.Time
	SentAt        *time.Time
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// listColumns are those that a list shows; bodies are large.
const (
	listColumns = "id, user_id, recipient, subject, template, reference, token_purpose, status, tries, attempts, next_attempt_at, sent_at, version, created_at, updated_at"
	allColumns  = listColumns + ", text_body, html_body"
)

func (r row) mail() app.Mail {
	return app.Mail{
		Email: email.Email{
			ID: r.ID, To: r.Recipient, Subject: r.Subject, Text: r.TextBody, HTML: r.HTMLBody,
			Template: email.Template(r.Template), Reference: r.Reference, Status: email.Status(r.Status),
			NextAttemptAt: moment(r.NextAttemptAt), SentAt: moment(r.SentAt),
			Version: r.Version, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		},
		UserID: r.UserID, Token: users.Purpose(r.TokenPurpose), Tries: r.Tries,
	}
}

// moment is a time that may be missing.
func moment(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC()
}

// instant is NULL for the zero time.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// recipientKey is what makes an address the same as another one.
func recipientKey(address string) string { return strings.ToLower(address) }
