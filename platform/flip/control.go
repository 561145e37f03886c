package flip

import (
	"context"
	"math/rand/v2"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/identity"
	"shop/platform/request"
)

// Control is what an operator sees and sets of a route. It is safe for
// concurrent use.
type Control struct {
	module            string
	hosted, reachable bool
	policy            atomic.Pointer[active]
	methods           []*counters
	tracer            trace.Tracer

	fallbacks atomic.Int64
	shadows   shadows
}

func newControl(module string, methods []contract.Method, hosted, reachable bool, o *Observer) *Control {
	c := &Control{
		module: module, hosted: hosted, reachable: reachable, methods: make([]*counters, len(methods)),
	}
	for i, m := range methods {
		c.methods[i] = &counters{method: m.Name}
	}
	c.shadows.slots = make(chan struct{}, maxShadows)
	if o != nil {
		c.tracer = o.tracer
		o.watch(c)
	}
	return c
}

// Module is the name of the module.
func (c *Control) Module() string { return c.module }

// Hosted reports whether there is a local side.
func (c *Control) Hosted() bool { return c.hosted }

// Reachable reports whether there is a remote side.
func (c *Control) Reachable() bool { return c.reachable }

// Policy is the policy in force.
func (c *Control) Policy() Policy { return c.policy.Load().Policy }

// SetPolicy puts a policy in force for the calls that begin from now on. It is
// bounded by the sides that there are; whether it is a safe one is the
// caller's affair.
func (c *Control) SetPolicy(p Policy) {
	switch {
	case !c.reachable:
		p = Policy{}
	case !c.hosted:
		p = Policy{Remote: 100}
	}
	c.policy.Store(&active{Policy: p, onlyLocal: c.hosted && p.Remote == 0 && p.Shadow == 0})
}

// ArrivedKey is what the context of such a call has the module under, as *string.
// It is exported for the edge, whose context holds all that travels with a
// request in one place; others call Arrived.
type ArrivedKey struct{}

// Arrived returns the context of a call that another process made to a module
// here. The module's own route leads it to the local side whatever the policy,
// so that no call goes on from process to process.
func Arrived(ctx context.Context, module string) context.Context {
	return context.WithValue(ctx, ArrivedKey{}, &module)
}

// side is where a call goes.
func (c *Control) side(ctx context.Context, p *active) (Side, error) {
	switch {
	case !c.hosted && !c.reachable:
		return Local, fault.New(fault.Unavailable, c.module+"_unavailable",
			"the "+c.module+" module is not part of this process, which has no address of it")
	case !c.hosted:
		return Remote, nil
	case p.Remote == 0:
		return Local, nil
	}
	if module, _ := ctx.Value(ArrivedKey{}).(*string); module != nil && *module == c.module {
		return Local, nil
	}
	if p.Remote >= 100 || c.place(ctx) < p.Remote {
		return Remote, nil
	}
	return Local, nil
}

// place is where among a hundred the actor of ctx stands, else the request: the
// same in every replica and after every restart, so that nobody is led to and
// fro, and whoever is on the remote side stays there while the share grows.
func (c *Control) place(ctx context.Context) int {
	hash := fnv(fnvBasis, c.module)
	switch user, request := identity.From(ctx).User, request.ID(ctx); {
	case !user.IsZero():
		hash = fnv(hash, string(user[:]))
	case request != "":
		hash = fnv(hash, request)
	default:
		hash = rand.Uint64() //nolint:gosec // spreads calls, keeps no secret
	}
	// FNV leaves the last bytes' difference in the low bits; mix it upwards.
	hash ^= hash >> 32
	hash *= 0x9e3779b97f4a7c15
	hash ^= hash >> 29
	return int(hash % 100)
}

// The FNV-1a hash, 64 bits.
const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

func fnv(hash uint64, text string) uint64 {
	for i := range len(text) {
		hash = (hash ^ uint64(text[i])) * fnvPrime
	}
	return hash
}
