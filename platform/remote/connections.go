package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 2 * time.Second
	// idleTimeout is how long a connection waits for the next call. It is less
	// than the two minutes after which the far side ends it, or a plain write
	// could meet that end.
	idleTimeout = 90 * time.Second
)

// connections are those to one target. They are pooled here because the pool of
// http.Transport repeats by itself what it takes for harmless when a connection
// turns out to be dead: beyond the budget, and unseen. It does not tell either
// whether bytes have left, which decides whether a plain write may be repeated.
type connections struct {
	transport       *http.Transport
	scheme, address string

	mu     sync.Mutex
	idle   []*connection // the one used last is at the end
	closed bool
}

// connection carries one call at a time.
type connection struct {
	*http.ClientConn
	wire   *wire
	reused bool
	idle   time.Time // since when
}

// errDead says that an idle connection turned out to have ended, before anything
// left by it.
var errDead = errors.New("the connection had ended")

// roundTrip sends a request and waits for the beginning of the answer. When it
// fails, the connection is closed; there is none if none came about.
func (c *connections) roundTrip(r *http.Request) (*connection, *http.Response, error) {
	conn, err := c.take(r.Context())
	if err != nil {
		return nil, nil, err
	}
	response, err := conn.RoundTrip(r)
	if err == nil {
		return conn, response, nil
	}
	conn.end() // before its wire is looked at: nothing leaves afterwards
	if conn.reused && !conn.wire.touched.Load() && r.Context().Err() == nil {
		err = fmt.Errorf("%w: %w", errDead, err)
	}
	return conn, nil, err //nolint:wrapcheck // the caller adds the target
}

// take returns a connection: the one used last, or a new one when none is idle.
// Nothing has been sent when it fails.
func (c *connections) take(ctx context.Context) (*connection, error) {
	c.mu.Lock()
	c.prune()
	if last := len(c.idle) - 1; last >= 0 {
		taken := c.idle[last]
		c.idle[last] = nil
		c.idle = c.idle[:last]
		c.mu.Unlock()
		taken.reused = true
		taken.wire.touched.Store(false)
		return taken, nil
	}
	c.mu.Unlock()
	w := &wire{}
	made, err := c.transport.NewClientConn(context.WithValue(ctx, wireKey{}, w), c.scheme, c.address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	w.touched.Store(false) // by the handshake
	return &connection{ClientConn: made, wire: w}, nil
}

// give takes a connection back whose answer has been read to its end.
func (c *connections) give(used *connection) {
	if used.Available() > 0 {
		used.idle = time.Now()
		c.mu.Lock()
		keep := !c.closed
		if keep {
			c.idle = append(c.idle, used)
			if oldest := c.idle[0]; used.idle.Sub(oldest.idle) > idleTimeout {
				c.idle[0] = nil
				c.idle = c.idle[1:]
				used, keep = oldest, false
			}
		}
		c.mu.Unlock()
		if keep {
			return
		}
	}
	used.end()
}

// prune drops connections from the end that the far side has ended or that have
// waited for too long.
func (c *connections) prune() {
	for last := len(c.idle) - 1; last >= 0; last-- {
		waiting := c.idle[last]
		if waiting.Err() == nil && time.Since(waiting.idle) < idleTimeout {
			return
		}
		waiting.end()
		c.idle[last] = nil
		c.idle = c.idle[:last]
	}
}

// lost reports that all idle connections have ended since the last call: who
// answers at the address now may be another process.
func (c *connections) lost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.idle) == 0 {
		return false
	}
	c.prune()
	return len(c.idle) == 0
}

// close ends the idle connections, and those in use when they are given back.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, waiting := range c.idle {
		waiting.end()
	}
	c.idle = nil
}

// end closes the connection. What it says is of no use to anybody: the call, if
// there was one, has ended.
func (c *connection) end() { _ = c.Close() }

// wire notes whether anything has left by a connection.
type wire struct {
	net.Conn
	touched atomic.Bool
}

type wireKey struct{}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	before := w.touched.Swap(true)
	n, err := w.Conn.Write(p)
	if n == 0 && err != nil && !before {
		w.touched.Store(false)
	}
	return n, err //nolint:wrapcheck // it stands for the connection
}

// dialing makes connections that note what leaves, by a dial function.
func dialing(
	dial func(ctx context.Context, network, address string) (net.Conn, error),
) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		w, _ := ctx.Value(wireKey{}).(*wire)
		if err != nil || w == nil {
			return conn, err
		}
		w.Conn = conn
		return w, nil
	}
}
