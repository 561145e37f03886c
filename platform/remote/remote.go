// Package remote calls a module that lives in other processes, over JSON and
// HTTP, by the routes of their internal listeners. It knows no module: each
// module's client in internal/rest says which route a method is.
//
// What is decided here, once for all modules: which of several targets is
// called, when a target is left alone, whether a call may be repeated, and which
// error the caller gets.
package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/propagation"
)

// Options say where a module lives and how it is called. Module, Contract,
// OldestContract, Targets and Mint are required; every other zero value works.
type Options struct {
	// Module is the name of the module, and the audience of the tokens.
	Module string
	// Contract and OldestContract are the newest and the oldest version of the
	// module's contract that this side speaks.
	Contract, OldestContract int
	// Targets are the addresses of internal listeners that host the module:
	// http://host:port, https://host:port or unix:///path/of/socket. At most 64. One that is there
	// twice counts once.
	Targets []string
	// Mint makes the token that vouches for the actor in ctx.
	Mint func(ctx context.Context, audience string) (string, error)
	// TLS is for https targets; nil trusts the machine's authorities.
	TLS *tls.Config
	// Propagator passes the trace on; nil passes none.
	Propagator propagation.TextMapPropagator
	// Timeout bounds a call with all its repetitions, where the context has no
	// nearer deadline; 0: 5 s.
	Timeout time.Duration
	// MaxConcurrent is how many calls may be under way at once; 0: 512. More are
	// refused at once, so that a slow module does not hold everything up.
	MaxConcurrent int
	// MaxResponseBytes bounds an answer; 0: 32 MiB.
	MaxResponseBytes int64
	// Logger hears when a target goes and comes back; nil discards.
	Logger *slog.Logger
}

// Defaults of Options.
const (
	defaultTimeout          = 5 * time.Second
	defaultMaxConcurrent    = 512
	defaultMaxResponseBytes = 32 << 20
)

// Client calls one module. It is safe for concurrent use.
type Client struct {
	options  Options
	targets  []*target
	turn     atomic.Uint32
	underway atomic.Int64
	budget   *budget
	// settled tells those who wait that a target has been greeted.
	settled   signal
	agreement agreement
}

// New makes a client. It connects to nothing yet: processes that need one
// another start in any order. Errors name what is missing, or the target that is
// no address.
func New(o Options) (*Client, error) {
	switch {
	case o.Module == "" || o.Mint == nil:
		return nil, errors.New("a remote client needs a module and a mint")
	case o.Contract < o.OldestContract || o.OldestContract < 1:
		return nil, errors.New("a remote client needs the versions of the contract that it speaks")
	case len(o.Targets) == 0:
		return nil, errors.New(o.Module + " has no address")
	}
	setDefault(&o.Timeout, defaultTimeout)
	setDefault(&o.MaxConcurrent, defaultMaxConcurrent)
	setDefault(&o.MaxResponseBytes, defaultMaxResponseBytes)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{options: o, budget: newBudget()}
	for _, address := range o.Targets {
		t, err := newTarget(len(c.targets), address, &c.options)
		switch {
		case err != nil:
			return nil, err
		case slices.ContainsFunc(c.targets, t.is):
			continue
		case len(c.targets) == maxTargets:
			return nil, errors.New(o.Module + " has too many addresses")
		}
		t.gate.settled = &c.settled
		c.targets = append(c.targets, t)
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Close gives up idle connections. Calls under way go on, and greetings for two
// seconds at most.
func (c *Client) Close() {
	for _, t := range c.targets {
		t.connections.close()
	}
}
