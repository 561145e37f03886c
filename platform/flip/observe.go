package flip

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Observer is what all routes of a process share.
type Observer struct {
	tracer trace.Tracer

	mu       sync.Mutex
	controls []*Control
}

// NewObserver makes an observer. metrics and tracer may be nil.
func NewObserver(metrics prometheus.Registerer, tracer trace.Tracer) *Observer {
	o := &Observer{tracer: tracer}
	if metrics != nil {
		metrics.MustRegister(o)
	}
	return o
}

func (o *Observer) watch(c *Control) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.controls = append(o.controls, c)
}

// What Prometheus is told.
var (
	callsTotal = prometheus.NewDesc("shop_module_calls_total",
		"Calls of modules' methods that have ended, by the side that answered.",
		[]string{"module", "method", "side", "outcome"}, nil)
	durations = prometheus.NewDesc("shop_module_call_duration_seconds",
		"Duration of calls of modules' methods: of all remote ones, of one local one in 16.",
		[]string{"module", "method", "side"}, nil)
	shareRemote = prometheus.NewDesc("shop_module_remote_percent",
		"Share of actors whose calls the remote side answers.", []string{"module"}, nil)
	fallbacksTotal = prometheus.NewDesc("shop_module_fallbacks_total",
		"Reads that the local side answered because the remote one could not.", []string{"module"}, nil)
	shadowsTotal = prometheus.NewDesc("shop_module_shadow_reads_total",
		"Reads that the other side was asked too, by what came of it.", []string{"module", "result"}, nil)
)

// Describe implements prometheus.Collector.
func (*Observer) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{callsTotal, durations, shareRemote, fallbacksTotal, shadowsTotal} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (o *Observer) Collect(to chan<- prometheus.Metric) {
	o.mu.Lock()
	controls := o.controls
	o.mu.Unlock()
	for _, c := range controls {
		c.collect(to)
	}
}

func (c *Control) collect(to chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for _, m := range c.methods {
		for side := range sides {
			m.collect(to, counter, c.module, m.method, side)
		}
	}
	if !c.reachable {
		return
	}
	to <- prometheus.MustNewConstMetric(shareRemote, prometheus.GaugeValue, float64(c.Policy().Remote), c.module)
	var s Stats
	c.shadows.addTo(&s)
	counter(fallbacksTotal, c.fallbacks.Load(), c.module)
	counter(shadowsTotal, s.ShadowMatches, c.module, "match")
	counter(shadowsTotal, s.ShadowMismatches, c.module, "mismatch")
	counter(shadowsTotal, s.ShadowUndecided, c.module, "undecided")
	counter(shadowsTotal, s.ShadowDropped, c.module, "dropped")
}

// The bounds of the published histogram are every second power of two, from 16
// µs to 17 s.
const (
	firstPublished = 14
	lastPublished  = 34
)

func (m *counters) collect(
	to chan<- prometheus.Metric, counter func(*prometheus.Desc, int64, ...string), module, method string, side Side,
) {
	var ended [outcomes]int64
	for o := range ended {
		ended[o] = m.ended[side][o].Load()
	}
	if ended == ([outcomes]int64{}) {
		return
	}
	for o, n := range ended {
		counter(callsTotal, n, module, method, side.String(), outcomeNames[o])
	}

	var h Histogram
	m.latency[side].addTo(&h)
	published := make(map[float64]uint64, (lastPublished-firstPublished)/2+1)
	var below int64
	for i, n := range &h.counts {
		below += n
		bound := upperBound(i)
		if octave := firstOctave + (i+1)/perOctave; (i+1)%perOctave == 0 && octave%2 == 0 && octave >= firstPublished && octave <= lastPublished {
			published[bound.Seconds()] = uint64(below)
		}
	}
	to <- prometheus.MustNewConstHistogram(durations, uint64(below),
		time.Duration(m.latency[side].nanos.Load()).Seconds(), published, module, method, side.String())
}
