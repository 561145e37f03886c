package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"shop/platform/idempotency"
	"shop/platform/request"
)

// headers is how many names a request has in its header at most, usually. A map
// of up to eight is small.
const headers = 8

// Values of headers that are the same in every request.
var (
	userAgent = []string{"shop"}
	jsonType  = []string{"application/json"}
)

// newRequest makes the request of one attempt. It is put together by hand:
// http.NewRequest would parse an address that is known, and Header.Set would
// allocate for each value.
func (c *Client) newRequest(ctx context.Context, t *target, m *message) (*http.Request, error) {
	token, err := c.options.Mint(ctx, c.options.Module)
	if err != nil {
		return nil, fmt.Errorf("make the service token: %w", err)
	}
	header := make(http.Header, headers)
	values := make([]string, 0, headers)
	set := func(name, value string) {
		values = append(values, value)
		header[name] = values[len(values)-1 : len(values) : len(values)]
	}
	maps.Copy(header, m.Header)
	set("Authorization", "Bearer "+token)
	header["User-Agent"] = userAgent
	if m.body != nil {
		header["Content-Type"] = jsonType
	}
	if m.key != "" {
		set(idempotency.Header, m.key)
	}
	if id := request.ID(ctx); id != "" {
		set(request.Header, id)
	}
	if deadline, ok := ctx.Deadline(); ok {
		// What travels back takes time too: the far side gets a little less.
		m.left = time.Until(deadline) * 95 / 100
		set(request.DeadlineHeader, strconv.FormatInt(max(1, m.left.Milliseconds()), 10))
	}
	if c.options.Propagator != nil {
		c.options.Propagator.Inject(ctx, propagation.HeaderCarrier(header))
	}
	r := t.template.WithContext(ctx)
	r.Method, r.Header = m.Method, header
	r.URL = &url.URL{Scheme: t.template.URL.Scheme, Host: t.template.URL.Host, Opaque: m.Path, RawQuery: m.query}
	if m.body != nil {
		r.ContentLength = int64(len(m.body))
		r.Body = io.NopCloser(bytes.NewReader(m.body))
	}
	return r, nil
}
