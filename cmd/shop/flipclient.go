package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shop/platform/config"
	"shop/platform/httpapi"
	"shop/platform/placement"
	"shop/platform/remote"
)

// answerTimeout bounds one request of an operator's command; a change greets
// other processes first.
const answerTimeout = 10 * time.Second

// internalClient asks a running shop, at its internal listener, for its modules and
// for changes of their placement.
type internalClient struct {
	client *http.Client
	// base is the listener's URL, shown what people know it by.
	base, shown string
	mint        func(ctx context.Context) (string, error)
}

// errNoKey is returned where nothing tells which key the shop uses.
var errNoKey = errors.New("there is no service key here: set SHOP_SERVICE_KEYS, or SHOP_DATA_DIR to the directory of the running shop")

// newInternalClient makes a client of the shop that the settings describe. It connects
// to nothing yet.
func newInternalClient(cfg config.Config) (*internalClient, error) {
	if cfg.ServiceKeys.IsZero() {
		// A key that is made now is none that a running shop knows.
		if _, err := os.Stat(filepath.Join(cfg.DataDir, "service.key")); errors.Is(err, fs.ErrNotExist) {
			return nil, errNoKey
		}
	}
	authority, err := newAuthority(cfg)
	if err != nil {
		return nil, err
	}
	o := &internalClient{mint: func(ctx context.Context) (string, error) { return authority.Mint(asOperator(ctx), "shop") }}
	if err := o.connect(cfg); err != nil {
		return nil, err
	}
	return o, nil
}

// connect makes the HTTP client for the internal listener: over TCP or a unix
// socket, with TLS where the listener has a certificate.
func (o *internalClient) connect(cfg config.Config) error {
	transport := &http.Transport{DisableCompression: true, ResponseHeaderTimeout: answerTimeout}
	o.client = &http.Client{Transport: transport, Timeout: answerTimeout}
	path, isSocket := strings.CutPrefix(cfg.InternalAddr, unixScheme)
	o.base = config.BaseURL(cfg.InternalAddr)
	o.shown = o.base
	if isSocket {
		o.base, o.shown = "http://shop", cfg.InternalAddr
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	if !speaksTLS(cfg) {
		return nil
	}
	secure, err := remote.TLSConfig(cfg.ServiceTLSCert, cfg.ServiceTLSKey, cfg.ServiceTLSCA)
	if err != nil {
		return err //nolint:wrapcheck // names the file
	}
	// The listener shows the certificate that these settings name, which need not
	// be for the address by which this machine reaches it.
	own, err := tls.LoadX509KeyPair(cfg.ServiceTLSCert, cfg.ServiceTLSKey)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	if own.Leaf != nil && len(own.Leaf.DNSNames) > 0 {
		secure.ServerName = own.Leaf.DNSNames[0]
	}
	transport.TLSClientConfig = secure
	o.base = "https" + strings.TrimPrefix(o.base, "http")
	o.shown = o.base
	return nil
}

// states are those of all modules of the running shop.
func (o *internalClient) states(ctx context.Context) ([]placement.ModuleState, error) {
	var found placement.ModuleStates
	err := o.call(ctx, http.MethodGet, "/internal/modules", nil, &found)
	return found.Items, err
}

// state is that of one module.
func (o *internalClient) state(ctx context.Context, module string) (placement.ModuleState, error) {
	var found placement.ModuleState
	err := o.call(ctx, http.MethodGet, "/internal/modules/"+module, nil, &found)
	return found, err
}

// change changes a module's placement and returns its state after that.
func (o *internalClient) change(ctx context.Context, module string, change placement.Change) (placement.ModuleState, error) {
	var found placement.ModuleState
	err := o.call(ctx, http.MethodPatch, "/internal/modules/"+module, placement.NewModuleChange(change), &found)
	return found, err
}

// refusal is what the shop answered instead of doing what it was asked.
type refusal struct{ httpapi.Problem }

// Error is the reason, with the rejected parts.
func (r *refusal) Error() string {
	texts := []string{r.Detail}
	for _, field := range r.Errors {
		texts = append(texts, strings.TrimPrefix(field.Field, "body.")+": "+field.Message)
	}
	return strings.Join(texts, "; ") + " (" + r.Code + ")"
}

func (o *internalClient) call(ctx context.Context, method, path string, body, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, o.base+path, reader)
	if err != nil {
		return fmt.Errorf("ask the shop: %w", err)
	}
	token, err := o.mint(ctx)
	if err != nil {
		return fmt.Errorf("make a service token: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := o.client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the address once more
		}
		return fmt.Errorf("no shop answers at %s, where SHOP_INTERNAL_ADDR says it is: %w", o.shown, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", o.shown, err)
	}
	if response.StatusCode != http.StatusOK {
		refused := &refusal{}
		if err := json.Unmarshal(answer, &refused.Problem); err != nil || refused.Code == "" {
			if strings.Contains(string(answer), "HTTP request to an HTTPS server") {
				return fmt.Errorf("%s speaks TLS: set SHOP_SERVICE_TLS_CERT, _KEY and _CA as for the running shop", o.shown)
			}
			return fmt.Errorf("%s answers %s, as a shop does not", o.shown, response.Status)
		}
		return refused
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("read the answer of %s: %w", o.shown, err)
	}
	return nil
}
