package app

import (
	"context"
	"errors"

	"shop/modules/cart"
	"shop/platform/fault"
	"shop/platform/identity"
)

// Merge implements cart.Service.
func (s *Service) Merge(ctx context.Context, in cart.MergeInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	var found findings
	if in.From.IsZero() {
		found.add("body.from", "must be a guest's identifier")
	}
	if in.To.IsZero() || in.To == in.From {
		found.add("body.to", "must be another user's identifier")
	}
	if err := found.fault(); err != nil {
		return err
	}
	return untilUnchanged(ctx, func(ctx context.Context) error { return s.merge(ctx, in) })
}

// merge moves the items, in a transaction or without one.
func (s *Service) merge(ctx context.Context, in cart.MergeInput) error {
	err := s.store.Merge(ctx, in.From, in.To, s.clock())
	if errors.Is(err, ErrUnfinished) {
		return cart.ErrCheckoutInProgress
	}
	return err
}

// untilUnchanged does something again for as long as others change the cart at
// the same moment: they got on, so this ends.
func untilUnchanged(ctx context.Context, fn func(context.Context) error) error {
	for {
		err := fn(ctx)
		if !errors.Is(err, ErrChanged) {
			return err
		}
		if ctx.Err() != nil {
			return fault.New(fault.Timeout, "timeout", "the cart kept changing").WithCause(err)
		}
	}
}
