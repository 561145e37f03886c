package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"shop/modules/payments"
	"shop/modules/payments/internal/provider"
	"shop/platform/fault"
	"shop/platform/module"
)

// Limits of one round of the resolver.
const (
	resolveBatch  = 50
	resolveAtOnce = 8 // so that one slow answer does not hold up the others
)

// ResolveDue brings payments and refunds to their end whose outcome nobody has
// recorded, the provider did not answer or the process died: it asks the provider
// about those that are due, once.
func (s *Service) ResolveDue(ctx context.Context) error {
	due, err := s.store.DueAttempts(ctx, s.provider.Name(), s.clock(), resolveBatch)
	if err != nil {
		return err
	}
	refunds, err := s.store.DueRefunds(ctx, s.provider.Name(), s.clock(), resolveBatch)
	if err != nil {
		return err
	}
	work := make([]func(context.Context) error, 0, len(due)+len(refunds))
	for _, attempt := range due {
		work = append(work, func(ctx context.Context) error { return s.resolveInBackground(ctx, attempt) })
	}
	for _, refund := range refunds {
		work = append(work, func(ctx context.Context) error { return s.resolveRefundInBackground(ctx, refund) })
	}
	return module.Each(ctx, resolveAtOnce, work, func(ctx context.Context, do func(context.Context) error) error { return do(ctx) })
}

func (s *Service) resolveInBackground(ctx context.Context, attempt Attempt) error {
	attempt, claimed, err := s.claim(ctx, attempt)
	if err != nil || !claimed {
		return err
	}
	_, err = s.resolve(ctx, attempt)
	attributes := []any{
		slog.String("payment", attempt.ID.String()), slog.String("invoice", attempt.InvoiceID.String()),
		slog.Int64("claims", attempt.Claims),
	}
	switch {
	case err == nil:
		s.logger.InfoContext(ctx, "payment resolved", attributes...)
	case fault.KindOf(err) == fault.Internal:
		return fmt.Errorf("resolve payment %s: %w", attempt.ID, err)
	case errors.Is(err, payments.ErrOutcomeUnknown):
		s.logger.WarnContext(ctx, "payment outcome still unknown", append(attributes, slog.Any("error", err))...)
	default:
		s.logger.InfoContext(ctx, "payment resolved", append(attributes, slog.String("code", fault.From(err).Code))...)
	}
	return nil
}

func (s *Service) resolveRefundInBackground(ctx context.Context, r Refund) error {
	now := s.clock()
	claimed, err := s.store.ClaimRefund(ctx, r, now, s.handedOver(now))
	if err != nil || !claimed {
		return err
	}
	r.Claims++
	note, err := s.resolveRefund(ctx, r)
	if err != nil && !errors.Is(err, payments.ErrRefundRefused) {
		return fmt.Errorf("resolve refund %s: %w", r.ID, err)
	}
	if note.State != payments.RefundPending {
		s.logger.InfoContext(ctx, "refund resolved", slog.String("credit_note", r.ID.String()),
			slog.String("invoice", r.InvoiceID.String()), slog.Int64("claims", r.Claims), slog.String("state", string(note.State)))
	}
	return nil
}

// takeOver resolves an attempt for a caller who waits for it.
func (s *Service) takeOver(ctx context.Context, attempt Attempt) (payments.Invoice, error) {
	attempt, claimed, err := s.claim(ctx, attempt)
	if err != nil {
		return payments.Invoice{}, err
	}
	if !claimed {
		return payments.Invoice{}, payments.ErrPaymentInProgress
	}
	return s.resolve(ctx, attempt)
}

// claim takes an attempt in hand that nobody has in hand.
func (s *Service) claim(ctx context.Context, attempt Attempt) (Attempt, bool, error) {
	if attempt.Provider != s.provider.Name() {
		return attempt, false, nil
	}
	now := s.clock()
	due := s.handedOver(now)
	claimed, err := s.store.Claim(ctx, attempt, now, due)
	attempt.Claims++
	attempt.DueAt = due
	return attempt, claimed, err
}

// resolve finds out how a claimed attempt ended. When the provider has no such
// charge it is asked for it again, with the same key: to call the payment off
// instead would rely on the first request never arriving late, whereas a key is
// charged once whatever arrives when. For the same reason "not reached" is no
// outcome here: an earlier call may have charged.
func (s *Service) resolve(ctx context.Context, attempt Attempt) (payments.Invoice, error) {
	ctx = context.WithoutCancel(ctx)
	charge, found, err := s.lookUp(ctx, attempt)
	if err == nil && !found {
		charge, err = s.charge(ctx, attempt)
	}
	switch {
	case err == nil:
		return s.settle(ctx, attempt, charge)
	case errors.Is(err, provider.ErrUnknownMethod):
		return s.fail(ctx, attempt, payments.ErrUnknownMethod.WithCause(err))
	default:
		return s.unknown(ctx, attempt, err)
	}
}

func (s *Service) lookUp(ctx context.Context, attempt Attempt) (provider.Charge, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.settings.ProviderTimeout)
	defer cancel()
	return s.provider.Lookup(ctx, attempt.ID.String())
}
