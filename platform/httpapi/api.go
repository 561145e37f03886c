// Package httpapi is the HTTP face that all modules share: one place that
// decides how requests are authenticated, limited, validated, logged and
// answered. Operations are declared with Handle; the routes, the validation
// and the OpenAPI document come from that declaration.
package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/identity"
	"shop/platform/ratelimit"
)

// Access says who may call an operation. The use case has the last word (is it
// the caller's own cart?); this is what can be told before the body is read.
type Access int

// The kinds of access.
const (
	// Public operations need no session.
	Public Access = iota
	// SignedIn operations need a session; the use case checks whose.
	SignedIn
	// Administrator operations are for administrators, and for services on the
	// internal listener.
	Administrator
	// Internal operations exist on the internal listener only.
	Internal
)

// Operation declares one operation of the API.
type Operation struct {
	// ID names the operation in the OpenAPI document, kebab-case: "create-product".
	ID string
	// Method and Path are as the API documents them; the route answers with
	// and without a trailing slash.
	Method, Path string
	// Module is the module that offers the operation.
	Module string
	// Summary is one line; Description may be longer (CommonMark).
	Summary, Description string
	Access               Access
	// Status is the status of success; 200, or 204 without a body, when zero.
	Status int
	// Errors are further statuses that the operation documents beyond those
	// that follow from its declaration.
	Errors []int
	// MaxBodyBytes is the largest accepted body; 1 MiB when zero.
	MaxBodyBytes int64
	// Limit is the name of the rate limit that counts the operation, if any.
	Limit LimitName
	// Routine requests come by themselves, every few seconds: their line in the log
	// is one for debugging.
	Routine bool
	// Responses describes further answers that cannot be derived from Go types.
	Responses map[string]*huma.Response
}

// Options configure the API. Everything may be zero but Logger.
type Options struct {
	// Name and Version are what GET / and the OpenAPI document say.
	Name, Version string
	Logger        *slog.Logger
	// Metrics receives request durations; nil for none.
	Metrics prometheus.Registerer
	// Tracing makes a span of every request; nil makes none.
	Tracing trace.TracerProvider
	// Propagator reads the trace that a request belongs to; needed with Tracing.
	Propagator propagation.TextMapPropagator
	// AuthenticateSession says whose session a bearer token is.
	AuthenticateSession func(ctx context.Context, token string) (identity.Actor, error)
	// AuthenticateService verifies a service token for a module; asked on the
	// internal listener only.
	AuthenticateService func(token, module string) (identity.Actor, error)
	// Limits are the rate limits by name; one left out is off.
	Limits map[LimitName]ratelimit.Limit
	// CORSOrigins are the origins that browsers may call from; none when empty.
	CORSOrigins []string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Placement says where each module is. What is left out is hosted here.
	Placement map[string]Placement
}

// Placement is where a module is, as this process sees it.
type Placement int

// The placements.
const (
	// Here: both listeners offer the module's operations.
	Here Placement = iota
	// Elsewhere: the public listener offers them and another process answers;
	// the internal one does not, so that no call goes on from process to process.
	Elsewhere
	// Nowhere: neither offers them.
	Nowhere
)

// API is the set of operations and the two handlers that serve it.
type API struct {
	// strict refuses what it does not know, which helps a person who mistyped.
	// tolerant takes it, for services of a newer release than this one; it has
	// the operations with a body, and documents nothing.
	strict, tolerant huma.API
	// lenient are the handlers of tolerant by operation, until strict has them.
	lenient map[string]func(huma.Context)
	// public and internal route what each listener offers.
	public, internal *gin.Engine
	// hidden answers on the public listener for methods of its paths that are
	// not there: as if they were nowhere, when they are internal ones.
	hidden  *gin.Engine
	options Options
	limits  map[LimitName]*ratelimit.Limiter
	metrics *metrics
}

// New makes an API without operations. Errors name the option that is wrong.
func New(o Options) (*API, error) {
	a := &API{options: o, limits: map[LimitName]*ratelimit.Limiter{}, lenient: map[string]func(huma.Context){}}
	for name, limit := range o.Limits {
		limiter, err := ratelimit.New(limit)
		if err != nil {
			return nil, fmt.Errorf("limit %s: %w", name, err)
		}
		a.limits[name] = limiter
	}
	var err error
	if a.metrics, err = newMetrics(o.Metrics); err != nil {
		return nil, err
	}
	for _, engine := range []**gin.Engine{&a.public, &a.internal, &a.hidden} {
		if *engine, err = newEngine(o.TrustedProxies); err != nil {
			return nil, err
		}
	}
	a.public.NoRoute(a.missing(errNoRoute, false))
	a.public.NoMethod(func(c *gin.Context) { a.hidden.ServeHTTP(c.Writer, c.Request) })
	a.hidden.HandleMethodNotAllowed = false
	a.hidden.NoRoute(a.missing(errNoMethod, false))
	a.internal.NoRoute(a.missing(errNoRoute, true))
	a.internal.NoMethod(a.missing(errNoMethod, true))
	configureHuma()
	config := humaConfig(o.Name, o.Version)
	a.strict = &jsonAPI{API: huma.NewAPI(config, &adapter{api: a}), config: config}
	config = humaConfig(o.Name, o.Version)
	config.AllowAdditionalPropertiesByDefault = true
	a.tolerant = &jsonAPI{API: huma.NewAPI(config, lenientAdapter{a}), config: config}
	return a, nil
}

