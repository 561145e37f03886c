package remote

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"shop/platform/idempotency"
	"shop/platform/request"
)

// writeRequest writes the request of one attempt. It is written by hand:
// http.Request would be put together from parts that are taken apart again, at
// the price of two maps and a dozen allocations. Bodies are not compressed: on a
// local network that costs more than it saves.
func (c *Client) writeRequest(ctx context.Context, w *requestWriter, t *target, m *message) error {
	token, err := c.options.Mint(ctx, c.options.Module)
	if err != nil {
		return fmt.Errorf("make the service token: %w", err)
	}
	w.begin(m.Method, m.Path, m.query)
	w.Set("Host", t.host)
	w.add("Authorization", "Bearer ", token)
	for name, values := range m.Header {
		for _, value := range values {
			w.Set(name, value)
		}
	}
	if m.key != "" {
		w.Set(idempotency.Header, m.key)
	}
	if id := request.ID(ctx); id != "" {
		w.Set(request.Header, id)
	}
	// What travels back takes time too: the far side gets a little less.
	m.left = time.Until(m.deadline) * 95 / 100
	w.Set(request.DeadlineHeader, strconv.FormatInt(max(1, m.left.Milliseconds()), 10))
	if c.options.Propagator != nil {
		c.options.Propagator.Inject(ctx, w)
	}
	w.end(m.body)
	return w.err
}

// requestWriter writes a request in HTTP/1.1 (RFC 9112). As a carrier of traces
// it takes what is injected.
type requestWriter struct {
	text []byte
	err  error
}

var _ propagation.TextMapCarrier = (*requestWriter)(nil)

// begin writes the first line.
func (w *requestWriter) begin(method, path, query string) {
	w.text = append(append(w.text, method...), ' ')
	w.text = append(w.text, path...)
	if query != "" {
		w.text = append(append(w.text, '?'), query...)
	}
	w.text = append(w.text, " HTTP/1.1\r\n"...)
	if strings.IndexByte(path, ' ') >= 0 || hasControl(path) || hasControl(query) {
		w.err = errors.New("the path or the query is not escaped")
	}
}

// Set implements propagation.TextMapCarrier.
func (w *requestWriter) Set(name, value string) { w.add(name, "", value) }

// add writes a line of the header.
func (w *requestWriter) add(name, prefix, value string) {
	w.text = append(append(append(w.text, name...), ": "...), prefix...)
	w.text = append(append(w.text, value...), "\r\n"...)
	if hasControl(value) {
		w.err = fmt.Errorf("the value of %s has a control character", name)
	}
}

// hasControl reports whether text has a control character, which could end a line.
func hasControl(text string) bool {
	for _, c := range []byte(text) {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// Get implements propagation.TextMapCarrier: nothing was there before.
func (*requestWriter) Get(string) string { return "" }

// Keys implements propagation.TextMapCarrier.
func (*requestWriter) Keys() []string { return nil }

// end ends the header and writes the body; nil for none.
func (w *requestWriter) end(body []byte) {
	if body == nil {
		w.text = append(w.text, "\r\n"...)
		return
	}
	w.text = append(w.text, "Content-Type: application/json\r\nContent-Length: "...)
	w.text = strconv.AppendInt(w.text, int64(len(body)), 10)
	w.text = append(append(w.text, "\r\n\r\n"...), body...)
}
