package emailtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	gomail "github.com/wneessen/go-mail"
)

// Encryption is how a Server talks.
type Encryption int

// The kinds of encryption. STARTTLS is the zero value.
const (
	STARTTLS Encryption = iota
	ImplicitTLS
	Plain
)

// ServerOptions say what a Server is like. The zero value offers STARTTLS and
// takes every message.
type ServerOptions struct {
	Encryption Encryption
	// Password makes the server demand a login as "shop" with it.
	Password string
	// Hold, if set, is called for each message before it is taken.
	Hold func(Delivery)
}

// Server is a real mail server on the loopback interface. It keeps what it
// took.
type Server struct {
	options  ServerOptions
	listener net.Listener
	roots    *x509.CertPool

	mu       sync.Mutex
	taken    []Delivery
	sessions int
	refused  map[string]string
}

// NewServer starts a mail server that ends with the test.
func NewServer(tb testing.TB, o ServerOptions) *Server {
	tb.Helper()
	certificate, roots := newCertificate(tb)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	var listen net.ListenConfig
	listener, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	s := &Server{options: o, listener: listener, roots: roots, refused: map[string]string{}}
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "localhost"
	server.ErrorLog = quiet{}
	server.ReadTimeout, server.WriteTimeout = 30*time.Second, 30*time.Second
	if o.Encryption == STARTTLS {
		server.TLSConfig = config
	}
	server.AllowInsecureAuth = o.Encryption == Plain
	if o.Encryption == ImplicitTLS {
		listener = tls.NewListener(listener, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // returns when the test closes it
	}()
	tb.Cleanup(func() {
		_ = server.Close()   // the clients' connections may be gone already
		_ = listener.Close() // which the server does not know yet when the test was faster
		<-done
	})
	return s
}

// URL is the server's address as a setting.
func (s *Server) URL() string {
	login := ""
	if s.options.Password != "" {
		login = "shop:" + s.options.Password + "@"
	}
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	address := login + "localhost:" + port
	switch s.options.Encryption {
	case ImplicitTLS:
		return "smtps://" + address
	case Plain:
		return "smtp://" + address + "?starttls=never"
	default:
		return "smtp://" + address + "?starttls=required"
	}
}

// TLS is the configuration that trusts the server.
func (s *Server) TLS() *tls.Config {
	return &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

// Delivered are the messages that were taken so far.
func (s *Server) Delivered() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Sessions is how many sessions were begun, encryption counted in.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Refuse makes the server answer every message to an address with a line such
// as "450 4.2.1 busy"; an empty line ends that.
func (s *Server) Refuse(address, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[address] = answer
}

func (s *Server) session(*smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return &session{server: s}, nil
}

// session is one client's.
type session struct {
	server *Server
	known  bool
	to     string
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "shop" || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.server.options.Password != "" && !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.to = to
	answer := s.server.refused[to]
	if answer == "" {
		return nil
	}
	var code int
	var enhanced smtp.EnhancedCode
	if _, err := fmt.Sscanf(answer, "%d %d.%d.%d", &code, &enhanced[0], &enhanced[1], &enhanced[2]); err != nil {
		return fmt.Errorf("answer %q: %w", answer, err)
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: answer[strings.LastIndexByte(answer, ' ')+1:]}
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	message, err := gomail.EMLToMsgFromReader(r)
	if err != nil {
		return err
	}
	d, err := deliveryOf(message, s.to)
	if err != nil {
		return err
	}
	if s.server.options.Hold != nil {
		s.server.options.Hold(d)
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.taken = append(s.server.taken, d)
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.to = "" }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// deliveryOf decodes a message.
func deliveryOf(message *gomail.Msg, to string) (Delivery, error) {
	subject := message.GetGenHeader(gomail.HeaderSubject)
	if len(subject) != 1 {
		return Delivery{}, errors.New("a message has one subject")
	}
	d := Delivery{MessageID: message.GetMessageID(), To: to, Subject: subject[0]}
	for _, part := range message.GetParts() {
		content, err := part.GetContent()
		if err != nil {
			return Delivery{}, err
		}
		text := strings.ReplaceAll(string(content), "\r\n", "\n")
		if part.GetContentType() == gomail.TypeTextHTML {
			d.HTML = text
		} else {
			d.Text = text
		}
	}
	return d, nil
}

// quiet drops what the server has to say about broken connections, which tests
// break on purpose.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
