package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"sync"
)

// attempt makes a call at one target and notes how that ended.
func (c *Client) attempt(ctx context.Context, t *target, m *message) (http.Header, error) {
	o := unknown // until the attempt has returned
	defer func() { t.leave(o) }()
	header, found, err := c.send(ctx, t, m)
	o = found
	if failureIn(err) != nil {
		t.failures.Add(1)
	}
	return header, err
}

// send makes one request of a target and takes the answer in. errDead means that
// there was no attempt.
func (c *Client) send(ctx context.Context, t *target, m *message) (http.Header, outcome, error) {
	conn := m.conn
	m.conn = nil
	b, _ := pool.Get().(*buffers)
	defer b.release()
	err := c.writeRequest(ctx, &b.request, t, m)
	if err != nil {
		if conn != nil {
			t.connections.put(conn)
		}
		return nil, unknown, err
	}
	if conn == nil {
		if conn, err = t.connections.dial(ctx, m.deadline); err != nil {
			return nil, c.unanswered(ctx, t, m, false), c.ended(ctx, m, errorAt(t, err), false)
		}
	}
	answer, keep, err := conn.exchange(ctx, m.deadline, b.request.text, &b.answer, c.options.MaxResponseBytes)
	sent := conn.wire.touched // before others use it
	switch {
	case keep:
		t.connections.give(conn)
	case err == nil:
		t.connections.retire(conn)
	default:
		t.connections.drop(conn)
	}
	if err != nil && conn.reused && !sent && m.over(ctx) == nil {
		t.gate.shut()
		return nil, none, fmt.Errorf("%w: %w", errDead, err)
	}
	if err != nil {
		return nil, c.unanswered(ctx, t, m, true), c.ended(ctx, m, errorAt(t, err), sent)
	}
	if answer.status < http.StatusOK || answer.status >= http.StatusMultipleChoices {
		o, err := c.problem(t, m, answer, b.answer.Bytes())
		return nil, o, err
	}
	if m.Result == nil {
		return answer.header, well, nil
	}
	if err := json.Unmarshal(b.answer.Bytes(), m.Result); err != nil {
		reflect.ValueOf(m.Result).Elem().SetZero() // half of an answer is none
		return nil, sick, c.unavailable(errorAt(t, fmt.Errorf("decode the answer: %w", err)), true)
	}
	return answer.header, well, nil
}

// unanswered is what a call without an answer says about the target.
func (c *Client) unanswered(ctx context.Context, t *target, m *message, connected bool) outcome {
	switch over := m.over(ctx); {
	case errors.Is(over, context.Canceled):
		return unknown
	case over != nil && connected:
		return c.slow(m)
	}
	// Who answers at this address next may be another process.
	t.gate.shut()
	return sick
}

// slow is what it says about a target that it did not answer in time. Callers
// who had hardly any left say nothing about it, or they would take it away from
// those who have.
func (c *Client) slow(m *message) outcome {
	if m.left < c.options.Timeout/4 {
		return unknown
	}
	return sick
}

func errorAt(t *target, err error) error { return fmt.Errorf("at %s: %w", t.address, err) }

// buffers hold a request until it has left, and an answer until it is decoded.
type buffers struct {
	request requestWriter
	answer  bytes.Buffer
}

var pool = sync.Pool{New: func() any { return new(buffers) }}

// maxPooledBytes is the largest buffer that is kept for further calls.
const maxPooledBytes = 64 << 10

func (b *buffers) release() {
	if cap(b.request.text) <= maxPooledBytes && b.answer.Cap() <= maxPooledBytes {
		b.request = requestWriter{text: b.request.text[:0]}
		b.answer.Reset()
		pool.Put(b)
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
	from := io.Reader(response.Body)
	if size < 0 {
		from = io.LimitReader(from, limit+1)
	}
	n, err := to.ReadFrom(from)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if n > limit {
		return fmt.Errorf("the answer has more than the %d bytes allowed", limit)
	}
	return nil
}
