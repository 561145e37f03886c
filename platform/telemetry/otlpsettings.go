package telemetry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// otlpSettings are the OTEL_EXPORTER_OTLP_* variables for traces.
type otlpSettings struct {
	url     string
	headers map[string]string
	timeout time.Duration
	gzip    bool
	tls     *tls.Config // nil for the system's defaults
}

// readOTLPSettings follows the OpenTelemetry specification "Protocol exporter":
// the variable of the signal wins over the general one.
func readOTLPSettings(getenv func(string) string) (otlpSettings, error) {
	lookup := func(name string) (value, variable string) {
		for _, variable := range []string{"OTEL_EXPORTER_OTLP_TRACES_" + name, "OTEL_EXPORTER_OTLP_" + name} {
			if value := getenv(variable); value != "" {
				return value, variable
			}
		}
		return "", "OTEL_EXPORTER_OTLP_" + name
	}
	s := otlpSettings{timeout: 10 * time.Second}
	if exporter := getenv("OTEL_TRACES_EXPORTER"); exporter != "" && exporter != "otlp" {
		return s, fmt.Errorf("OTEL_TRACES_EXPORTER: %q is not supported: use otlp or none", exporter)
	}
	if protocol, variable := lookup("PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return s, fmt.Errorf("%s: %q is not supported: use http/protobuf, which collectors serve on port 4318", variable, protocol)
	}

	endpoint, variable := lookup("ENDPOINT")
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return s, fmt.Errorf("%s: use a URL such as http://localhost:4318", variable)
	}
	if variable == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1/traces")
	}
	s.url = u.String()

	if text, variable := lookup("TIMEOUT"); text != "" {
		milliseconds, notNumber := strconv.Atoi(text)
		if notNumber != nil || milliseconds < 1 {
			return s, fmt.Errorf("%s: use a number of milliseconds above zero", variable)
		}
		s.timeout = time.Duration(milliseconds) * time.Millisecond
	}
	switch compression, variable := lookup("COMPRESSION"); compression {
	case "", "none":
	case "gzip":
		s.gzip = true
	default:
		return s, fmt.Errorf("%s: use gzip or none", variable)
	}
	if text, variable := lookup("HEADERS"); text != "" {
		if s.headers, err = parseHeaders(text); err != nil {
			return s, fmt.Errorf("%s: %w", variable, err)
		}
	}
	s.tls, err = readTLS(lookup)
	return s, err
}

// parseHeaders reads "name=value,name=value" with percent-encoded values.
func parseHeaders(text string) (map[string]string, error) {
	headers := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		name, encoded, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(encoded))
		if name = strings.TrimSpace(name); !found || name == "" || err != nil {
			return nil, errors.New("use name=value, several separated by commas")
		}
		headers[name] = value
	}
	return headers, nil
}

func readTLS(lookup func(string) (string, string)) (*tls.Config, error) {
	authority, authorityVariable := lookup("CERTIFICATE")
	certificate, certificateVariable := lookup("CLIENT_CERTIFICATE")
	key, _ := lookup("CLIENT_KEY")
	if authority == "" && certificate == "" {
		return nil, nil //nolint:nilnil // nothing set means the defaults
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authority != "" {
		pem, err := os.ReadFile(authority)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", authorityVariable, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: the file holds no certificate in PEM", authorityVariable)
		}
	}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", certificateVariable, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
