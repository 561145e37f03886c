package module

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Each does something with each of what is due, so many at once, until ctx ends;
// what it has in hand then is finished. It returns the first error, after trying
// all.
func Each[T any](ctx context.Context, atOnce int, due []T, do func(context.Context, T) error) error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, thing := range due {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return do(ctx, thing) })
	}
	return group.Wait() //nolint:wrapcheck // it is do's
}
