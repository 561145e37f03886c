// Package mailer carries messages out of the process: to a mail server, or into
// files where none is configured.
package mailer

import (
	"fmt"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"shop/modules/email/internal/app"
)

// compose makes the message as it travels (RFC 5322).
func compose(from *mail.Address, m app.Message, encoding gomail.Encoding) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithEncoding(encoding), gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(from)
	to, err := mail.ParseAddress(m.To)
	if err != nil {
		return nil, fmt.Errorf("%w: the address cannot be read", app.ErrRejected)
	}
	message.ToMailAddress(to)
	message.Subject(m.Subject)
	message.SetDateWithValue(m.At)
	message.SetMessageIDWithValue(m.ID + "@" + domain(from))
	// No holiday notices in return (RFC 3834).
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	switch {
	case m.HTML == "":
		message.SetBodyString(gomail.TypeTextPlain, m.Text)
	case m.Text == "":
		message.SetBodyString(gomail.TypeTextHTML, m.HTML)
	default:
		message.SetBodyString(gomail.TypeTextPlain, m.Text)
		message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return message, nil
}

// domain is the part of the sender's address that the identifiers of messages
// are unique in.
func domain(from *mail.Address) string {
	return from.Address[strings.LastIndexByte(from.Address, '@')+1:]
}
