package httpapi

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the durations of requests by route, method and status.
type metrics struct{ durations *prometheus.HistogramVec }

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	if r == nil {
		return &metrics{}, nil
	}
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "shop_http_request_duration_seconds",
		Help:    "Duration of HTTP requests.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"route", "method", "status"})
	if err := r.Register(durations); err != nil {
		return nil, fmt.Errorf("register the metrics of requests: %w", err)
	}
	return &metrics{durations}, nil
}

// routeMetrics keeps the observers of one route at hand, because finding one
// by its labels costs more than observing.
type routeMetrics struct {
	vec      prometheus.ObserverVec
	byStatus sync.Map // int → prometheus.Observer
}

func (m *metrics) route(route, method string) *routeMetrics {
	if m.durations == nil {
		return &routeMetrics{}
	}
	return &routeMetrics{vec: m.durations.MustCurryWith(prometheus.Labels{"route": route, "method": method})}
}

func (m *routeMetrics) observe(status int, took time.Duration) {
	if m.vec == nil {
		return
	}
	observer, found := m.byStatus.Load(status)
	if !found {
		observer, _ = m.byStatus.LoadOrStore(status, m.vec.WithLabelValues(strconv.Itoa(status)))
	}
	if o, ok := observer.(prometheus.Observer); ok {
		o.Observe(took.Seconds())
	}
}
