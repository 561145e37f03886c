package flip_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/flip"
)

func TestObserver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		outcome string
		status  codes.Code
	}{
		"OK":          {nil, "ok", codes.Unset},
		"Refused":     {fault.New(fault.NotFound, "missing", "it is not there"), "refused", codes.Unset},
		"Gone":        {context.Canceled, "refused", codes.Unset},
		"Internal":    {errors.New("defect"), "failed", codes.Error},
		"Unavailable": {database.ErrUnavailable, "failed", codes.Error},
		"Timeout":     {fault.New(fault.Timeout, "late", "it took too long"), "failed", codes.Error},
	} {
		for share, sideName := range map[int]string{0: "local", 100: "remote"} {
			t.Run(name+"/"+sideName, func(t *testing.T) {
				t.Parallel()
				registry, spans := prometheus.NewRegistry(), tracetest.NewSpanRecorder()
				tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
				s := &side{err: c.err}
				r := route(s, s, flip.Policy{Remote: share}, flip.NewObserver(registry, tracer))
				_, err := greet(t.Context(), r)
				require.ErrorIs(t, err, c.err)
				require.Equal(t, map[string]float64{sideName + " " + c.outcome: 1}, outcomes(t, registry))
				require.Len(t, spans.Ended(), 1)
				span := spans.Ended()[0]
				require.Equal(t, "greeter.Greet", span.Name())
				require.Equal(t, c.status, span.Status().Code)
			})
		}
	}
}

// outcomes are how often each outcome was counted on each side.
func outcomes(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	counted := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "shop_module_calls_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			require.Equal(t, "greeter", labels["module"])
			if n := m.GetCounter().GetValue(); n > 0 {
				counted[labels["side"]+" "+labels["outcome"]] += n
			}
		}
	}
	return counted
}

func TestObserver_Lints(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	r := route(&side{}, &side{}, flip.Policy{Remote: 100}, flip.NewObserver(registry, nil))
	_, err := greet(t.Context(), r)
	require.NoError(t, err)
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// A call that panics is a failed one, and its span ends.
func TestObserver_Panic(t *testing.T) {
	t.Parallel()
	registry, spans := prometheus.NewRegistry(), tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	r := route(&side{panic: "defect"}, nil, flip.Policy{}, flip.NewObserver(registry, tracer))
	require.PanicsWithValue(t, "defect", func() { _ = forget(t.Context(), r) })
	require.PanicsWithValue(t, "defect", func() { _, _ = greet(t.Context(), r) })
	require.Equal(t, map[string]float64{"local failed": 2}, outcomes(t, registry))
	require.Len(t, spans.Ended(), 2)
	require.Equal(t, codes.Error, spans.Ended()[0].Status().Code)
}

// A call under way is none that has ended.
func TestStats_Underway(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	hang := &hanging{asked: make(chan struct{}), answer: make(chan struct{})}
	r := flip.New(flip.Options[shelf]{
		Module: "shelf", Methods: []contract.Method{methodThing}, Remote: hang, Observer: flip.NewObserver(registry, nil),
	})
	ended := make(chan error)
	go func() {
		_, err := flip.Call(t.Context(), r, methodThing, shelf.Thing, 1)
		ended <- err
	}()
	<-hang.asked
	require.Zero(t, r.Stats().Remote.Calls)
	close(hang.answer)
	require.NoError(t, <-ended)
	require.EqualValues(t, 1, r.Stats().Remote.Calls)
}

// hanging answers when it is told to.
type hanging struct{ asked, answer chan struct{} }

func (h *hanging) Thing(context.Context, int) (thing, error) {
	close(h.asked)
	<-h.answer
	return thing{}, nil
}

// slow answers after a while.
type slow struct{ after time.Duration }

func (s slow) Thing(context.Context, int) (thing, error) {
	time.Sleep(s.after) //nolint:forbidigo // of the bubble's own time
	return thing{}, nil
}

func TestStats_Latency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := &slow{}
		r := flip.New(flip.Options[shelf]{Module: "shelf", Methods: []contract.Method{methodThing}, Remote: took})
		call := func(times int, d time.Duration) {
			took.after = d
			for range times {
				_, err := flip.Call(t.Context(), r, methodThing, shelf.Thing, 1)
				require.NoError(t, err)
			}
		}
		require.Zero(t, r.Stats().Remote.Latency.Quantile(0.5))
		call(95, 10*time.Millisecond)
		call(5, time.Second)
		first := r.Stats().Remote
		require.EqualValues(t, 100, first.Calls)
		require.EqualValues(t, 100, first.Latency.Count())
		require.InEpsilon(t, 10*time.Millisecond, first.Latency.Quantile(0.5), 0.25)
		require.InEpsilon(t, time.Second, first.Latency.Quantile(0.99), 0.25)
		call(10, 100*time.Millisecond)
		since := r.Stats().Remote.Latency.Sub(first.Latency)
		require.EqualValues(t, 10, since.Count())
		require.InEpsilon(t, 100*time.Millisecond, since.Quantile(0.99), 0.25)
		call(1, 5*time.Minute)
		require.EqualValues(t, 111, r.Stats().Remote.Latency.Count())
	})
}

// One local call in sixteen is timed, the first among them.
func TestStats_LocalLatencyIsSampled(t *testing.T) {
	t.Parallel()
	r := route(&side{}, nil, flip.Policy{}, nil)
	for range 33 {
		_, err := greet(t.Context(), r)
		require.NoError(t, err)
	}
	require.EqualValues(t, 33, r.Stats().Local.Calls)
	require.EqualValues(t, 3, r.Stats().Local.Latency.Count())
}
