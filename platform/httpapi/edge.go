package httpapi

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/fault"
	"shop/platform/identity"
	"shop/platform/request"
)

// route is what the edge knows of the operation that a request is for.
type route struct {
	operation Operation
	label     string
	metrics   *routeMetrics
}

// exchange is what the edge keeps of a request while it runs.
type exchange struct {
	id    string
	url   *url.URL
	actor identity.Actor
	// failure is what a 5xx was answered for; it goes to the log only.
	failure error
}

type exchangeKey struct{}

// edge is what every request passes before its operation: identifier, time
// limit, security headers, who is asking and whether that is enough, rate
// limits, the body's size and encoding; and behind it one line in the log and
// one observation in the metrics.
func (a *API) edge(r *route) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		state := &exchange{id: requestID(c.Request.Header.Get(request.Header)), url: c.Request.URL}
		secure(c.Writer.Header(), state.id)

		ctx, cancel := context.WithTimeout(c.Request.Context(), requestTimeout)
		defer cancel()
		ctx = request.WithID(context.WithValue(ctx, exchangeKey{}, state), state.id)
		defer func() {
			if p := recover(); p != nil {
				a.recovered(c, state, p)
			}
			a.observe(c, r, state, time.Since(start))
		}()

		actor, err := a.admit(ctx, c, r)
		state.actor = actor
		c.Request = c.Request.WithContext(identity.With(ctx, actor))
		if a.options.Tracing != nil {
			trace.SpanFromContext(ctx).SetName(c.Request.Method + " " + r.label)
		}
		if err == nil {
			err = guardBody(c, r.operation.MaxBodyBytes)
		}
		if err != nil {
			a.fail(c, err)
			c.Abort()
			return
		}
		c.Next()
		a.countFailure(c, r)
	}
}

// admit decides whether the request may go on to its operation.
func (a *API) admit(ctx context.Context, c *gin.Context, r *route) (identity.Actor, error) {
	internal := isInternal(ctx)
	if r.operation.Access == Internal && !internal {
		return identity.Actor{}, errNoRoute
	}
	actor, vouched, err := a.authenticate(ctx, c.Request.Header, r.operation.Module, internal)
	if err != nil {
		return actor, err
	}
	ctx = identity.With(ctx, actor)
	switch {
	case internal && !vouched, r.operation.Access == Administrator:
		err = identity.RequirePrivileged(ctx)
	case r.operation.Access == SignedIn:
		err = identity.RequireSignedIn(ctx)
	}
	if err != nil {
		return actor, err
	}
	return actor, a.limit(c, r, internal)
}

// fail answers with the problem that err is.
func (a *API) fail(c *gin.Context, err error) {
	p := a.problem(c.Request.Context(), err)
	for name, values := range p.GetHeaders() {
		c.Writer.Header()[name] = values
	}
	p.write(c.Writer)
}

func (a *API) recovered(c *gin.Context, state *exchange, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the documented sentinel is compared, not wrapped
		panic(p)
	}
	state.failure = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if !c.Writer.Written() {
		a.fail(c, fault.New(fault.Internal, "internal", internalMessage))
	}
}

// observe writes the request's line in the log and its metrics.
func (a *API) observe(c *gin.Context, r *route, state *exchange, took time.Duration) {
	status := c.Writer.Status()
	r.metrics.observe(status, took)
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	ctx := c.Request.Context()
	if !a.options.Logger.Enabled(ctx, level) {
		return
	}
	attributes := make([]slog.Attr, 0, 8)
	attributes = append(
		attributes,
		slog.String("request_id", state.id),
		slog.String("method", c.Request.Method),
		slog.String("route", r.label),
		slog.String("actor", state.actor.String()),
		slog.Int("status", status),
		slog.Int("bytes", max(0, c.Writer.Size())),
		slog.Duration("duration", took),
	)
	if state.failure != nil {
		attributes = append(attributes, slog.String("error", state.failure.Error()))
	}
	a.options.Logger.LogAttrs(ctx, level, "request", attributes...)
}

// secure sets the headers that keep a browser from guessing, framing and
// caching what an API answers (OWASP REST security cheat sheet).
func secure(h http.Header, requestID string) {
	h[request.Header] = []string{requestID}
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = noReferrer
	h["Content-Security-Policy"] = noContent
	h["Cache-Control"] = noStore
	h["Strict-Transport-Security"] = oneYear
}

var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
	oneYear    = []string{"max-age=31536000"}
)

// requestID keeps a caller's identifier when it is a harmless one and makes
// one otherwise.
func requestID(sent string) string {
	if harmless(sent) {
		return sent
	}
	var raw [12]byte
	for i := 0; i < len(raw); i += 4 {
		n := rand.Uint32() //nolint:gosec // an identifier in the log, no secret
		raw[i], raw[i+1], raw[i+2], raw[i+3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
	}
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
