package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/identity"
	"shop/platform/request"
)

// edge is what every request passes before its operation: identifier, time
// limit, security headers, rate limits, who is asking and whether that is
// enough, the URL and the body; and behind it one line in the log and one
// observation in the metrics. next is the operation; nil when r is without one.
func (a *API) edge(r *route, internal bool, next func(*gin.Context, *exchange)) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		for i, name := range r.parameters {
			c.Params[i].Key = name
		}
		state := &exchange{id: requestID(c.Request.Header.Get(request.Header)), url: c.Request.URL}
		timeout := requestTimeout
		if internal && isServiceToken(c.Request.Header.Get("Authorization")) {
			timeout = min(timeout, callersWait(c.Request.Header))
			c.Writer.Header()["Date"] = nil // nor is it told what its request is called
		} else {
			secure(c.Writer.Header(), r)
			c.Writer.Header()[request.Header] = []string{state.id}
		}

		limited, cancel := context.WithTimeout(c.Request.Context(), timeout)
		defer cancel()
		ctx := state.carry(limited)
		defer func() { a.end(ctx, c, r, state, time.Since(start), recover()) }()

		ctx, err := a.admit(ctx, limited, c, r, state, internal)
		if a.options.Tracing != nil {
			span := trace.SpanFromContext(ctx)
			span.SetName(r.spanName())
			span.SetAttributes(attribute.String("http.route", r.label))
		}
		if err == nil {
			err = guard(c, r, state)
		}
		if err != nil {
			a.giveBack(state)
			newProblem(ctx, state, err).writeTo(c.Writer)
			return
		}
		next(c, state)
		if c.Writer.Status() != http.StatusUnauthorized {
			a.giveBack(state)
		}
	}
}

// admit finds out who makes the request, and decides whether it may go on to its
// operation. The context that it returns knows who asks.
func (a *API) admit(
	ctx, limited context.Context, c *gin.Context, r *route, state *exchange, internal bool,
) (context.Context, error) {
	if !internal {
		if err := a.take(c, LimitRequests, nil); err != nil {
			return ctx, err
		}
	}
	if r.missing != nil && (!internal || r.operation.Module == "" && isServiceToken(c.Request.Header.Get("Authorization"))) {
		// A service's token cannot be judged without the module that it is for.
		return ctx, r.missing
	}
	actor, vouched, err := a.authenticate(ctx, c.Request.Header, r.operation.Module, internal)
	if err != nil {
		return ctx, err
	}
	arrived := ""
	if internal {
		arrived = r.operation.Module
	}
	state.vouched = vouched
	ctx = state.identify(limited, actor, arrived)
	switch {
	case internal && !state.vouched, r.operation.Access == Administrator:
		err = identity.RequirePrivileged(ctx)
	case r.operation.Access == SignedIn:
		err = identity.RequireSignedIn(ctx)
	}
	if err == nil {
		err = r.missing
	}
	if err == nil && !internal {
		err = a.take(c, r.operation.Limit, state)
	}
	return ctx, err
}

// callersWait is how long a calling service waits for the answer.
func callersWait(h http.Header) time.Duration {
	milliseconds, err := strconv.ParseUint(h.Get(request.DeadlineHeader), 10, 31)
	if err != nil {
		return requestTimeout
	}
	return time.Duration(milliseconds) * time.Millisecond
}

// end is done when the operation has ended, by a panic or without one: an
// answer if there is none yet, then the request's line in the log and its
// metrics. An answer that a panic has cut off must not look like a whole one,
// so its connection is cut off too.
func (a *API) end(ctx context.Context, c *gin.Context, r *route, state *exchange, took time.Duration, panicked any) {
	abort := panicked == http.ErrAbortHandler //nolint:errorlint // the documented sentinel is compared, not wrapped
	if panicked != nil && !abort {
		state.failure = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
		if abort = c.Writer.Written(); !abort {
			newProblem(ctx, state, state.failure).writeTo(c.Writer)
		}
	}
	a.observe(ctx, c, r, state, took)
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// observe writes the request's line in the log and its metrics.
func (a *API) observe(ctx context.Context, c *gin.Context, r *route, state *exchange, took time.Duration) {
	status := c.Writer.Status()
	r.metrics.observe(status, took)
	level := slog.LevelInfo
	if r.operation.Routine {
		level = slog.LevelDebug
	}
	if status >= http.StatusInternalServerError || state.failure != nil {
		level = slog.LevelError
	}
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
// caching what an API answers (OWASP REST security cheat sheet); services need
// none of them. What everybody may read may be kept, to be asked for again with
// its ETag.
func secure(h http.Header, r *route) {
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = noReferrer
	h["Content-Security-Policy"] = noContent
	h["Strict-Transport-Security"] = oneYear
	if r.operation.Access == Public && r.operation.Method == http.MethodGet {
		h["Cache-Control"] = noCache
	} else {
		h["Cache-Control"] = noStore
	}
}

// Values of headers that are the same in every answer.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	noCache    = []string{"no-cache"}
	noStore    = []string{"no-store"}
	oneYear    = []string{"max-age=31536000"}
)
