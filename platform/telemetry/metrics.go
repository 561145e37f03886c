package telemetry

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Build says which build of the shop runs.
type Build struct {
	// Version is the release, "dev" for a build without one.
	Version string
	// Commit is the revision it was built from, empty when not known.
	Commit string
	// Go is the version of the toolchain.
	Go string
}

// NewRegistry makes a registry that already holds the metrics of the Go
// runtime, of the process and shop_build_info.
func NewRegistry(build Build) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister( // cannot fail: the registry is empty and the three differ
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "shop_build_info",
			Help:        "The build that runs; always 1.",
			ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "go": build.Go},
		}, func() float64 { return 1 }),
	)
	return registry
}

// MetricsHandler serves what registry gathers. A collector that fails leaves
// out its own metrics only.
func MetricsHandler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError,
		Registry:      registry,
	})
}
