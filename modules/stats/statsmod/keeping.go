package statsmod

import (
	"context"
	"log/slog"
	"time"

	"shop/modules/stats/internal/gormstore"
	"shop/platform/module"
)

const (
	// minRetention is that of a day: entries go by whole days.
	minRetention = 24 * time.Hour
	// keepingInterval is how often the partitions are looked after.
	keepingInterval = 10 * time.Minute
)

// keeping is the worker that makes the partitions of the days to come and
// removes what is past the retention. What fails is logged and tried again next
// time: there are partitions for a week, and what expired yesterday does no harm
// today.
func keeping(store *gormstore.Store, retention time.Duration, logger *slog.Logger) module.Worker {
	return module.Worker{
		Name: "keep log entries",
		Run: func(ctx context.Context) error {
			ticker := time.NewTicker(keepingInterval)
			defer ticker.Stop()
			for {
				keep(ctx, store, retention, logger, time.Now())
				select {
				case <-ctx.Done():
					return nil
				case <-ticker.C:
				}
			}
		},
	}
}

func keep(ctx context.Context, store *gormstore.Store, retention time.Duration, logger *slog.Logger, now time.Time) {
	if err := store.MakePartitions(ctx, now); err != nil && ctx.Err() == nil {
		logger.WarnContext(ctx, "cannot make the partitions of log entries to come", "error", err)
	}
	if retention == 0 {
		return
	}
	removed, err := store.Expire(ctx, now.Add(-retention))
	if err != nil && ctx.Err() == nil {
		logger.WarnContext(ctx, "cannot remove all log entries past their retention", "error", err)
	}
	if removed > 0 {
		logger.InfoContext(ctx, "removed log entries past their retention", "entries", removed)
	}
}
