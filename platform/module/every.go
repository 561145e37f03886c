package module

import (
	"context"
	"log/slog"
	"time"
)

// Every is a worker that does something now and then, the first time after one
// interval. A failure is logged; the next time it is tried again. The worker
// ends with its context, after what it has in hand.
func Every(name string, interval time.Duration, logger *slog.Logger, do func(ctx context.Context) error) Worker {
	return Worker{
		Name: name,
		Run: func(ctx context.Context) error {
			ticker := time.NewTicker(interval)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-ticker.C:
				}
				if err := do(ctx); err != nil && ctx.Err() == nil {
					logger.ErrorContext(ctx, "work in the background failed", slog.String("work", name), slog.Any("error", err))
				}
			}
		},
	}
}
