// Package telemetry makes what an operator watches the shop with: a structured
// logger, a Prometheus registry and, where a collector is configured, a tracer
// provider. Nothing here is global: each is passed to who needs it.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/term"
)

// Formats of the log.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// NewLogger makes a logger that writes to w. The format is FormatText,
// FormatJSON or empty for text on a terminal and JSON elsewhere; the level is
// debug, info, warn or error, where anything else means info. A record that is
// logged with the context of a sampled trace carries trace_id and span_id.
func NewLogger(format, level string, w io.Writer) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: least}
	onTerminal := IsTerminal(w)
	if format == FormatText || format == "" && onTerminal {
		if onTerminal {
			options.ReplaceAttr = shortTime
		}
		return slog.New(traceHandler{slog.NewTextHandler(w, options)})
	}
	return slog.New(traceHandler{slog.NewJSONHandler(w, options)})
}

// IsTerminal reports whether w is a terminal that a person looks at.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// shortTime leaves out the date: on a terminal the reader knows it.
func shortTime(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, attr.Value.Time().Format("15:04:05.000"))
	}
	return attr
}

// traceHandler adds the identifiers of the current trace to each record.
type traceHandler struct{ slog.Handler }

var _ slog.Handler = traceHandler{}

// Handle implements slog.Handler.
func (h traceHandler) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		record.AddAttrs(
			slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()),
		)
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}
