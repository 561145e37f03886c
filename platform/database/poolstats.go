package database

import (
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// poolStats is what pools report, added up.
type poolStats struct {
	limit, open, inUse, waits int64
	waited                    time.Duration
}

func (s poolStats) plus(more sql.DBStats) poolStats {
	s.limit += int64(more.MaxOpenConnections)
	s.open += int64(more.OpenConnections)
	s.inUse += int64(more.InUse)
	s.waits += more.WaitCount
	s.waited += more.WaitDuration
	return s
}

// poolValue is one metric of a pool.
type poolValue struct {
	description *prometheus.Desc
	kind        prometheus.ValueType
	read        func(poolStats) float64
}

func poolValues() []poolValue {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("shop_database_"+name, help, []string{"module", "pool"}, nil)
	}
	return []poolValue{
		{
			describe("connections_limit", "Most connections that the pool opens."), prometheus.GaugeValue,
			func(s poolStats) float64 { return float64(s.limit) },
		},
		{
			describe("connections_open", "Connections that are open."), prometheus.GaugeValue,
			func(s poolStats) float64 { return float64(s.open) },
		},
		{
			describe("connections_in_use", "Connections that run a statement or a transaction."), prometheus.GaugeValue,
			func(s poolStats) float64 { return float64(s.inUse) },
		},
		{
			describe("connection_waits_total", "Times that a caller waited for a connection."), prometheus.CounterValue,
			func(s poolStats) float64 { return float64(s.waits) },
		},
		{
			describe("connection_wait_seconds_total", "Time that callers waited for a connection."), prometheus.CounterValue,
			func(s poolStats) float64 { return s.waited.Seconds() },
		},
	}
}
