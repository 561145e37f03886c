package mailer_test

import (
	"crypto/tls"
	"io/fs"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email/emailtest"
	"shop/modules/email/internal/app"
	"shop/modules/email/internal/mailer"
)

var from = &mail.Address{Name: "The Shöp", Address: "shop@example.com"}

func message(to string) app.Message {
	return app.Message{
		ID: "mail_1", To: to, Subject: "Grüße", Text: "Hallo\n.\nWelt\n", HTML: "<p>Hallo</p>\n",
		At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

func newSMTP(t *testing.T, url string, config *tls.Config) *mailer.SMTP {
	t.Helper()
	m, err := mailer.NewSMTP(mailer.SMTPOptions{URL: url, From: from, TLS: config, Timeout: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(m.Rest)
	return m
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]emailtest.ServerOptions{
		"STARTTLS":           {Encryption: emailtest.STARTTLS},
		"implicit TLS":       {Encryption: emailtest.ImplicitTLS},
		"plain":              {Encryption: emailtest.Plain},
		"STARTTLS, login":    {Encryption: emailtest.STARTTLS, Password: "s3cret"},
		"implicit TLS login": {Encryption: emailtest.ImplicitTLS, Password: "s3cret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := emailtest.NewServer(t, o)
			m := newSMTP(t, server.URL(), server.TLS())
			for range 3 {
				require.NoError(t, m.Send(t.Context(), message("jo@example.com")))
			}
			taken := server.Delivered()
			require.Len(t, taken, 3)
			require.Equal(t, message("").Text, taken[0].Text)
			require.Equal(t, message("").HTML, taken[0].HTML)
			require.Equal(t, "<mail_1@example.com>", taken[0].MessageID)
			require.Equal(t, "jo@example.com", taken[0].To)

			// One connection carried the batch; STARTTLS begins its session anew.
			sessions := server.Sessions()
			require.LessOrEqual(t, sessions, 2)
			m.Rest()
			require.NoError(t, m.Send(t.Context(), message("jo@example.com")))
			require.Greater(t, server.Sessions(), sessions)
		})
	}
}

func TestSMTPRefusesToSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server emailtest.ServerOptions
		change func(url string) string
		trust  bool
	}{
		"certificate of a stranger":  {server: emailtest.ServerOptions{}},
		"certificate, implicit TLS":  {server: emailtest.ServerOptions{Encryption: emailtest.ImplicitTLS}},
		"certificate, opportunistic": {server: emailtest.ServerOptions{}, change: replace("required", "opportunistic")},
		"no STARTTLS where required": {server: emailtest.ServerOptions{Encryption: emailtest.Plain}, change: replace("never", "required"), trust: true},
		"wrong password":             {server: emailtest.ServerOptions{Password: "s3cret"}, change: replace("s3cret", "guess"), trust: true},
		"no login where demanded":    {server: emailtest.ServerOptions{Password: "s3cret"}, change: replace("shop:s3cret@", ""), trust: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := emailtest.NewServer(t, c.server)
			url := server.URL()
			if c.change != nil {
				url = c.change(url)
			}
			var config *tls.Config
			if c.trust {
				config = server.TLS()
			}
			err := newSMTP(t, url, config).Send(t.Context(), message("jo@example.com"))
			require.Error(t, err)
			require.NotErrorIs(t, err, app.ErrRejected, "the operator repairs it and the message is sent")
			require.NotContains(t, err.Error(), "s3cret")
			require.Empty(t, server.Delivered())
		})
	}
}

func replace(old, with string) func(string) string {
	return func(url string) string { return strings.Replace(url, old, with, 1) }
}

func TestSMTPOpportunistic(t *testing.T) {
	t.Parallel()
	server := emailtest.NewServer(t, emailtest.ServerOptions{Encryption: emailtest.Plain})
	url := strings.Replace(server.URL(), "never", "opportunistic", 1)
	require.NoError(t, newSMTP(t, url, server.TLS()).Send(t.Context(), message("jo@example.com")))
}

func TestSMTPTellsForNowFromForGood(t *testing.T) {
	t.Parallel()
	server := emailtest.NewServer(t, emailtest.ServerOptions{})
	server.Refuse("later@example.com", "450 4.2.1 busy")
	server.Refuse("never@example.com", "550 5.1.1 unknown")
	m := newSMTP(t, server.URL(), server.TLS())

	err := m.Send(t.Context(), message("later@example.com"))
	require.ErrorContains(t, err, "busy")
	require.NotErrorIs(t, err, app.ErrRejected)
	err = m.Send(t.Context(), message("never@example.com"))
	require.ErrorIs(t, err, app.ErrRejected)
	require.ErrorContains(t, err, "unknown")
	require.NoError(t, m.Send(t.Context(), message("jo@example.com")))
	require.Len(t, server.Delivered(), 1)
}

func TestSMTPServerThatIsDown(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	err = newSMTP(t, "smtp://"+address, nil).Send(t.Context(), message("jo@example.com"))
	require.ErrorContains(t, err, "connect to the mail server")
	require.NotErrorIs(t, err, app.ErrRejected)
}

func TestFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail")
	m := mailer.NewFile(dir, from)
	for range 2 { // a repetition replaces the file
		require.NoError(t, m.Send(t.Context(), message("jo@example.com")))
	}
	m.Rest()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "20260102T030405.000-mail_1.eml", entries[0].Name())
	info, err := entries[0].Info()
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())

	file, err := os.Open(filepath.Join(dir, entries[0].Name()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	parsed, err := mail.ReadMessage(file)
	require.NoError(t, err)
	require.Equal(t, "<mail_1@example.com>", parsed.Header.Get("Message-ID"))
	require.Equal(t, "auto-generated", parsed.Header.Get("Auto-Submitted"))
	sender, err := parsed.Header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{from}, sender)
}

func TestFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "mail")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	require.Error(t, mailer.NewFile(blocked, from).Send(t.Context(), message("jo@example.com")))
}
