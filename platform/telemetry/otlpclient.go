package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// otlpClient uploads spans over OTLP/HTTP. The exporter's own HTTP client links
// gRPC for one message type and adds 5.7 MB to the binary; that message,
// ExportTraceServiceRequest, has the same encoding as TracesData.
type otlpClient struct {
	settings otlpSettings
	http     *http.Client
}

var _ otlptrace.Client = (*otlpClient)(nil)

const (
	firstPause = 500 * time.Millisecond
	longPause  = 10 * time.Second
)

func newOTLPClient(settings otlpSettings) *otlpClient {
	return &otlpClient{
		settings: settings,
		http: &http.Client{
			Timeout: settings.timeout,
			Transport: &http.Transport{
				Proxy:             http.ProxyFromEnvironment,
				TLSClientConfig:   settings.tls,
				ForceAttemptHTTP2: true,
				IdleConnTimeout:   90 * time.Second,
			},
		},
	}
}

// Start implements otlptrace.Client; connections are made when needed.
func (c *otlpClient) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *otlpClient) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. It tries again after failures that
// may pass, as OTLP asks for, until ctx is done.
func (c *otlpClient) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := c.encode(spans)
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		wait, err := c.post(ctx, body)
		if err == nil || wait < 0 {
			return err
		}
		wait = max(wait, pause/2+rand.N(pause)) //nolint:gosec // jitter, no secret
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

func (c *otlpClient) encode(spans []*tracepb.ResourceSpans) ([]byte, error) {
	plain, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil || !c.settings.gzip {
		return plain, err //nolint:wrapcheck // wrapped by UploadTraces
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(plain)
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

// post sends body once. With an error it says how long the collector wants to
// be left alone at least, or a negative time when trying again is useless.
func (c *otlpClient) post(ctx context.Context, body []byte) (time.Duration, error) {
	const never = time.Duration(-1)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.settings.url, bytes.NewReader(body))
	if err != nil {
		return never, fmt.Errorf("make request: %w", err)
	}
	for name, value := range c.settings.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	if c.settings.gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, fmt.Errorf("reach collector: %w", err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // for the message below only
	if response.StatusCode/100 == 2 {
		return 0, nil
	}
	err = fmt.Errorf("collector answered %s: %s", response.Status, strings.ToValidUTF8(string(answer), "?"))
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(max(seconds, 0)) * time.Second, err
	default:
		return never, err
	}
}
