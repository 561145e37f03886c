package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"sync"
	"sync/atomic"

	"shop/platform/contract"
)

// attempt makes a call at one target and notes how that ended.
func (c *Client) attempt(ctx context.Context, t *target, m *message) (http.Header, error) {
	o := unknown // until the attempt has returned
	defer func() { t.leave(o) }()
	header, found, err := c.send(ctx, t, m)
	o = found
	if err != nil {
		var failure *contract.Failure
		if errors.As(err, &failure) {
			t.failures.Add(1)
		}
	}
	return header, err
}

// send makes one request of a target and takes the answer in.
func (c *Client) send(ctx context.Context, t *target, m *message) (http.Header, outcome, error) {
	r, err := c.newRequest(ctx, t, m)
	if err != nil {
		return nil, unknown, err
	}
	response, err := t.transport.RoundTrip(r)
	if err != nil {
		return nil, t.lost(ctx, err), c.ended(ctx, m, errorAt(t, err), m.sent(err))
	}
	defer response.Body.Close()
	answer, _ := buffers.Get().(*bytes.Buffer)
	defer release(answer)
	if err := readAll(answer, response, c.options.MaxResponseBytes); err != nil {
		return nil, t.lost(ctx, err), c.ended(ctx, m, errorAt(t, err), true)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		err, o := c.problem(t, m, response, answer.Bytes())
		return nil, o, err
	}
	if m.Result == nil {
		return response.Header, well, nil
	}
	if err := json.Unmarshal(answer.Bytes(), m.Result); err != nil {
		reflect.ValueOf(m.Result).Elem().SetZero() // half of an answer is none
		return nil, sick, c.unavailable(errorAt(t, fmt.Errorf("decode the answer: %w", err)), true)
	}
	return response.Header, well, nil
}

// lost is what a call without an answer says about the target. Who answers at
// its address next may be another process, unless it was only slow.
func (t *target) lost(ctx context.Context, err error) outcome {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return unknown
	case ctx.Err() == nil || unconnected(err):
		t.gate.shut()
	}
	return sick
}

func errorAt(t *target, err error) error { return fmt.Errorf("at %s: %w", t.address, err) }

// wire notes what net/http does with a request.
type wire struct{ written atomic.Int32 }

// watch is asked for where it matters, because it costs a little: whether bytes
// have left decides whether a plain write may be repeated, and a request with a
// key is sent twice by net/http itself when an idle connection turns out to be
// dead.
func (w *wire) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// It is called when the header has been put into the write buffer, which
		// holds all of it: nothing has left before.
		WroteHeaders: func() { w.written.Add(1) },
	})
}

// twice reports whether the request was begun more than once.
func (w *wire) twice() bool { return w.written.Load() > 1 }

// sent reports whether the target may have received something of a request that
// ended with err.
func (m *message) sent(err error) bool {
	if m.watched() {
		return m.wire.written.Load() > 0
	}
	return !unconnected(err)
}

func (m *message) watched() bool { return m.Does.Class == contract.Write || m.key != "" }

// buffers hold answers until they are decoded.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledBytes is the largest buffer that is kept for further answers.
const maxPooledBytes = 64 << 10

func release(b *bytes.Buffer) {
	if b.Cap() <= maxPooledBytes {
		b.Reset()
		buffers.Put(b)
	}
}

// readAll reads an answer within its limit.
func readAll(to *bytes.Buffer, response *http.Response, limit int64) error {
	size := response.ContentLength
	if size > limit {
		return fmt.Errorf("the answer has %d bytes, more than the %d allowed", size, limit)
	}
	if size > 0 {
		to.Grow(int(size) + bytes.MinRead)
	}
	n, err := to.ReadFrom(&io.LimitedReader{R: response.Body, N: limit + 1})
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if n > limit {
		return fmt.Errorf("the answer has more than the %d bytes allowed", limit)
	}
	return nil
}
