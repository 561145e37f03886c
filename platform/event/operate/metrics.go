package operate

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"shop/platform/event/outbox"
)

// Step is what was done with an event.
type Step string

// The steps of an event.
const (
	// Handed events are in the hands of the broker.
	Handed Step = "handed_over"
	// Delivered events were given to their subscriber.
	Delivered Step = "delivered"
)

// Metrics count what becomes of events.
type Metrics struct {
	total *prometheus.CounterVec
	lag   *prometheus.HistogramVec

	waiting, oldest, dead *prometheus.GaugeVec
}

// NewMetrics makes them and adds them to a registry.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "shop_events_total",
			Help: "Attempts to deliver an event, or to hand it over to the broker, by what came of it: handled, failed, dead, unavailable.",
		}, []string{"publisher", "subscriber", "step", "outcome"}),
		lag: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shop_event_lag_seconds", Help: "Time from the publishing of an event to an attempt to deliver it or to hand it over.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .5, 1, 5, 30, 300},
		}, []string{"publisher", "subscriber", "step"}),
		waiting: gauge("shop_events_waiting", "Events that the subscriber has not handled yet, from the publisher's database; 1000 is that many or more."),
		oldest:  gauge("shop_events_waiting_oldest_seconds", "Age of the oldest event that the subscriber has not handled yet; 0 when it has handled all."),
		dead:    gauge("shop_events_dead_letters", "Events that the subscriber failed to handle too often, until they are replayed."),
	}
	for _, c := range []prometheus.Collector{m.total, m.lag, m.waiting, m.oldest, m.dead} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of events: %w", err)
		}
	}
	return m, nil
}

func gauge(name, help string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"publisher", "subscriber"})
}

// Observe is told of the deliveries of one publisher's events.
func (m *Metrics) Observe(publisher string, step Step) func(outbox.Delivery) {
	return func(d outbox.Delivery) {
		m.total.WithLabelValues(publisher, d.Subscriber, string(step), string(d.Outcome)).Inc()
		m.lag.WithLabelValues(publisher, d.Subscriber, string(step)).Observe(d.Latency.Seconds())
	}
}
