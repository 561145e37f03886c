// Package load generates closed-loop HTTP load over persistent connections and
// sums up what was measured.
//
// The client is a minimal HTTP/1.1 one of its own: generator and server share
// the processor, so that every microsecond spent here would be taken from all
// that is measured and push every ratio towards one.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	// answerTimeout is longer than any answer may take: it ends a run against a
	// server that hangs, and is armed rarely, since arming costs a timer each.
	answerTimeout = 30 * time.Second
	rearmAfter    = time.Second
	readBuffer    = 64 << 10
)

// Request is one HTTP request. Body is JSON, nil for none.
type Request struct {
	Method         string
	Path           string // with the query, escaped
	Token          string // bearer token, empty for none
	IdempotencyKey string // empty for none
	Body           []byte
}

// Response is what the server answered. Body is valid until the next request
// on the same connection.
type Response struct {
	Status int
	Body   []byte
}

// StatusError is the error of an answer outside 2xx.
type StatusError struct {
	Method, Path string
	Status       int
	Body         string // its beginning
}

// Error names the request, the status and the beginning of the body.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s answered %d: %s", e.Method, e.Path, e.Status, e.Body)
}

// Conn is one persistent connection to one server, for one goroutine. It dials
// at the first request and again after a failure.
type Conn struct {
	addr  string
	nc    net.Conn
	r     *bufio.Reader
	out   []byte
	body  []byte
	armed time.Time
}

// NewConn returns a connection to addr (host:port).
func NewConn(addr string) *Conn {
	return &Conn{addr: addr, r: bufio.NewReaderSize(nil, readBuffer)}
}

// Close ends the connection.
func (c *Conn) Close() error {
	if c.nc == nil {
		return nil
	}
	err := c.nc.Close()
	c.nc = nil
	return err
}

// Do sends one request and reads its answer. An answer outside 2xx is a
// *StatusError.
func (c *Conn) Do(ctx context.Context, req Request) (Response, error) {
	if c.nc == nil {
		if err := c.dial(ctx); err != nil {
			return Response{}, err
		}
	}
	resp, keep, err := c.roundTrip(req)
	if err != nil || !keep {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return Response{}, fmt.Errorf("%s %s: %w", req.Method, req.Path, err)
	}
	if resp.Status < 200 || resp.Status > 299 {
		return resp, &StatusError{
			Method: req.Method, Path: req.Path, Status: resp.Status,
			Body: string(resp.Body[:min(len(resp.Body), 500)]),
		}
	}
	return resp, nil
}

func (c *Conn) dial(ctx context.Context) error {
	dialer := net.Dialer{Timeout: dialTimeout}
	nc, err := dialer.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	c.nc, c.armed = nc, time.Time{}
	c.r.Reset(nc)
	return nil
}

func (c *Conn) roundTrip(req Request) (resp Response, keep bool, err error) {
	if now := time.Now(); now.Sub(c.armed) > rearmAfter {
		if err := c.nc.SetDeadline(now.Add(answerTimeout)); err != nil {
			return Response{}, false, fmt.Errorf("set the deadline: %w", err)
		}
		c.armed = now
	}
	c.out = appendRequest(c.out[:0], c.addr, req)
	if _, err := c.nc.Write(c.out); err != nil {
		return Response{}, false, fmt.Errorf("send: %w", err)
	}
	return c.read()
}

func appendRequest(b []byte, host string, req Request) []byte {
	b = append(b, req.Method...)
	b = append(b, ' ')
	b = append(b, req.Path...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	if req.Token != "" {
		b = append(b, "\r\nAuthorization: Bearer "...)
		b = append(b, req.Token...)
	}
	if req.IdempotencyKey != "" {
		b = append(b, "\r\nIdempotency-Key: "...)
		b = append(b, req.IdempotencyKey...)
	}
	if req.Body != nil {
		b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(req.Body)), 10)
	}
	b = append(b, "\r\n\r\n"...)
	return append(b, req.Body...)
}

func (c *Conn) read() (resp Response, keep bool, err error) {
	line, err := c.line()
	if err != nil {
		return Response{}, false, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return Response{}, false, fmt.Errorf("not an HTTP/1.1 answer: %q", line)
	}
	if resp.Status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return Response{}, false, fmt.Errorf("read the status: %w", err)
	}
	length, chunked, keep, err := c.header()
	if err != nil {
		return Response{}, false, err
	}
	c.body = c.body[:0]
	switch {
	case resp.Status == 204 || resp.Status == 304:
	case chunked:
		err = c.readChunks()
	default:
		err = c.readExactly(length)
	}
	resp.Body = c.body
	return resp, keep, err
}

// header reads up to the empty line and returns what says how long the body is
// and whether the connection can be used again.
func (c *Conn) header() (length int, chunked, keep bool, err error) {
	length, keep = -1, true
	for {
		line, err := c.line()
		if err != nil {
			return 0, false, false, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, false, fmt.Errorf("read the content length: %w", err)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			keep = !bytes.EqualFold(value, []byte("close"))
		}
	}
	return length, chunked, keep, nil
}

func (c *Conn) readChunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("read the chunk size: %w", err)
		}
		if err := c.readExactly(int(size)); err != nil {
			return err
		}
		if _, err := c.line(); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

func (c *Conn) readExactly(n int) error {
	if n < 0 {
		return errors.New("the answer does not say how long it is")
	}
	start := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	if _, err := io.ReadFull(c.r, c.body[start:]); err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	return nil
}

func (c *Conn) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
