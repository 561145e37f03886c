package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Tracing makes spans and sends them to a collector, or does neither. The zero
// value does neither.
type Tracing struct {
	sdk *sdktrace.TracerProvider
}

// TracingOptions configure NewTracing. The zero value works.
type TracingOptions struct {
	// Build becomes service.version.
	Build Build
	// Logger receives failures to export; nil discards them.
	Logger *slog.Logger
}

// NewTracing reads the standard OTEL_* variables of the process. Spans are
// recorded when OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, unless OTEL_SDK_DISABLED is true
// or OTEL_TRACES_EXPORTER is none. It doesn't wait for the collector. An error
// names the variable that is wrong.
func NewTracing(ctx context.Context, o TracingOptions) (*Tracing, error) {
	if disabled() {
		return &Tracing{}, nil
	}
	settings, err := readOTLPSettings(os.Getenv)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptrace.New(ctx, newOTLPClient(settings))
	if err != nil {
		return nil, fmt.Errorf("start trace exporter: %w", err)
	}
	described, err := resource.New(
		ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String("service.name", "shop"),
			attribute.String("service.version", o.Build.Version),
		),
		resource.WithFromEnv(), // last, so that OTEL_SERVICE_NAME wins
	)
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if o.Logger != nil {
		// The SDK reports failures of its background export nowhere else.
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
			o.Logger.WarnContext(ctx, "traces were not exported", slog.Any("error", err))
		}))
	}
	return &Tracing{sdk: sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(described),
	)}, nil
}

func disabled() bool {
	configured := os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	return !configured || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none"
}

// Enabled reports whether spans are recorded. Hot paths ask it before they
// build attributes or wrap anything.
func (t *Tracing) Enabled() bool { return t.sdk != nil }

// Provider makes tracers; those of a disabled Tracing record nothing.
func (t *Tracing) Provider() trace.TracerProvider {
	if t.sdk == nil {
		return noop.NewTracerProvider()
	}
	return t.sdk
}

// Propagator reads and writes traceparent, tracestate and baggage (W3C). It
// works when tracing is disabled too, so that a trace is passed on.
func (t *Tracing) Propagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}

// Shutdown sends what is still waiting. Call it last.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t.sdk == nil {
		return nil
	}
	if err := t.sdk.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}
