package app

import (
	"context"
	"time"

	"shop/platform/database"
)

// Prune removes sessions and tokens that have expired at now, and failed
// attempts that no longer count, and returns how many.
func (s *Service) Prune(ctx context.Context, now time.Time) (int64, error) {
	now = database.Timestamp(now)
	return s.store.Prune(ctx, now, now.Add(-failureWindow))
}
