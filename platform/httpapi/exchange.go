package httpapi

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shop/platform/flip"
	"shop/platform/identity"
	"shop/platform/ratelimit"
	"shop/platform/request"
)

// Time limits of a request.
const (
	// requestTimeout is how long one request may take from its first byte to the
	// answer; what it calls sees the deadline in its context.
	requestTimeout = 30 * time.Second
	// bodyTimeout is how long a client may take to send the body.
	bodyTimeout = 15 * time.Second
)

// route is what the edge knows of the operation that a request is for.
type route struct {
	operation Operation
	// label names the route in the log, the metrics and the traces.
	label   string
	metrics *routeMetrics
	// parameters are the names of the path's parameters by position, query
	// those that the query may have; nil lets all pass.
	parameters []string
	query      map[string]bool
	// missing is set when there is no operation: what is answered instead.
	missing error
}

// answering is the route of an operation that is not here.
func (r *route) answering(missing error) *route {
	other := *r
	other.missing = missing
	return &other
}

// spanName is bounded, as methods and paths that clients make up are not.
func (r *route) spanName() string {
	if r.missing != nil {
		return r.label
	}
	return r.operation.Method + " " + r.label
}

// humaContext gives the embedded field a name that is not its method's.
type humaContext = huma.Context

// exchange is what the edge keeps of a request while it runs. To the operation
// it is huma's view of the request.
type exchange struct {
	humaContext
	// before and since are the contexts before and since it is known who asks. They
	// are two, because what was begun in the first may go on in the background,
	// and must not see the second being made.
	before, since carrier

	id    string
	url   *url.URL
	query url.Values
	actor identity.Actor
	// arrived is the module that another process calls here, if one does.
	arrived string
	// vouched is true when a service makes the call.
	vouched bool
	// failure is what a 5xx was answered for; it goes to the log only.
	failure error
	// attempts counted this request under key before its outcome was known.
	attempts *ratelimit.Limiter
	key      string
}

// carry makes the context of the request, on top of one that limits its time.
func (e *exchange) carry(limited context.Context) context.Context {
	e.before = carrier{limited, e, false}
	return &e.before
}

// identify makes the context of the request now that it is known who asks.
func (e *exchange) identify(limited context.Context, actor identity.Actor, arrived string) context.Context {
	e.actor, e.arrived = actor, arrived
	e.since = carrier{limited, e, true}
	return &e.since
}

// carrier is the context of a request. It holds in one place all that travels
// with the request, which would else be a chain of contexts.
type carrier struct {
	context.Context //nolint:containedctx // it is one
	exchange        *exchange
	identified      bool
}

// Value implements context.Context.
func (c *carrier) Value(key any) any {
	switch key.(type) {
	case exchangeKey:
		return c.exchange
	case request.Key:
		return &c.exchange.id
	case identity.Key:
		if c.identified {
			return &c.exchange.actor
		}
	case flip.ArrivedKey:
		if c.identified {
			return &c.exchange.arrived
		}
	}
	return c.Context.Value(key)
}

// Context implements huma.Context.
func (e *exchange) Context() context.Context { return &e.since }

// Query implements huma.Context with the query that the edge has decoded.
func (e *exchange) Query(name string) string { return e.query.Get(name) }

// Unwrap is how humagin.Unwrap finds gin's context.
func (e *exchange) Unwrap() huma.Context { return e.humaContext }

type exchangeKey struct{}

// exchangeOf is the exchange that ctx belongs to; nil outside of a request.
func exchangeOf(ctx context.Context) *exchange {
	e, _ := ctx.Value(exchangeKey{}).(*exchange)
	return e
}

// requestID keeps a caller's identifier when it is a harmless one and makes
// one otherwise.
func requestID(sent string) string {
	if harmless(sent) {
		return sent
	}
	var raw [12]byte
	binary.NativeEndian.PutUint64(raw[:8], rand.Uint64()) //nolint:gosec // an identifier in the log, no secret
	binary.NativeEndian.PutUint32(raw[8:], rand.Uint32()) //nolint:gosec // an identifier in the log, no secret
	return hex.EncodeToString(raw[:])
}

func harmless(text string) bool {
	if len(text) < 8 || len(text) > 64 {
		return false
	}
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
