package database_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"shop/platform/database"
)

func TestStatementCounter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		outer, whole := database.WithStatementCounter(t.Context())
		require.NoError(t, add(outer, db, "one", 1))

		ctx, counter := database.WithStatementCounter(outer)
		require.NoError(t, add(ctx, db, "two", 2))
		require.EqualValues(t, 1, counter.Statements())

		require.NoError(t, db.InTx(ctx, func(ctx context.Context) error { return add(ctx, db, "three", 3) }))
		require.EqualValues(t, 2, counter.Statements(), "BEGIN and COMMIT do not count")

		var n int64
		require.NoError(t, db.Read(ctx).Model(&book{}).Count(&n).Error)
		require.NoError(t, db.Read(ctx).Raw("SELECT count(*) FROM books").Scan(&n).Error)
		require.NoError(t, db.Write(ctx).Model(&book{}).Where("place = 1").Update("place", 4).Error)
		require.NoError(t, db.Write(ctx).Where("place = 4").Delete(&book{}).Error)
		require.NoError(t, db.Write(ctx).Exec("DELETE FROM books").Error)
		require.EqualValues(t, 7, counter.Statements())
		require.EqualValues(t, 8, whole.Statements(), "the outer counter goes on")

		require.NoError(t, db.Read(t.Context()).Model(&book{}).Count(&n).Error)
		require.EqualValues(t, 7, counter.Statements(), "another context")
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		registry := prometheus.NewRegistry()
		metrics, err := database.NewMetrics(registry)
		require.NoError(t, err)
		_, err = database.NewMetrics(registry)
		require.ErrorContains(t, err, "register")

		o.Metrics = metrics
		db, err := database.Open(t.Context(), o)
		require.NoError(t, err)
		require.NoError(t, database.Migrate(t.Context(), db, migrationFiles(t)))
		require.NoError(t, add(t.Context(), db, "one", 1))

		pools := map[database.Dialect]int{database.Postgres: 1, database.SQLite: 2}
		require.Len(t, gather(t, registry, "shop_database_connections_open"), pools[db.Dialect()])
		creates := uint64(0)
		for _, metric := range gather(t, registry, "shop_database_statement_duration_seconds") {
			for _, label := range metric.GetLabel() {
				if label.GetValue() == "create" {
					creates += metric.GetHistogram().GetSampleCount()
				}
			}
		}
		require.EqualValues(t, 1, creates)

		require.NoError(t, db.Close())
		require.Empty(t, gather(t, registry, "shop_database_connections_open"), "a closed database has no pools")
	})
}

func gather(t *testing.T, registry *prometheus.Registry, name string) []*dto.Metric {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()
		}
	}
	return nil
}

func TestSpans(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		recorder := tracetest.NewSpanRecorder()
		provider := trace.NewTracerProvider(trace.WithSpanProcessor(recorder))
		o.Tracer = provider.Tracer("test")
		db := open(t, o)
		require.NoError(t, database.Migrate(t.Context(), db, migrationFiles(t)))
		require.NoError(t, add(t.Context(), db, "secret title", 1))
		require.Empty(t, recorder.Ended(), "no trace, no span")

		ctx, parent := o.Tracer.Start(t.Context(), "request")
		require.NoError(t, db.Read(ctx).Where("title = ?", "secret title").Take(&book{}).Error)
		require.ErrorIs(t, db.Read(ctx).Where("title = ?", "none").Take(&book{}).Error, database.ErrNotFound)
		parent.End()

		spans := recorder.Ended()
		require.Len(t, spans, 3)
		require.Equal(t, "query shelf.books", spans[0].Name())
		require.Equal(t, parent.SpanContext().SpanID(), spans[0].Parent().SpanID())
		var attributes strings.Builder
		for _, attribute := range spans[0].Attributes() {
			attributes.WriteString(string(attribute.Key) + "=" + attribute.Value.AsString() + "\n")
		}
		require.Contains(t, attributes.String(), "db.query.text=SELECT")
		require.NotContains(t, attributes.String(), "secret title")
	})
}

// Slow statements are logged, with placeholders in place of what they were
// given.
func TestSlowStatements(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		var log buffer
		o.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		o.SlowStatement = time.Nanosecond
		db := open(t, o)
		require.NoError(t, database.Migrate(t.Context(), db, migrationFiles(t)))
		require.NoError(t, db.Write(t.Context()).Exec("UPDATE books SET place = 1 WHERE title = ?", "secret").Error)

		var entry struct {
			Level     string `json:"level"`
			Msg       string `json:"msg"`
			Module    string `json:"module"`
			Statement string `json:"statement"`
			Duration  *int64 `json:"duration_ms"`
		}
		require.NoError(t, json.Unmarshal(log.lastLine(), &entry))
		require.Equal(t, "WARN", entry.Level)
		require.Equal(t, "slow statement", entry.Msg)
		require.Equal(t, shelf, entry.Module)
		require.NotNil(t, entry.Duration)
		require.Contains(t, entry.Statement, "UPDATE books SET place = 1 WHERE title = ")
		require.NotContains(t, entry.Statement, "secret")

		var found int
		require.NoError(t, db.Read(t.Context()).Raw("SELECT count(*) FROM books WHERE title = ?", "secret").Scan(&found).Error)
		require.Contains(t, string(log.lastLine()), "SELECT count(*)")
		require.NotContains(t, string(log.lastLine()), "secret", "also where GORM puts a logger of its own between")
	})
}

// buffer is a log that several goroutines may write.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) lastLine() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(b.text.Bytes()), []byte("\n"))
	return lines[len(lines)-1]
}
