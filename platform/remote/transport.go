package remote

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// bufferBytes is the size of a connection's buffers: most messages fit, so they
// are written and read at once.
const bufferBytes = 16 << 10

// newConnections returns the connections to an address, none yet, and what all
// requests there have in common. Bodies are not compressed: on a local network
// that costs more than it saves.
func newConnections(address string, o *Options) (*connections, *http.Request, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, nil, fmt.Errorf("%q is no address", address)
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	dial := dialer.DialContext
	switch {
	case base.Scheme == "unix" && base.Host == "" && base.Path != "":
		path := base.Path
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		}
		base = &url.URL{Scheme: "http", Host: "localhost"}
	case (base.Scheme == "http" || base.Scheme == "https") && base.Hostname() != "" && (base.Path == "" || base.Path == "/") && base.RawQuery == "":
	default:
		return nil, nil, fmt.Errorf("%q is no address: use http://host:port, https://host:port or unix:///path", address)
	}
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	pool := &connections{
		scheme: base.Scheme, address: net.JoinHostPort(base.Hostname(), port),
		transport: &http.Transport{
			// With a dial function of its own it speaks HTTP/1.1 only: for small
			// messages between neighbours that is the faster one.
			DialContext:         dialing(dial),
			TLSHandshakeTimeout: dialTimeout,
			TLSClientConfig:     o.TLS,
			DisableCompression:  true,
			WriteBufferSize:     bufferBytes,
			ReadBufferSize:      bufferBytes,
		},
	}
	return pool, &http.Request{
		URL:   &url.URL{Scheme: base.Scheme, Host: base.Host},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: base.Host,
	}, nil
}
