package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"shop/platform/config"
	"shop/platform/remote"
)

// listeners are open and not yet served.
type listeners struct{ public, internal net.Listener }

func listen(ctx context.Context, cfg config.Config) (listeners, error) {
	var open net.ListenConfig
	public, err := open.Listen(ctx, "tcp", cfg.HTTPAddr)
	if err != nil {
		return listeners{}, fmt.Errorf("open the public listener (SHOP_HTTP_ADDR): %w", err)
	}
	internal, err := listenInternal(ctx, cfg)
	if err != nil {
		_ = public.Close() // the other error is the one to report
		return listeners{}, fmt.Errorf("open the internal listener (SHOP_INTERNAL_ADDR): %w", err)
	}
	return listeners{public: public, internal: internal}, nil
}

func listenInternal(ctx context.Context, cfg config.Config) (net.Listener, error) {
	var open net.ListenConfig
	network, address := "tcp", cfg.InternalAddr
	if path, isSocket := strings.CutPrefix(address, unixScheme); isSocket {
		network, address = "unix", path
		if err := removeDeadSocket(ctx, path); err != nil {
			return nil, err
		}
	}
	listener, err := open.Listen(ctx, network, address)
	if err != nil {
		return nil, err //nolint:wrapcheck // says the address
	}
	if network == "unix" {
		// Whoever may write to a socket may connect: the shop's user and group.
		if err := os.Chmod(address, 0o660); err != nil { //nolint:gosec // see above
			return nil, errors.Join(err, listener.Close())
		}
	}
	if !speaksTLS(cfg) {
		return listener, nil
	}
	secure, err := remote.ServerTLSConfig(cfg.ServiceTLSCert, cfg.ServiceTLSKey, cfg.ServiceTLSCA)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if secure.ClientAuth == tls.RequireAndVerifyClientCert {
		// Probes and metrics are open to who has none; certified asks the others.
		secure.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return tls.NewListener(listener, secure), nil
}

const unixScheme = "unix://"

// speaksTLS reports whether the internal listener does: over a socket nobody
// listens in, and its file says who may connect.
func speaksTLS(cfg config.Config) bool {
	return cfg.ServiceTLSCert != "" && !strings.HasPrefix(cfg.InternalAddr, unixScheme)
}

// removeDeadSocket removes what a process left that was killed; a socket that
// somebody listens on stays.
func removeDeadSocket(ctx context.Context, path string) error {
	about, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the socket: %w", err)
	}
	if about.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is no socket", path)
	}
	dialer := net.Dialer{Timeout: time.Second}
	if connection, err := dialer.DialContext(ctx, "unix", path); err == nil {
		return errors.Join(fmt.Errorf("another process listens on %s", path), connection.Close())
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the socket of a process that is gone: %w", err)
	}
	return nil
}

// certified lets through who has shown a certificate of the shop's authorities.
func certified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			answer(w, http.StatusForbidden, []string{"show a certificate of the shop's authorities"})
			return
		}
		next.ServeHTTP(w, r)
	})
}
