package httpapi

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/rs/cors"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"shop/platform/request"
)

// minGzipBytes is the size from which compressing pays: below, the headers and
// the processor's time cost more than the saved bytes.
const minGzipBytes = 1400

// gzipSuffix tells the compressed form of a resource from the plain one in its
// entity tag: a strong tag stands for the very bytes (RFC 9110, section 8.8.3).
const gzipSuffix = "-gzip"

// Public is the handler of the public listener.
func (a *API) Public() http.Handler {
	h := normalize(a.public)
	if compress, err := gzhttp.NewWrapper(
		gzhttp.MinSize(minGzipBytes), gzhttp.CompressionLevel(4), gzhttp.EnableZstd(false), gzhttp.SuffixETag(gzipSuffix),
	); err == nil {
		h = compress(h)
	}
	if len(a.options.CORSOrigins) > 0 {
		h = cors.New(cors.Options{
			AllowedOrigins: a.options.CORSOrigins,
			AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
			AllowedHeaders: []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", request.Header},
			ExposedHeaders: []string{"ETag", "Link", "Location", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", request.Header},
			MaxAge:         600,
		}).Handler(h)
	}
	return a.traced("public", h)
}

// Internal is the handler of the internal listener for what is an operation;
// probes, metrics and profiles stand beside it. Between processes compressing
// costs more than it saves.
func (a *API) Internal() http.Handler { return a.traced("internal", normalize(a.internal)) }

func (a *API) traced(name string, h http.Handler) http.Handler {
	if a.options.Tracing == nil {
		return h
	}
	return otelhttp.NewHandler(
		h, name,
		otelhttp.WithTracerProvider(a.options.Tracing), otelhttp.WithPropagators(a.options.Propagator),
	)
}

// normalize lets a path be served with and without its trailing slash without
// a redirect, and HEAD wherever there is GET (RFC 9110, section 9.3.2).
func normalize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		slash := len(path) > 1 && strings.HasSuffix(path, "/")
		if !slash && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		// net/http drops the body of an answer by the original request's method.
		same := *r
		target := *r.URL
		same.URL = &target
		if slash {
			target.Path = strings.TrimSuffix(target.Path, "/")
			target.RawPath = strings.TrimSuffix(target.RawPath, "/")
		}
		if r.Method == http.MethodHead {
			same.Method = http.MethodGet
		}
		next.ServeHTTP(w, &same)
	})
}

// NewServer is an http.Server with limits on everything that a client could
// hold open. errors go to logger.
func NewServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		// Not less than a request may take: net/http reads on while a handler
		// runs, and takes a deadline that passes for a client that has gone. The
		// edge has a shorter one for bodies.
		ReadTimeout:    requestTimeout + 10*time.Second,
		WriteTimeout:   requestTimeout + 10*time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
