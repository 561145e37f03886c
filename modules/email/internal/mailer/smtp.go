package mailer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"shop/modules/email/internal/app"
)

// SMTP sends messages through one mail server. It keeps the connection for the
// messages of a batch. It is not safe for concurrent use.
type SMTP struct {
	from       *mail.Address
	client     *gomail.Client
	connection *smtp.Client // nil while there is none
}

var _ app.Mailer = (*SMTP)(nil)

// Ports of submission (RFC 6409, RFC 8314).
const (
	portSubmission  = 587
	portSubmissions = 465
)

// SMTPOptions say which server.
type SMTPOptions struct {
	// URL is smtp://user:password@host:port?starttls=required, or smtps:// for
	// TLS from the first byte. Ports default to 587 and 465. starttls is required
	// (the default), opportunistic, or never.
	URL  string
	From *mail.Address
	// TLS is the configuration of encrypted connections; nil trusts the
	// machine's certificate authorities.
	TLS *tls.Config
	// Timeout bounds each of connecting and sending. Default 30 s.
	Timeout time.Duration
}

// NewSMTP makes a mailer; it connects when there is something to send.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("the mail server's URL must look like smtp://user:password@host:port") // err would repeat the password
	}
	options, err := transport(u)
	if err != nil {
		return nil, err
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	config.ServerName = u.Hostname()
	options = append(options, gomail.WithTLSConfig(config), gomail.WithTimeout(o.Timeout))
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(
			options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
		)
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("set up the mail client: %w", err)
	}
	return &SMTP{from: o.From, client: client}, nil
}

// transport reads how the connection is made and encrypted.
func transport(u *url.URL) ([]gomail.Option, error) {
	port, options := portSubmission, []gomail.Option{}
	query := u.Query()
	starttls := query.Get("starttls")
	for name := range query {
		if name != "starttls" {
			return nil, errors.New("the mail server's URL takes no other option than starttls")
		}
	}
	switch {
	case u.Scheme == "smtps" && starttls == "":
		port, options = portSubmissions, append(options, gomail.WithSSL())
	case u.Scheme != "smtp":
		return nil, errors.New("the mail server's URL must begin with smtp:// or, without starttls, smtps://")
	case starttls == "", starttls == "required", starttls == "always":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case starttls == "opportunistic":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case starttls == "never":
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, errors.New("starttls in the mail server's URL must be required, opportunistic or never")
	}
	if text := u.Port(); text != "" {
		var err error
		if port, err = strconv.Atoi(text); err != nil {
			return nil, errors.New("the port in the mail server's URL must be a number")
		}
	}
	return append(options, gomail.WithPort(port)), nil
}

// Send implements app.Mailer.
func (s *SMTP) Send(ctx context.Context, m app.Message) error {
	message, err := compose(s.from, m, gomail.EncodingQP) // which every server takes
	if err != nil {
		return err
	}
	reused := s.connection != nil
	err = s.attempt(ctx, message)
	var failure *gomail.SendError
	if reused && errors.As(err, &failure) && failure.Reason == gomail.ErrConnCheck {
		// The server closed an idle connection: nothing of the message was sent.
		s.drop()
		err = s.attempt(ctx, message)
	}
	if err == nil {
		return nil
	}
	s.drop()
	if message.IsDelivered() {
		return nil // the server took it; what failed came after
	}
	if errors.As(err, &failure) && final(failure) {
		return fmt.Errorf("%w: %w", app.ErrRejected, err)
	}
	return err
}

// final says whether no repetition helps: the server refused the recipient or
// the content for good. A refusal of the sender or of the login is the
// operator's to repair, and the messages wait for it.
func final(e *gomail.SendError) bool {
	switch e.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return e.ErrorCode() >= 500 && e.ErrorCode() < 600
	case gomail.ErrGetRcpts:
		return true
	default:
		return false
	}
}

// attempt sends over the connection, which it makes when there is none.
func (s *SMTP) attempt(ctx context.Context, message *gomail.Msg) error {
	if s.connection == nil {
		connection, err := s.client.DialToSMTPClientWithContext(ctx)
		if err != nil {
			return fmt.Errorf("connect to the mail server: %w", err)
		}
		s.connection = connection
	}
	return s.client.SendWithSMTPClient(s.connection, message)
}

// Rest implements app.Mailer.
func (s *SMTP) Rest() {
	if s.connection == nil {
		return
	}
	// A server that does not take the farewell has taken the messages.
	_ = s.client.CloseWithSMTPClient(s.connection)
	s.connection = nil
}

// drop gives a connection up whose state is not known.
func (s *SMTP) drop() {
	if s.connection == nil {
		return
	}
	_ = s.connection.Close() // it may be closed already
	s.connection = nil
}
