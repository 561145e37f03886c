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

func TestEvery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		start := time.Now()
		var calls []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		worker := module.Every("count", 3*time.Second, slog.New(slog.NewTextHandler(&log, nil)), func(ctx context.Context) error {
			calls = append(calls, time.Since(start))
			switch len(calls) {
			case 1:
				return errors.New("no database")
			case 3:
				cancel()
				return ctx.Err()
			default:
				return nil
			}
		})
		require.Equal(t, "count", worker.Name)
		require.NoError(t, worker.Run(ctx), "a failure stops nothing")
		require.Equal(t, []time.Duration{3 * time.Second, 6 * time.Second, 9 * time.Second}, calls)
		require.Contains(t, log.String(), `level=ERROR msg="work in the background failed" work=count error="no database"`)
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")), "an end is no failure")
	})
}
