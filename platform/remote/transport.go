package remote

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	dialTimeout = 2 * time.Second
	// idleTimeout is how long a connection waits for the next call. It is less
	// than the two minutes after which the far side ends it, or a plain write
	// could meet that end.
	idleTimeout = 90 * time.Second
	// bufferBytes is the size of a connection's buffers. A request's header fits.
	bufferBytes = 16 << 10
)

// newTransport returns the transport to an address and what all requests there
// have in common. It keeps as many connections as calls may be under way, and
// neither sends compressed bodies nor asks for them: on a local network
// compressing costs more than it saves.
func newTransport(address string, o *Options) (*http.Transport, *http.Request, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, nil, fmt.Errorf("%q is no address", address)
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	t := &http.Transport{
		DialContext:         dialer.DialContext,
		MaxIdleConns:        o.MaxConcurrent,
		MaxIdleConnsPerHost: o.MaxConcurrent,
		IdleConnTimeout:     idleTimeout,
		TLSHandshakeTimeout: dialTimeout,
		DisableCompression:  true,
		TLSClientConfig:     o.TLS,
		WriteBufferSize:     bufferBytes,
		ReadBufferSize:      bufferBytes,
	}
	switch {
	case base.Scheme == "unix" && base.Host == "" && base.Path != "":
		path := base.Path
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		}
		base = &url.URL{Scheme: "http", Host: "localhost"}
	case (base.Scheme == "http" || base.Scheme == "https") && base.Host != "" && (base.Path == "" || base.Path == "/") && base.RawQuery == "":
	default:
		return nil, nil, fmt.Errorf("%q is no address: use http://host:port, https://host:port or unix:///path", address)
	}
	return t, &http.Request{
		URL:   &url.URL{Scheme: base.Scheme, Host: base.Host},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: base.Host,
	}, nil
}
