package app

import (
	"context"

	"golang.org/x/sync/errgroup"

	"shop/platform/module"
)

// Workers are what carts do in the background. Every replica runs them.
func (s *Service) Workers() []module.Worker {
	return []module.Worker{
		module.Every("resume checkouts", s.settings.ResumeEvery, s.logger, s.resumeDue),
		module.Every("settle checkouts", s.settings.ResumeEvery, s.logger, s.settleDue),
		module.Every("cancel orders", s.settings.ResumeEvery, s.logger, s.cancelDue),
	}
}

const (
	// resumeBatch is how many things one look takes up.
	resumeBatch = 50
	// resumeAtOnce bounds the connections that resuming takes from customers.
	resumeAtOnce = 4
)

// carryOn does something with each of what is due, several at once, until ctx
// ends; what it has in hand then is finished.
func carryOn[T any](ctx context.Context, due []T, one func(context.Context, T) error) error {
	var group errgroup.Group
	group.SetLimit(resumeAtOnce)
	for _, thing := range due {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return one(ctx, thing) })
	}
	return group.Wait()
}
