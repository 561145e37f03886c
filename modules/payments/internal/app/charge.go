package app

import (
	"context"
	"errors"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/provider"
	"shop/platform/event/outbox"
)

// carryOut charges for an attempt that has just begun and records the outcome.
// It goes on when the caller no longer waits: what has begun is brought to its
// end.
func (s *Service) carryOut(ctx context.Context, attempt Attempt) (payments.Invoice, error) {
	ctx = context.WithoutCancel(ctx)
	charge, err := s.charge(ctx, attempt)
	switch {
	case err == nil:
		return s.settle(ctx, attempt, charge)
	case errors.Is(err, provider.ErrUnknownMethod):
		return s.fail(ctx, attempt, payments.ErrUnknownMethod.WithCause(err))
	case errors.Is(err, provider.ErrUnreachable):
		return s.fail(ctx, attempt, payments.ErrProviderUnavailable.WithCause(err))
	default:
		return s.unknown(ctx, attempt, err)
	}
}

// chargeTries is how often a provider is called that cannot be reached.
const chargeTries = 3

// charge asks the provider, again after a pause when it was not reached. All
// calls carry the same key. Only the last one may have charged without saying
// so, which is why its error tells all there is to know.
func (s *Service) charge(ctx context.Context, attempt Attempt) (provider.Charge, error) {
	ctx, cancel := context.WithTimeout(ctx, s.settings.ProviderTimeout)
	defer cancel()
	request := provider.ChargeRequest{
		IdempotencyKey: attempt.ID.String(), Amount: attempt.Amount, Method: attempt.Method, Invoice: attempt.InvoiceID,
	}
	pause := s.settings.RetryPause
	for try := 1; ; try++ {
		charge, err := s.provider.Charge(ctx, request)
		if try == chargeTries || !errors.Is(err, provider.ErrUnreachable) || !wait(ctx, pause) {
			return charge, err
		}
		pause *= 2
	}
}

// wait pauses and reports whether ctx has time left.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// settle records what the provider said.
func (s *Service) settle(ctx context.Context, attempt Attempt, charge provider.Charge) (payments.Invoice, error) {
	attempt.State = Declined
	if charge.Outcome == provider.Succeeded {
		attempt.State = Succeeded
	}
	return s.conclude(ctx, attempt, charge.Reference, nil)
}

// fail records that the provider has certainly not charged, and answers with
// reason.
func (s *Service) fail(ctx context.Context, attempt Attempt, reason error) (payments.Invoice, error) {
	attempt.State = Failed
	return s.conclude(ctx, attempt, "", reason)
}

// conclude gives the attempt its final state and the invoice the one that
// follows from it. When somebody else has concluded meanwhile, that is the
// answer.
func (s *Service) conclude(ctx context.Context, attempt Attempt, reference string, reason error) (payments.Invoice, error) {
	told, err := s.tell(ctx, attempt)
	if err != nil {
		return payments.Invoice{}, err
	}
	invoice, recorded, err := s.store.Conclude(ctx, Conclusion{
		Payment: attempt.ID, State: attempt.State, Reference: reference, At: s.clock(), Claims: attempt.Claims,
	}, told)
	switch {
	case err != nil:
		// The provider knows, and the resolver will ask it.
		return payments.Invoice{}, payments.ErrOutcomeUnknown.WithCause(err)
	case !recorded:
		if attempt, err = s.store.Attempt(ctx, attempt.ID); err != nil {
			return payments.Invoice{}, err
		}
		return s.answer(ctx, attempt)
	}
	s.outbox.Appended(ctx, told)
	switch {
	case reason != nil:
		return payments.Invoice{}, reason
	case attempt.State == Succeeded:
		return invoice, nil
	default:
		return s.answer(ctx, attempt)
	}
}

// tell makes the event about the final state of an attempt; none about one of
// which nobody outside of this module knows.
func (s *Service) tell(ctx context.Context, attempt Attempt) (outbox.Entry, error) {
	switch attempt.State {
	case Succeeded:
		return s.outbox.Prepare(ctx, payments.InvoicePaid{
			InvoiceID: attempt.InvoiceID, UserID: attempt.UserID, Total: attempt.Amount, PaymentID: attempt.ID,
			Reference: attempt.Reference, Number: attempt.Number,
		})
	case Declined:
		return s.outbox.Prepare(ctx, payments.PaymentDeclined{
			InvoiceID: attempt.InvoiceID, UserID: attempt.UserID, PaymentID: attempt.ID,
		})
	default:
		return outbox.Entry{}, nil
	}
}

// unknown records that the provider may have charged without saying so.
func (s *Service) unknown(ctx context.Context, attempt Attempt, cause error) (payments.Invoice, error) {
	now := s.clock()
	err := s.store.SetUnknown(ctx, attempt.ID, now, now.Add(askAgainAfter(attempt.Claims)))
	return payments.Invoice{}, payments.ErrOutcomeUnknown.WithCause(errors.Join(cause, err))
}

// askAgainAfter is the pause before the provider is asked again by itself; it
// doubles with each claim.
func askAgainAfter(claims int64) time.Duration {
	const first, longest = 2 * time.Second, 5 * time.Minute
	if claims >= 8 {
		return longest
	}
	return min(longest, first<<(claims-1))
}
