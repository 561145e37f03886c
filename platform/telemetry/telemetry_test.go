package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"shop/platform/telemetry"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	t.Run("JSONUnlessTerminal", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		log := telemetry.NewLogger("", "info", &out)
		log.Debug("left out")
		log.Info("kept", slog.String("route", "/products/"))
		var record map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &record))
		require.Equal(t, "kept", record["msg"])
		require.Equal(t, "/products/", record["route"])
		require.NotContains(t, record, "trace_id")
	})
	t.Run("Text", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		telemetry.NewLogger(telemetry.FormatText, "debug", &out).With("module", "cart").Debug("kept")
		require.Contains(t, out.String(), "level=DEBUG msg=kept module=cart")
	})
	t.Run("NamesTheTrace", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		parent := propagation.MapCarrier{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
		ctx := new(telemetry.Tracing).Propagator().Extract(t.Context(), parent)
		telemetry.NewLogger(telemetry.FormatJSON, "", &out).With("module", "cart").InfoContext(ctx, "kept")
		require.Contains(t, out.String(), `"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"`)
	})
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	registry := telemetry.NewRegistry(telemetry.Build{Version: "1.2.3", Commit: "abc", Go: "go1.26"})
	recorder := httptest.NewRecorder()
	telemetry.MetricsHandler(registry).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, recorder.Code)
	require.Contains(t, recorder.Body.String(), `shop_build_info{commit="abc",go="go1.26",version="1.2.3"} 1`)
	require.Contains(t, recorder.Body.String(), "go_goroutines ")
	require.Contains(t, recorder.Body.String(), "process_start_time_seconds ")
}

// collector is an OTLP/HTTP endpoint that keeps what it is sent.
type collector struct {
	mu       sync.Mutex
	refuse   int // how many requests are turned away first
	requests []*http.Request
	spans    []string
	service  string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r)
	if c.refuse > 0 {
		c.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	raw, _ := io.ReadAll(body)
	var data tracepb.TracesData
	if err := proto.Unmarshal(raw, &data); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, resource := range data.GetResourceSpans() {
		for _, attribute := range resource.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				c.service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, span.GetName())
			}
		}
	}
}

func TestTracesReachTheCollector(t *testing.T) {
	c := &collector{refuse: 1}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL+"/otlp")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t0ken")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_SERVICE_NAME", "shop-catalog")

	tracing, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{Build: telemetry.Build{Version: "1"}})
	require.NoError(t, err)
	require.True(t, tracing.Enabled())
	ctx, span := tracing.Provider().Tracer("test").Start(t.Context(), "GET /products/", trace.WithSpanKind(trace.SpanKindServer))
	header := propagation.HeaderCarrier{}
	tracing.Propagator().Inject(ctx, header)
	require.NotEmpty(t, header.Get("traceparent"))
	span.End()
	require.NoError(t, tracing.Shutdown(t.Context()))

	c.mu.Lock()
	defer c.mu.Unlock()
	require.Equal(t, []string{"GET /products/"}, c.spans)
	require.Equal(t, "shop-catalog", c.service)
	require.Len(t, c.requests, 2, "refused once, sent again")
	require.Equal(t, "/otlp/v1/traces", c.requests[1].URL.Path)
	require.Equal(t, "Bearer t0ken", c.requests[1].Header.Get("Authorization"))
}

func TestTracingIsOff(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"NoEndpoint": {},
		"Disabled":   {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:1", "OTEL_SDK_DISABLED": "true"},
		"NoExporter": {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:1", "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range variables {
				t.Setenv(variable, value)
			}
			tracing, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{})
			require.NoError(t, err)
			require.False(t, tracing.Enabled())
			_, span := tracing.Provider().Tracer("test").Start(t.Context(), "anything")
			defer span.End()
			require.False(t, span.IsRecording())
			require.NoError(t, tracing.Shutdown(t.Context()))
		})
	}
}

func TestTracingRefusesWhatItCannotDo(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL":           {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
		"OTEL_TRACES_EXPORTER":                  {"OTEL_TRACES_EXPORTER": "zipkin"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "localhost:4318"},
		"OTEL_EXPORTER_OTLP_TIMEOUT":            {"OTEL_EXPORTER_OTLP_TIMEOUT": "10s"},
		"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "zip"},
		"OTEL_EXPORTER_OTLP_HEADERS":            {"OTEL_EXPORTER_OTLP_HEADERS": "nothing"},
		"OTEL_EXPORTER_OTLP_CERTIFICATE":        {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere/ca.pem"},
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "/nowhere/client.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
			for variable, value := range variables {
				t.Setenv(variable, value)
			}
			_, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{})
			require.ErrorContains(t, err, name+":")
		})
	}
}

func BenchmarkSpanWhenOff(b *testing.B) {
	tracer := new(telemetry.Tracing).Provider().Tracer("bench")
	b.ReportAllocs()
	for b.Loop() {
		_, span := tracer.Start(b.Context(), "GET /products/")
		span.End()
	}
}
