package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// TLSConfig is how a client reaches https targets. certFile and keyFile are its
// own certificate, for far sides that ask for one; both empty: it has none.
// caFile holds the authorities that it trusts, in PEM; empty: the machine's. A
// certificate that is renewed on disk is used for new connections without a
// restart. Errors name the file.
func TLSConfig(certFile, keyFile, caFile string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if certFile != "" || keyFile != "" {
		own, err := loadCertificate(certFile, keyFile)
		if err != nil {
			return nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own.current(), nil }
	}
	if caFile != "" {
		var err error
		if config.RootCAs, err = loadAuthorities(caFile); err != nil {
			return nil, err
		}
	}
	return config, nil
}

// ServerTLSConfig is how a listener is served over TLS with a certificate, which
// may be renewed on disk. With caFile, callers need a certificate of one of its
// authorities. Errors name the file.
func ServerTLSConfig(certFile, keyFile, caFile string) (*tls.Config, error) {
	own, err := loadCertificate(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return own.current(), nil },
	}
	if caFile != "" {
		if config.ClientCAs, err = loadAuthorities(caFile); err != nil {
			return nil, err
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}

func loadAuthorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err) // says the file
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read authorities: %s holds no certificate in PEM", file)
	}
	return pool, nil
}

// certificate is a pair of files, read again when one of them has changed.
type certificate struct {
	certFile, keyFile string

	mu     sync.Mutex
	loaded *tls.Certificate
	// changed is when the files were written that are loaded.
	changed [2]time.Time
}

func loadCertificate(certFile, keyFile string) (*certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, errors.New("a certificate needs its key, and a key its certificate")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile}
	var err error
	if c.changed, err = c.stat(); err != nil {
		return nil, fmt.Errorf("read certificate: %w", err) // says the file
	}
	if c.loaded, err = c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certificate) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	return &pair, nil
}

func (c *certificate) stat() (changed [2]time.Time, err error) {
	for i, file := range []string{c.certFile, c.keyFile} {
		about, err := os.Stat(file)
		if err != nil {
			return changed, err //nolint:wrapcheck // says the file
		}
		changed[i] = about.ModTime()
	}
	return changed, nil
}

// current is the certificate for a handshake. While the files on disk do not fit
// each other, as in the middle of a renewal, the one before stays in use; it is
// tried again with each handshake.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed, err := c.stat()
	if err != nil || changed == c.changed {
		return c.loaded
	}
	if renewed, err := c.read(); err == nil {
		c.loaded, c.changed = renewed, changed
	}
	return c.loaded
}
