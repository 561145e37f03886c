package flip_test

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/fault"
	"shop/platform/flip"
)

// greeter is a face.
type greeter interface {
	Greet(ctx context.Context, name string) (string, error)
}

type local struct{ err error }

func (l local) Greet(_ context.Context, name string) (string, error) { return "hello " + name, l.err }

func method(name string) contract.Method {
	return contract.Method{Module: "greeter", Name: name, Class: contract.Read}
}

func greet(ctx context.Context, r *flip.Route[greeter], name string) (string, error) {
	return flip.Call(ctx, r, method("Greet"), func(ctx context.Context, g greeter) (string, error) {
		return g.Greet(ctx, name)
	})
}

func TestCall(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]*flip.Observer{"Nothing": nil, "NoMetrics": flip.NewObserver(nil, nil)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := greet(t.Context(), flip.NewRoute[greeter](local{}, o, method("Greet")), "Ada")
			require.NoError(t, err)
			require.Equal(t, "hello Ada", text)
		})
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	want := errors.New("no")
	r := flip.NewRoute[greeter](local{}, nil)
	err := flip.Do(t.Context(), r, method("Greet"), func(context.Context, greeter) error { return want })
	require.ErrorIs(t, err, want)
	require.NoError(t, flip.Do(t.Context(), r, method("Greet"), func(context.Context, greeter) error { return nil }))
}

func TestObserver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		outcome string
		status  codes.Code
	}{
		"OK":          {nil, "ok", codes.Unset},
		"Refused":     {fault.New(fault.NotFound, "missing", "it is not there"), "refused", codes.Unset},
		"Internal":    {errors.New("defect"), "failed", codes.Error},
		"Unavailable": {database.ErrUnavailable, "failed", codes.Error},
		"Timeout":     {fault.New(fault.Timeout, "late", "it took too long"), "failed", codes.Error},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := prometheus.NewRegistry()
			spans := tracetest.NewSpanRecorder()
			tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
			r := flip.NewRoute[greeter](local{c.err}, flip.NewObserver(registry, tracer), method("Greet"))
			_, err := greet(t.Context(), r, "Ada")
			require.ErrorIs(t, err, c.err)
			require.Equal(t, map[string]uint64{c.outcome: 1}, outcomes(t, registry))
			require.Len(t, spans.Ended(), 1)
			span := spans.Ended()[0]
			require.Equal(t, "greeter.Greet", span.Name())
			require.Equal(t, c.status, span.Status().Code)
		})
	}
}

// outcomes are how often each outcome was counted.
func outcomes(t *testing.T, registry *prometheus.Registry) map[string]uint64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 1)
	counted := map[string]uint64{}
	for _, m := range families[0].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		require.Equal(t, "greeter", labels["module"])
		require.Equal(t, "Greet", labels["method"])
		if n := m.GetHistogram().GetSampleCount(); n > 0 {
			counted[labels["outcome"]] = n
		}
	}
	return counted
}

// A call that panics is a failed one, and its span ends.
func TestObserver_Panic(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	r := flip.NewRoute[greeter](local{}, flip.NewObserver(registry, tracer), method("Greet"))
	require.PanicsWithValue(t, "defect", func() {
		_ = flip.Do(t.Context(), r, method("Greet"), func(context.Context, greeter) error { panic("defect") })
	})
	require.Equal(t, map[string]uint64{"failed": 1}, outcomes(t, registry))
	require.Len(t, spans.Ended(), 1)
	require.Equal(t, codes.Error, spans.Ended()[0].Status().Code)
}

func TestCall_ErrInTransaction(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, database.SQLite, "users")
	r := flip.NewRoute[greeter](local{}, nil)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		_, err := greet(ctx, r, "Ada")
		return err
	})
	require.ErrorIs(t, err, flip.ErrInTransaction)
	require.ErrorContains(t, err, "greeter.Greet")
	require.Equal(t, fault.Internal, fault.KindOf(err))
	_, err = greet(t.Context(), r, "Ada")
	require.NoError(t, err)
}

func BenchmarkCall(b *testing.B) {
	r := flip.NewRoute[greeter](local{}, flip.NewObserver(prometheus.NewRegistry(), nil), method("Nothing"))
	b.ReportAllocs()
	for b.Loop() {
		if err := flip.Do(b.Context(), r, method("Nothing"), func(context.Context, greeter) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
