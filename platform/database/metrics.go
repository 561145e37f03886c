package database

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"gorm.io/gorm"
)

// Metrics measures the databases of a process. A nil *Metrics measures nothing.
type Metrics struct {
	duration *prometheus.HistogramVec

	mu  sync.Mutex
	dbs map[*DB]struct{}
}

// NewMetrics registers the metrics once, for all modules:
// shop_database_statement_duration_seconds by module and operation (create,
// query, update, delete, row, raw), and gauges and counters of the pools by
// module and pool.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "shop_database_statement_duration_seconds",
			Help:    "Time that statements took, rows read included.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"module", "operation"}),
		dbs: make(map[*DB]struct{}),
	}
	for _, collector := range []prometheus.Collector{m.duration, poolCollector{m}} {
		if err := registerer.Register(collector); err != nil {
			return nil, fmt.Errorf("register the database metrics: %w", err)
		}
	}
	return m, nil
}

func (m *Metrics) measured(module, operation string, run func(*gorm.DB)) func(*gorm.DB) {
	duration := m.duration.WithLabelValues(module, operation)
	return func(tx *gorm.DB) {
		begin := time.Now()
		run(tx)
		duration.Observe(time.Since(begin).Seconds())
	}
}

func (m *Metrics) watch(db *DB) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dbs[db] = struct{}{}
}

func (m *Metrics) forget(db *DB) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.dbs, db)
}

// poolCollector reads the pools when it is asked, so that they cost nothing in
// between. Databases of the same module are added up.
type poolCollector struct{ metrics *Metrics }

// Describe implements prometheus.Collector.
func (poolCollector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, value := range poolValues() {
		descriptions <- value.description
	}
}

// Collect implements prometheus.Collector.
func (c poolCollector) Collect(metrics chan<- prometheus.Metric) {
	type pool struct{ module, name string }
	sums := make(map[pool]poolStats)
	c.metrics.mu.Lock()
	for db := range c.metrics.dbs {
		for _, p := range db.pools {
			key := pool{db.options.Module, p.name}
			sums[key] = sums[key].plus(p.sql.Stats())
		}
	}
	c.metrics.mu.Unlock()
	for _, value := range poolValues() {
		for key, sum := range sums {
			metrics <- prometheus.MustNewConstMetric(value.description, value.kind, value.read(sum), key.module, key.name)
		}
	}
}
