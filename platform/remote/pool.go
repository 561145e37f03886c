package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"shop/platform/contract"
)

// pool spreads calls over targets: the one with the fewest calls under way that
// its breaker does not hold back.
type pool struct {
	targets []*target
	next    atomic.Uint32
}

// target is one address.
type target struct {
	address  string
	base     string
	client   *http.Client
	breaker  circuitbreaker.CircuitBreaker[any]
	underway atomic.Int64
	calls    atomic.Int64
	failures atomic.Int64
}

// Passive health: a target that fails in half of its calls within ten seconds,
// and at least five times, is left alone for two seconds; then single calls try
// whether it is back.
const (
	breakerWindow   = 10 * time.Second
	breakerFailures = 5
	breakerRate     = 50 // percent
	breakerDelay    = 2 * time.Second
)

func newPool(o Options) (*pool, error) {
	if len(o.Targets) == 0 {
		return nil, fmt.Errorf("%s has no address", o.Module)
	}
	p := &pool{}
	for _, address := range o.Targets {
		transport, base, err := newTransport(address, o)
		if err != nil {
			return nil, err
		}
		p.targets = append(p.targets, &target{
			address: address, base: base,
			client: &http.Client{
				Transport:     transport,
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			},
			breaker: circuitbreaker.NewBuilder[any]().
				WithFailureRateThreshold(breakerRate, breakerFailures, breakerWindow).
				WithSuccessThreshold(2).WithDelay(breakerDelay).Build(),
		})
	}
	return p, nil
}

// newTransport keeps as many connections as calls may be under way, and sends
// neither compressed bodies nor asks for them: on a local network compressing
// costs more than it saves.
func newTransport(address string, o Options) (*http.Transport, string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %q is no address", o.Module, address)
	}
	dialer := &net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}
	t := &http.Transport{
		DialContext:           dialer.DialContext,
		MaxIdleConns:          o.MaxConcurrent,
		MaxIdleConnsPerHost:   o.MaxConcurrent,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   3 * time.Second,
		ResponseHeaderTimeout: o.Timeout,
		DisableCompression:    true,
		TLSClientConfig:       o.TLS,
		WriteBufferSize:       16 << 10,
		ReadBufferSize:        16 << 10,
	}
	switch {
	case u.Scheme == "unix" && u.Path != "":
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", u.Path)
		}
		return t, "http://unix", nil
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && (u.Path == "" || u.Path == "/"):
		return t, u.Scheme + "://" + u.Host, nil
	default:
		return nil, "", fmt.Errorf("%s: %q is no address: use http://host:port, https://host:port or unix:///path", o.Module, address)
	}
}

// errAllOpen is why there is no target to call.
var errAllOpen = errors.New("all targets have failed lately")

// pick takes the target with the fewest calls under way; equal ones in turn.
func (p *pool) pick() (*target, error) {
	start := int(p.next.Add(1))
	var best *target
	for i := range p.targets {
		t := p.targets[(start+i)%len(p.targets)]
		if !t.breaker.IsOpen() && (best == nil || t.underway.Load() < best.underway.Load()) {
			best = t
		}
	}
	if best == nil || !best.breaker.TryAcquirePermit() {
		// The best may be trying whether it is back: any other will do.
		for _, t := range p.targets {
			if t != best && t.breaker.TryAcquirePermit() {
				t.underway.Add(1)
				return t, nil
			}
		}
		return nil, errAllOpen
	}
	best.underway.Add(1)
	return best, nil
}

// done notes how a call ended. What the module refused is no failure of the
// target.
func (t *target) done(err error) {
	t.underway.Add(-1)
	t.calls.Add(1)
	var failure *contract.Failure
	if errors.As(err, &failure) {
		t.failures.Add(1)
		t.breaker.RecordFailure()
		return
	}
	t.breaker.RecordSuccess()
}

func (p *pool) close() {
	for _, t := range p.targets {
		t.client.CloseIdleConnections()
	}
}

// TargetStatus is how a target has done.
type TargetStatus struct {
	Address string
	// Breaker is closed, open or half-open.
	Breaker string
	// Underway is how many calls are under way.
	Underway int64
	// Calls and Failures count since the client was made.
	Calls, Failures int64
}

// Status tells how each target has done.
func (c *Client) Status() []TargetStatus {
	status := make([]TargetStatus, len(c.pool.targets))
	for i, t := range c.pool.targets {
		status[i] = TargetStatus{
			Address: t.address, Breaker: t.breaker.State().String(), Underway: t.underway.Load(),
			Calls: t.calls.Load(), Failures: t.failures.Load(),
		}
	}
	return status
}

// sentMark tells whether any byte of a request may have left.
type sentMark struct{ atomic.Bool }

func (s *sentMark) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { s.Store(true) },
	})
}
