package app

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"shop/platform/fault"
)

const (
	// resumeBatch is how many checkouts one look takes up.
	resumeBatch = 50
	// resumeAtOnce bounds the connections that resuming takes from customers.
	resumeAtOnce = 4
)

// RunResumer carries on the checkouts that were interrupted, by the end of their
// process or by a module that did not answer. Every replica runs it. It returns
// when ctx ends, after the checkouts in hand.
func (s *Service) RunResumer(ctx context.Context) error {
	ticker := time.NewTicker(s.settings.ResumeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := s.resumeDue(ctx); err != nil && ctx.Err() == nil {
			s.logger.ErrorContext(ctx, "cannot look for interrupted checkouts", slog.Any("error", err))
		}
	}
}

// resumeDue carries on the checkouts that are due, each once.
func (s *Service) resumeDue(ctx context.Context) error {
	due, err := s.store.Due(ctx, s.clock(), resumeBatch)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(resumeAtOnce)
	for _, c := range due {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return s.resume(ctx, c) })
	}
	return group.Wait()
}

func (s *Service) resume(ctx context.Context, c Checkout) error {
	if claimed, err := s.claim(ctx, &c); err != nil || !claimed {
		return err
	}
	result, err := s.carry(ctx, c)
	attributes := []any{slog.String("checkout", c.ID.String()), slog.Int64("claims", c.Claims)}
	switch {
	case err == nil:
		s.logger.InfoContext(ctx, "checkout resumed", append(attributes, slog.String("invoice", result.InvoiceID.String()))...)
	case isRefusal(err):
		s.logger.InfoContext(ctx, "checkout failed", append(attributes, slog.String("code", fault.From(err).Code))...)
	default:
		s.logger.WarnContext(ctx, "checkout still interrupted", append(attributes, slog.Any("error", err))...)
	}
	return nil
}
