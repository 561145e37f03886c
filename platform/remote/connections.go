package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
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
	dialer           net.Dialer
	network, address string
	tls              *tls.Config // nil for none

	mu sync.Mutex
	// idle are those that wait, in the order in which they were given back: the
	// one used last is at the end.
	idle []*connection
	// count is how many there are, idle or in use.
	count int
	// lost says that since the last call there was a moment without any: who answers
	// at the address now may be another process.
	lost    bool
	closed  bool
	sweeper *time.Timer // while connections are idle
}

// errDead says that idle connections turned out to have ended, before anything
// left by them. Who answers at the address now may be another process.
var errDead = errors.New("the connection had ended")

// reuse returns the connection used last that is still there; nil when none is
// idle, and errDead when all have ended that were.
func (c *connections) reuse() (*connection, error) {
	ended := false
	for {
		waiting, lost := c.pop()
		switch {
		case waiting != nil && waiting.alive():
			waiting.reused = true
			return waiting, nil
		case waiting != nil:
			c.drop(waiting)
			ended = true
		case ended || lost:
			return nil, errDead
		default:
			return nil, nil //nolint:nilnil // none is idle
		}
	}
}

// pop takes the connection used last from the idle ones. Without one it says, once,
// whether all have been lost.
func (c *connections) pop() (waiting *connection, lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.idle) - 1
	if last < 0 {
		lost, c.lost = c.lost, false
		return nil, lost
	}
	waiting = c.idle[last]
	c.idle[last] = nil
	c.idle = c.idle[:last]
	return waiting, false
}

// dial makes a connection before the deadline. Nothing has been sent when it
// fails.
func (c *connections) dial(ctx context.Context, deadline time.Time) (*connection, error) {
	if limit := time.Now().Add(2 * dialTimeout); limit.Before(deadline) {
		deadline = limit // that of the dialer, and as much for TLS
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	socket, err := c.dialer.DialContext(ctx, c.network, c.address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", reason(err))
	}
	w, err := newWire(socket)
	over := net.Conn(w)
	if err == nil && c.tls != nil {
		secure := tls.Client(w, c.tls)
		err, over = secure.HandshakeContext(ctx), secure
	}
	if err != nil {
		_ = socket.Close() // err says more
		return nil, fmt.Errorf("connect: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	return newConnection(w, over), nil
}

// drop ends a connection that cannot carry another call.
func (c *connections) drop(used *connection) {
	used.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
	c.lost = c.lost || c.count == 0
}

// retire ends one after an answer with which the far side has ended it: that is how
// some processes always answer, and no sign of another.
func (c *connections) retire(used *connection) {
	used.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
}

// give takes a connection back whose answer has been read to its end.
func (c *connections) give(used *connection) {
	used.idle = time.Now()
	c.put(used)
}

// put makes a connection idle, be it one that was not used after all.
func (c *connections) put(unused *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		unused.end()
		c.count--
		return
	}
	c.idle = append(c.idle, unused)
	if c.sweeper == nil {
		c.sweeper = time.AfterFunc(idleTimeout, c.sweep)
	}
}

// sweep ends the connections that have waited for too long.
func (c *connections) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.idle) > 0 && time.Since(c.idle[0].idle) >= idleTimeout {
		c.idle[0].end()
		c.idle[0] = nil
		c.idle = c.idle[1:]
		c.count--
		c.lost = c.lost || c.count == 0
	}
	c.sweeper = nil
	if len(c.idle) > 0 {
		c.sweeper = time.AfterFunc(idleTimeout-time.Since(c.idle[0].idle), c.sweep)
	}
}

// close ends the idle connections, and those in use when they are given back.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, waiting := range c.idle {
		waiting.end()
	}
	c.count -= len(c.idle)
	c.idle = nil
	if c.sweeper != nil {
		c.sweeper.Stop()
	}
}
