package remote

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

const (
	// bufferBytes is the size of a connection's buffer: most answers fit, so they
	// are read at once.
	bufferBytes = 16 << 10
	// maxHeadBytes bounds the status line and the header of an answer.
	maxHeadBytes = 64 << 10
	// maxInterim is how many interim answers (1xx) may come before the final one.
	maxInterim = 5
)

// connection carries one call at a time, in the goroutine of its caller:
// http.Transport reads and writes in goroutines of its own, and handing a call
// over to them and back costs an eighth of it (docs/adr/0008).
type connection struct {
	// Conn is the wire, or TLS over it.
	net.Conn
	wire *wire
	// head bounds what is read as the head of an answer.
	head   io.LimitedReader
	reader *bufio.Reader
	reused bool
	idle   time.Time // since when
}

func newConnection(w *wire, over net.Conn) *connection {
	c := &connection{Conn: over, wire: w}
	c.head.R = over
	c.reader = bufio.NewReaderSize(&c.head, bufferBytes)
	return c
}

// answer is what came back besides the body.
type answer struct {
	status int
	header http.Header
}

// exchange sends a request and reads the answer, its body into body, before the
// deadline and while ctx is not cancelled. keep says that the connection can carry
// another call. Whether anything has left when it fails is in c.wire.touched.
func (c *connection) exchange(
	ctx context.Context, deadline time.Time, request []byte, body *bytes.Buffer, limit int64,
) (a answer, keep bool, err error) {
	c.wire.touched = false
	if err := c.SetDeadline(deadline); err != nil {
		return a, false, fmt.Errorf("set the deadline: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // long over
	defer func() { keep = stop() && keep }()
	_, failed := c.Write(request)
	if failed != nil && !c.wire.touched {
		return a, false, fmt.Errorf("send: %w", failed)
	}
	// The far side may have refused the rest of a long request.
	response, err := c.readHead() //nolint:bodyclose // see there
	if err == nil {
		err = readAll(body, response, limit)
	}
	switch {
	case err != nil && failed != nil:
		return a, false, fmt.Errorf("send: %w; %w", failed, err)
	case err != nil:
		return a, false, err
	}
	keep = failed == nil && !response.Close && c.reader.Buffered() == 0
	return answer{response.StatusCode, response.Header}, keep, nil
}

// readHead reads an answer up to its body. Nothing has to be closed afterwards:
// what is left of a body ends with the connection.
func (c *connection) readHead() (*http.Response, error) {
	for range maxInterim {
		c.head.N = maxHeadBytes
		// Without a request it reads what answers any method but HEAD.
		response, err := http.ReadResponse(c.reader, nil)
		switch {
		case err != nil && c.head.N <= 0:
			return nil, fmt.Errorf("the head of the answer has more than the %d bytes allowed", maxHeadBytes)
		case err != nil:
			return nil, fmt.Errorf("read the answer: %w", err)
		case response.StatusCode >= http.StatusOK || response.StatusCode == http.StatusSwitchingProtocols:
			c.head.N = math.MaxInt64
			return response, nil
		}
	}
	return nil, errors.New("too many interim answers")
}

// alive reports whether an idle connection can carry a call: the far side has
// neither ended it nor said what it was not asked.
func (c *connection) alive() bool {
	c.wire.probing = true
	n, err := c.Read(make([]byte, 1))
	c.wire.probing = false
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// end closes the connection. What it says is of no use to anybody: the call, if
// there was one, has ended. TLS would take its leave first, and wait for up to
// five seconds where nobody listens any more.
func (c *connection) end() { _ = c.wire.Close() }

// wire is the socket beneath a connection.
type wire struct {
	net.Conn
	raw syscall.RawConn
	// touched says that something has left since the call began.
	touched bool
	// probing makes Read return at once.
	probing bool
}

func newWire(conn net.Conn) (*wire, error) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("%T is no socket", conn)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("look at the socket: %w", err)
	}
	return &wire{Conn: conn, raw: raw}, nil
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.touched = w.touched || n > 0
	return n, reason(err)
}

// Read implements net.Conn. While the connection is probed it fails with
// os.ErrDeadlineExceeded, which TLS too takes for no end, where it would wait.
func (w *wire) Read(p []byte) (int, error) {
	if w.probing {
		return w.probe(p)
	}
	n, err := w.Conn.Read(p)
	return n, reason(err)
}

// reason is what a socket says without the addresses and what was being done: the
// target's address and that are said already, and the port of this side is another
// each time.
func reason(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e.Err
	}
	return err
}

func (w *wire) probe(p []byte) (n int, err error) {
	failed := w.raw.Control(func(socket uintptr) { n, err = syscall.Read(int(socket), p) })
	switch {
	case failed != nil:
		return 0, failed //nolint:wrapcheck // it stands for the connection
	case errors.Is(err, syscall.EAGAIN):
		return 0, os.ErrDeadlineExceeded
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
