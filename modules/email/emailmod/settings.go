package emailmod

import (
	"crypto/tls"
	"fmt"
	"net/mail"
	"path/filepath"
	"time"

	"shop/modules/email/internal/app"
	"shop/modules/email/internal/mailer"
)

// Settings are the plain settings of the module. The zero value works: messages
// become files under ./data/mail.
type Settings struct {
	// SMTPURL is the mail server: smtp://user:password@host:port?starttls=required
	// (also opportunistic or never), or smtps:// for TLS from the first byte.
	// Empty: messages become .eml files under DataDir/mail.
	SMTPURL string
	// TLS is the configuration of connections to the mail server; nil trusts the
	// machine's certificate authorities.
	TLS *tls.Config
	// SMTPTimeout bounds each of connecting and sending; 0 is 30 s. Lease has to
	// stay above three times as much.
	SMTPTimeout time.Duration
	// From is the sender of all messages, and its name the shop's. Empty:
	// "Shop <shop@localhost>".
	From string
	// PublicURL is what links in messages begin with; empty:
	// "http://localhost:8080". Verification links lead to /verify?token=…, those
	// for a new password to /reset-password?token=….
	PublicURL string
	// DataDir is the directory of the mail folder; empty: "./data".
	DataDir string
	// RecipientPerHour and TotalPerHour bound how many e-mails are queued; 0 is 20
	// and 1,000.
	RecipientPerHour, TotalPerHour int
	// Workers is how many e-mails are sent at the same time; 0 is 2.
	Workers int
	// Poll is how often to look for e-mails that another process left; 0 is 2 s.
	Poll time.Duration
	// Lease is how long an e-mail is left to a process that died; 0 is 2 min.
	Lease time.Duration
	// MaxTries is after how many failed attempts an e-mail is dead; 0 is 8.
	MaxTries int
	// Backoff is the pause after a number of failed attempts; nil is 30 s, four
	// times as long each time up to 3 h, minus up to a quarter at random.
	Backoff func(tries int) time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// withDefaults fills in what is empty here and nowhere else.
func (s Settings) withDefaults() Settings {
	if s.From == "" {
		s.From = "Shop <shop@localhost>"
	}
	if s.PublicURL == "" {
		s.PublicURL = "http://localhost:8080"
	}
	if s.DataDir == "" {
		s.DataDir = "data"
	}
	if s.Workers <= 0 {
		s.Workers = 2
	}
	return s
}

// sender is the address that messages come from, and the name of the shop.
func (s Settings) sender() (from *mail.Address, shop string, err error) {
	from, err = mail.ParseAddress(s.From)
	if err != nil {
		return nil, "", fmt.Errorf("the sender's address must look like Shop <shop@example.com>: %w", err)
	}
	if from.Name == "" {
		return from, "Shop", nil
	}
	return from, from.Name, nil
}

// mailer makes what one worker sends with.
func (s Settings) mailer(from *mail.Address) (app.Mailer, error) {
	if s.SMTPURL == "" {
		return mailer.NewFile(filepath.Join(s.DataDir, "mail"), from), nil
	}
	return mailer.NewSMTP(mailer.SMTPOptions{URL: s.SMTPURL, From: from, TLS: s.TLS, Timeout: s.SMTPTimeout})
}
