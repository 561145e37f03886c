package module

import (
	"context"
	"log/slog"
	"time"
)

// pruningInterval is how often a module removes what has expired.
const pruningInterval = 10 * time.Minute

// Pruning is a worker that removes what has expired, now and then. prune
// returns how many rows it removed. A failure is logged and tried again next
// time: what expired yesterday does no harm today.
func Pruning(what string, logger *slog.Logger, prune func(ctx context.Context, now time.Time) (int64, error)) Worker {
	return Every("prune "+what, pruningInterval, logger, func(ctx context.Context) error {
		if removed, err := prune(ctx, time.Now()); err != nil {
			logger.WarnContext(ctx, "cannot remove what has expired", "what", what, "error", err)
		} else if removed > 0 {
			logger.DebugContext(ctx, "removed what has expired", "what", what, "rows", removed)
		}
		return nil
	})
}
