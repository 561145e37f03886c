// Package flip stands between a module's callers and its implementation: every
// call to a module's face goes through a Route, which measures and traces it
// and refuses what would break once the module lives elsewhere. It is the one
// place that decides which implementation answers.
package flip

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/fault"
)

// ErrInTransaction is returned when a face is called inside a database
// transaction: it would hold the transaction across another module's work, and
// that work would not be undone with it.
var ErrInTransaction = errors.New("a module was called inside a database transaction")

// Observer is what all routes of a process share.
type Observer struct {
	durations *prometheus.HistogramVec
	tracer    trace.Tracer
}

// NewObserver makes an observer. metrics and tracer may be nil.
func NewObserver(metrics prometheus.Registerer, tracer trace.Tracer) *Observer {
	o := &Observer{tracer: tracer}
	if metrics != nil {
		o.durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "shop_module_call_duration_seconds",
			Help:    "Duration of calls of modules' methods.",
			Buckets: []float64{.00005, .0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5},
		}, []string{"module", "method", "outcome"})
		metrics.MustRegister(o.durations)
	}
	return o
}

// Route leads the calls of one module, whose face is S, to an implementation.
type Route[S any] struct {
	local   S
	tracer  trace.Tracer
	methods map[string]*observed
}

// observed holds the metrics of one method, found once.
type observed struct{ succeeded, refused, failed prometheus.Observer }

// NewRoute makes the route to a local implementation. A nil observer sees
// nothing.
func NewRoute[S any](local S, o *Observer, methods ...contract.Method) *Route[S] {
	r := &Route[S]{local: local, methods: map[string]*observed{}}
	if o == nil {
		return r
	}
	r.tracer = o.tracer
	if o.durations != nil {
		for _, m := range methods {
			r.methods[m.Name] = &observed{
				succeeded: o.durations.WithLabelValues(m.Module, m.Name, "ok"),
				refused:   o.durations.WithLabelValues(m.Module, m.Name, "refused"),
				failed:    o.durations.WithLabelValues(m.Module, m.Name, "failed"),
			}
		}
	}
	return r
}

// Call calls one method. fn makes the call on the implementation that it is
// given, with the context that it is given.
func Call[S, R any](
	ctx context.Context, r *Route[S], m contract.Method, fn func(context.Context, S) (R, error),
) (result R, err error) {
	if database.InTransaction(ctx) {
		return result, fault.From(ErrInTransaction).WithCause(errors.Join(ErrInTransaction, errors.New(m.String())))
	}
	var span trace.Span
	if r.tracer != nil {
		ctx, span = r.tracer.Start(ctx, m.String(), trace.WithAttributes(
			attribute.String("shop.module", m.Module), attribute.String("shop.class", m.Class.String()),
		))
	}
	observed := r.methods[m.Name]
	var start time.Time
	if observed != nil {
		start = time.Now()
	}
	err = errPanic // until fn has returned
	defer func() {
		if observed != nil {
			observed.observer(err).Observe(time.Since(start).Seconds())
		}
		if span != nil {
			end(span, err)
		}
	}()
	return fn(ctx, r.local)
}

// errPanic is how a call ended that did not return.
var errPanic = errors.New("the call panicked")

// Do calls a method that returns nothing but an error.
func Do[S any](ctx context.Context, r *Route[S], m contract.Method, fn func(context.Context, S) error) error {
	_, err := Call(ctx, r, m, func(ctx context.Context, s S) (struct{}, error) { return struct{}{}, fn(ctx, s) })
	return err
}

// observer tells a refusal, which is the caller's affair, from a failure.
func (o *observed) observer(err error) prometheus.Observer {
	if err == nil {
		return o.succeeded
	}
	if isFailure(err) {
		return o.failed
	}
	return o.refused
}

func isFailure(err error) bool {
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.Timeout:
		return true
	default:
		return false
	}
}

func end(span trace.Span, err error) {
	if err != nil {
		span.SetAttributes(attribute.String("shop.error", fault.From(err).Code))
		if isFailure(err) {
			span.SetStatus(codes.Error, fault.From(err).Code)
		}
	}
	span.End()
}
