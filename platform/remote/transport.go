package remote

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"
)

// newConnections returns the connections to an address, none yet, and the host
// that all requests there name.
func newConnections(address string, o *Options) (*connections, string, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, "", fmt.Errorf("%q is no address", address)
	}
	c := &connections{dialer: net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}}
	switch {
	case base.Scheme == "unix" && base.Host == "" && base.Path != "":
		c.network, c.address = "unix", base.Path
		return c, "localhost", nil
	case (base.Scheme == "http" || base.Scheme == "https") && base.Hostname() != "" && (base.Path == "" || base.Path == "/") && base.RawQuery == "":
	default:
		return nil, "", fmt.Errorf("%q is no address: use http://host:port, https://host:port or unix:///path", address)
	}
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	c.network, c.address = "tcp", net.JoinHostPort(base.Hostname(), port)
	if base.Scheme == "https" {
		c.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		if o.TLS != nil {
			c.tls = o.TLS.Clone()
		}
		if c.tls.ServerName == "" {
			c.tls.ServerName = base.Hostname()
		}
	}
	return c, base.Host, nil
}