// missing is the edge of requests for which there is no operation.
func (a *API) missing(answer error, internal bool) gin.HandlerFunc {
	return a.edge(&route{label: "none", metrics: a.metrics.route("none", ""), missing: answer}, internal, nil)
}

func newEngine(proxies []netip.Prefix) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true // and sets Allow
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	engine.UseRawPath = true
	engine.ContextWithFallback = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	trusted := make([]string, len(proxies))
	for i, p := range proxies {
		trusted[i] = p.String()
	}
	if err := engine.SetTrustedProxies(trusted); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	return engine, nil
}

// Handle registers an operation. I and O are huma input and output structs.
// What the handler returns as an error is answered as a problem (RFC 9457).
// It is called while the program starts and panics on a declaration that
// contradicts itself, as huma does.
func Handle[I, O any](a *API, op Operation, handler func(context.Context, *I) (*O, error)) {
	answer := func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	}
	if op.Method != http.MethodGet && op.Method != http.MethodDelete {
		undocumented := a.document(op)
		undocumented.Hidden, undocumented.Responses = true, nil
		huma.Register(a.tolerant, undocumented, answer)
	}
	huma.Register(a.strict, a.document(op), answer)
}

// OpenAPI is the document of all operations registered so far.
func (a *API) OpenAPI() *huma.OpenAPI { return a.strict.OpenAPI() }

// Routes lists method and path of every route that is really served, without
// the trailing slash.
func (a *API) Routes() []string {
	var routes []string
	for _, r := range a.internal.Routes() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	return routes
}

// Raw serves GET of a path with a plain handler, outside the OpenAPI document:
// for the document itself and its page.
func (a *API) Raw(path string, h http.Handler) {
	r := &route{operation: Operation{Method: http.MethodGet}, label: path, metrics: a.metrics.route(path, http.MethodGet)}
	serve := func(c *gin.Context, e *exchange) { h.ServeHTTP(c.Writer, c.Request.WithContext(e.Context())) }
	a.public.GET(path, a.edge(r, false, serve))
	a.internal.GET(path, a.edge(r, true, serve))
}

// adapter registers huma's operations with gin, each behind the edge.
type adapter struct{ api *API }

// Handle implements huma.Adapter.
func (d *adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	declared := op.Metadata[metadataKey].(Operation) //nolint:forcetypeassert // document has put it there
	path, names := ginPath(op.Path)
	r := &route{
		operation: declared, label: op.Path, parameters: names, query: queryOf(op),
		metrics: d.api.metrics.route(op.Path, op.Method),
	}
	lenient := d.api.lenient[op.OperationID]
	delete(d.api.lenient, op.OperationID)
	operate := func(c *gin.Context, e *exchange) {
		e.humaContext = humagin.NewContext(op, c)
		if e.vouched && lenient != nil {
			lenient(e)
			return
		}
		handler(e)
	}
	placement := d.api.options.Placement[declared.Module]
	if declared.Access == Internal || placement == Nowhere {
		d.api.hidden.Handle(op.Method, path, d.api.missing(errNoRoute, false))
	} else {
		d.api.public.Handle(op.Method, path, d.api.edge(r, false, operate))
	}
	if placement != Here {
		d.api.internal.Handle(op.Method, path, d.api.edge(r.answering(errMisdirected.With(
			"this process does not host the %s module", declared.Module)), true, nil))
		return
	}
	d.api.internal.Handle(op.Method, path, d.api.edge(r, true, operate))
}

// ServeHTTP implements huma.Adapter.
func (d *adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.api.public.ServeHTTP(w, r) }

// lenientAdapter keeps huma's handlers for the routes that adapter registers.
type lenientAdapter struct{ api *API }

// Handle implements huma.Adapter.
func (d lenientAdapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	d.api.lenient[op.OperationID] = handler
}

// ServeHTTP implements huma.Adapter.
func (d lenientAdapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.api.internal.ServeHTTP(w, r)
}

// queryOf is the set of the query parameters that op documents.
func queryOf(op *huma.Operation) map[string]bool {
	known := map[string]bool{}
	for _, p := range op.Parameters {
		if p.In == "query" {
			known[p.Name] = true
		}
	}
	return known
}

// ginPath is a documented path as gin routes it, without the trailing slash and
// with positions in the place of the parameters' names: two modules may name
// the parameter at the same place differently, which gin's tree cannot hold.
func ginPath(documented string) (path string, names []string) {
	segments := strings.Split(strings.TrimSuffix(documented, "/"), "/")
	for i, segment := range segments {
		if name, found := strings.CutPrefix(segment, "{"); found {
			names = append(names, strings.TrimSuffix(name, "}"))
			segments[i] = ":" + strconv.Itoa(len(names))
		}
	}
	if path = strings.Join(segments, "/"); path == "" {
		return "/", nil
	}
	return path, names
}
