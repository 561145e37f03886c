package app

import (
	"context"
	"errors"
	"time"

	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
)

// Pay implements payments.Service. It takes three steps: a transaction that
// turns the invoice from open to paying, which one caller at a time can do; the
// provider's charge, outside of any transaction; and a transaction that records
// what came of it. Whoever dies in between leaves an attempt that the resolver
// brings to its end.
func (s *Service) Pay(ctx context.Context, in payments.PayInput) (payments.Invoice, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return payments.Invoice{}, err
	}
	if err := in.Validate(); err != nil {
		return payments.Invoice{}, err
	}
	if err := s.provider.CheckMethod(in.PaymentMethod); err != nil {
		return payments.Invoice{}, payments.ErrUnknownMethod.WithCause(err)
	}
	attempt, err := s.begin(ctx, in)
	switch {
	case errors.Is(err, errNotOpen):
		return s.payAgain(ctx, in.ID)
	case err != nil:
		return payments.Invoice{}, err
	case in.Key.Replayed():
		return s.repeat(ctx, attempt.ID)
	default:
		return s.carryOut(ctx, attempt)
	}
}

// errNotOpen ends the first transaction of a payment that cannot begin.
var errNotOpen = errors.New("the invoice is not open, or not the caller's")

// begin makes the attempt. What a key keeps is the attempt's identifier, from
// which the answer to a repeat follows.
func (s *Service) begin(ctx context.Context, in payments.PayInput) (Attempt, error) {
	now := s.clock()
	attempt := Attempt{
		ID: id.NewPayment(), InvoiceID: in.ID, Provider: s.provider.Name(), Method: in.PaymentMethod,
		State: Pending, Claims: 1, DueAt: s.handedOver(now), CreatedAt: now,
	}
	begun, err := sqlstore.DoKnown(ctx, s.idempotency, in.Key, payments.MethodPay.String(), in, attempt.ID,
		func(ctx context.Context, guard *sqlstore.Guard) (err error) {
			var open bool
			attempt, open, err = s.store.Begin(ctx, attempt, ownerOnly(ctx), guard)
			if err == nil && !open {
				return errNotOpen
			}
			return err
		})
	if err != nil {
		return Attempt{}, err
	}
	attempt.ID = begun
	return attempt, nil
}

// handedOver is when an attempt that is taken in hand at now may be taken over:
// the provider has had its time by then, and so had the recording.
func (s *Service) handedOver(now time.Time) time.Time {
	const recording = 5 * time.Second
	return now.Add(s.settings.ProviderTimeout + recording)
}

// payAgain answers a caller whose payment could not begin.
func (s *Service) payAgain(ctx context.Context, invoiceID id.Invoice) (payments.Invoice, error) {
	invoice, err := s.Invoice(ctx, payments.InvoiceInput{ID: invoiceID})
	if err != nil {
		return payments.Invoice{}, err
	}
	switch invoice.Status {
	case payments.StatusPaid:
		return payments.Invoice{}, payments.ErrAlreadyPaid
	case payments.StatusDraft, payments.StatusVoid, payments.StatusRefunded, payments.StatusUncollectible:
		return payments.Invoice{}, payments.ErrNotPayable
	case payments.StatusOpen, payments.StatusPaying:
	}
	attempt, found, err := s.store.LiveAttempt(ctx, invoiceID)
	if err != nil {
		return payments.Invoice{}, err
	}
	if !found { // it has ended since the invoice was read
		return payments.Invoice{}, payments.ErrPaymentInProgress
	}
	return s.takeOver(ctx, attempt)
}

// repeat answers a caller who has begun this payment before with the same key.
func (s *Service) repeat(ctx context.Context, payment id.Payment) (payments.Invoice, error) {
	attempt, err := s.store.Attempt(ctx, payment)
	if err != nil {
		return payments.Invoice{}, err
	}
	switch attempt.State {
	case Pending, Unknown:
		return s.takeOver(ctx, attempt)
	case Failed:
		return s.revive(ctx, attempt)
	case Succeeded, Declined:
	}
	return s.answer(ctx, attempt)
}

// revive begins a payment anew that has not reached the provider.
func (s *Service) revive(ctx context.Context, attempt Attempt) (payments.Invoice, error) {
	now := s.clock()
	attempt.Claims++
	attempt.DueAt = s.handedOver(now)
	revived := false
	err := s.store.InTx(ctx, func(ctx context.Context) (err error) {
		revived, err = s.store.Revive(ctx, attempt, now)
		return err
	})
	if err != nil {
		return payments.Invoice{}, err
	}
	if !revived {
		return s.payAgain(ctx, attempt.InvoiceID)
	}
	return s.carryOut(ctx, attempt)
}

// answer is what the state of an attempt means to its caller.
func (s *Service) answer(ctx context.Context, attempt Attempt) (payments.Invoice, error) {
	switch attempt.State {
	case Succeeded:
		return s.store.Invoice(ctx, attempt.InvoiceID)
	case Declined:
		return payments.Invoice{}, payments.ErrDeclined
	case Failed:
		return payments.Invoice{}, payments.ErrProviderUnavailable
	case Unknown:
		return payments.Invoice{}, payments.ErrOutcomeUnknown
	case Pending:
	}
	return payments.Invoice{}, payments.ErrPaymentInProgress
}
