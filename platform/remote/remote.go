// Package remote calls a module that lives in another process, over JSON and
// HTTP, by the routes of its internal listener. It knows no module: each
// module's client in internal/rest says which route a method is.
package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/request"
)

// Options say where a module lives and how it is called. Module, Targets and
// Mint are required; every other zero value works.
type Options struct {
	// Module is the name of the module, and the audience of the tokens.
	Module string
	// Targets are the addresses of internal listeners that host it:
	// http://host:port, https://host:port or unix:///path/of/socket.
	Targets []string
	// Mint makes the token that vouches for the actor in ctx.
	Mint func(ctx context.Context, audience string) (string, error)
	// TLS is for https targets; nil trusts the machine's authorities.
	TLS *tls.Config
	// Propagator passes the trace on; nil passes none.
	Propagator propagation.TextMapPropagator
	// Timeout bounds a call whose context has no nearer deadline; 0: 10 s.
	Timeout time.Duration
	// MaxConcurrent is how many calls may be under way at once; 0: 512. More are
	// refused at once, so that a slow module does not hold everything up.
	MaxConcurrent int
	// MaxResponseBytes bounds an answer; 0: 32 MiB.
	MaxResponseBytes int64
}

// Client calls one module. It is safe for concurrent use.
type Client struct {
	Options
	pool *pool
	busy chan struct{}
}

// New makes a client. It connects to nothing yet. Errors name a target that is
// no address.
func New(o Options) (*Client, error) {
	if o.Module == "" || o.Mint == nil {
		return nil, errors.New("a remote client needs Module and Mint")
	}
	setDefault(&o.Timeout, 10*time.Second)
	setDefault(&o.MaxConcurrent, 512)
	setDefault(&o.MaxResponseBytes, 32<<20)
	p, err := newPool(o)
	if err != nil {
		return nil, err
	}
	return &Client{Options: o, pool: p, busy: make(chan struct{}, o.MaxConcurrent)}, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Close gives up idle connections. Calls under way go on.
func (c *Client) Close() { c.pool.close() }

// Call is one request to the module.
type Call struct {
	// Method and Path are the route's; Path is escaped already.
	Method, Path string
	Query        url.Values
	// Header is sent besides what every call carries.
	Header http.Header
	// Body becomes JSON; nil sends none.
	Body any
	// Result is decoded from the answer's JSON; nil ignores it.
	Result any
}

// DeadlineHeader tells the far side how many milliseconds the caller will wait.
const DeadlineHeader = "Shop-Deadline-Ms"

// Do makes a call and returns the answer's header. An answer that is a problem
// becomes the *fault.Error that the module returned. When the module cannot be
// reached, or answers what it should not, the error is a fault of kind
// Unavailable or Timeout with a *contract.Failure in its chain.
func (c *Client) Do(ctx context.Context, call Call) (http.Header, error) {
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	default:
		return nil, c.failure(errors.New("too many calls are under way"), false)
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var body []byte
	if call.Body != nil {
		var err error
		if body, err = json.Marshal(call.Body); err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
	}
	target, err := c.pool.pick()
	if err != nil {
		return nil, c.failure(err, false)
	}
	header, err := c.send(ctx, target, call, body)
	target.done(err)
	return header, err
}

func (c *Client) send(ctx context.Context, t *target, call Call, body []byte) (http.Header, error) {
	r, err := c.newRequest(ctx, t, call, body)
	if err != nil {
		return nil, err
	}
	var sent sentMark
	response, err := t.client.Do(r.WithContext(sent.watch(ctx)))
	if err != nil {
		return nil, c.ended(ctx, err, sent.Load())
	}
	defer response.Body.Close()
	answer, err := readAll(response.Body, response.ContentLength, c.MaxResponseBytes)
	if err != nil {
		return nil, c.ended(ctx, err, true)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, c.problem(response, answer)
	}
	if call.Result != nil {
		if err := json.Unmarshal(answer, call.Result); err != nil {
			return nil, c.failure(fmt.Errorf("decode the answer: %w", err), true)
		}
	}
	return response.Header, nil
}

func (c *Client) newRequest(ctx context.Context, t *target, call Call, body []byte) (*http.Request, error) {
	address := t.base + call.Path
	if len(call.Query) > 0 {
		address += "?" + call.Query.Encode()
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, call.Method, address, reader)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	token, err := c.Mint(ctx, c.Module)
	if err != nil {
		return nil, fmt.Errorf("make the service token: %w", err)
	}
	for name, values := range call.Header {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if id := request.ID(ctx); id != "" {
		r.Header.Set(request.Header, id)
	}
	if deadline, ok := ctx.Deadline(); ok {
		// What travels back takes time too: the far side gets a little less.
		left := time.Until(deadline) * 95 / 100
		r.Header.Set(DeadlineHeader, strconv.FormatInt(max(1, left.Milliseconds()), 10))
	}
	if c.Propagator != nil {
		c.Propagator.Inject(ctx, propagation.HeaderCarrier(r.Header))
	}
	return r, nil
}

// readAll reads an answer within its limit, into a buffer of its size when that
// was announced.
func readAll(body io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("the answer has %d bytes, more than the %d allowed", size, limit)
	}
	var buffer bytes.Buffer
	if size > 0 {
		buffer.Grow(int(size) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if n > limit {
		return nil, fmt.Errorf("the answer has more than the %d bytes allowed", limit)
	}
	return buffer.Bytes(), nil
}

// ended is what a call that got no answer means: the caller gave up, the time
// was over, or the module cannot be reached.
func (c *Client) ended(ctx context.Context, err error, sent bool) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("call %s: %w", c.Module, ctx.Err())
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Timeout, c.Module+"_timeout", "the "+c.Module+" module did not answer in time").
			WithRetryAfter(retryAfter).WithCause(&contract.Failure{Sent: sent, Cause: err})
	default:
		return c.failure(err, sent)
	}
}

// retryAfter is when a caller may expect a module back: a breaker looks again
// after about as long.
const retryAfter = 2 * time.Second

func (c *Client) failure(err error, sent bool) error {
	return fault.New(fault.Unavailable, c.Module+"_unavailable", "the "+c.Module+" module cannot be reached at the moment").
		WithRetryAfter(retryAfter).WithCause(&contract.Failure{Sent: sent, Cause: err})
}
