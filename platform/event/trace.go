package event

import (
	"context"
	"encoding/hex"

	"go.opentelemetry.io/otel/trace"
)

// TraceParent is the W3C traceparent of the span in ctx; empty when there is
// none.
func TraceParent(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return ""
	}
	return "00-" + span.TraceID().String() + "-" + span.SpanID().String() + "-" + span.TraceFlags().String()
}

// WithTraceParent returns ctx with the span that text names as its remote
// parent. Text that is no traceparent of version 00 leaves ctx as it is.
func WithTraceParent(ctx context.Context, text string) context.Context {
	if len(text) != 55 || text[:3] != "00-" || text[35] != '-' || text[52] != '-' {
		return ctx
	}
	traceID, err := trace.TraceIDFromHex(text[3:35])
	if err != nil {
		return ctx
	}
	spanID, err := trace.SpanIDFromHex(text[36:52])
	if err != nil {
		return ctx
	}
	flags, err := hex.DecodeString(text[53:])
	if err != nil {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.TraceFlags(flags[0]), Remote: true,
	}))
}
