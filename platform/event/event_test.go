package event_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"shop/platform/event"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	type renamed struct {
		Name string `json:"name"`
	}
	got, err := event.Decode[renamed](event.Envelope{Payload: json.RawMessage(`{"name":"chair","since":"a newer release"}`)})
	require.NoError(t, err)
	require.Equal(t, renamed{Name: "chair"}, got)

	_, err = event.Decode[renamed](event.Envelope{Name: "catalog.renamed", Version: 2, Payload: json.RawMessage(`[]`)})
	require.ErrorContains(t, err, "catalog.renamed version 2")
}

func TestTraceParent(t *testing.T) {
	t.Parallel()
	const text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := event.WithTraceParent(t.Context(), text)
	require.Equal(t, text, event.TraceParent(ctx))
	require.True(t, trace.SpanContextFromContext(ctx).IsRemote())
}

func TestTraceParent_None(t *testing.T) {
	t.Parallel()
	require.Empty(t, event.TraceParent(t.Context()))
	for name, text := range map[string]string{
		"empty":           "",
		"too short":       "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
		"another version": "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"no hexadecimal":  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333x-01",
		"zero span":       "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := event.WithTraceParent(t.Context(), text)
			require.Empty(t, event.TraceParent(ctx))
		})
	}
}
