package app

import (
	"context"
	"log/slog"

	"shop/platform/fault"
	"shop/platform/module"
)

// resumeDue carries on the checkouts that were interrupted, by the end of their
// process or by a module that did not answer, and are due, each once.
func (s *Service) resumeDue(ctx context.Context) error {
	due, err := s.store.Due(ctx, s.clock(), resumeBatch)
	if err != nil {
		return err
	}
	return module.Each(ctx, resumeAtOnce, due, s.resume)
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
