package module_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/module"
)

func TestPruning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		start := time.Now()
		var calls []time.Duration
		worker := module.Pruning("keys", slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			func(_ context.Context, now time.Time) (int64, error) {
				calls = append(calls, now.Sub(start))
				switch len(calls) {
				case 1:
					return 0, errors.New("no database")
				case 2:
					return 7, nil
				default:
					return 0, nil
				}
			})
		require.Equal(t, "prune keys", worker.Name)
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Minute)
		defer cancel()
		require.NoError(t, worker.Run(ctx), "a failure stops nothing")
		require.Equal(t, []time.Duration{10 * time.Minute, 20 * time.Minute, 30 * time.Minute}, calls)
		require.Contains(t, log.String(), `level=WARN msg="cannot remove what has expired" what=keys error="no database"`)
		require.Contains(t, log.String(), "rows=7")
		require.Equal(t, 2, bytes.Count(log.Bytes(), []byte("\n")), "nothing to say of nothing removed")
	})
}
