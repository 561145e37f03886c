package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/provider"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/money"
)

// Refunds keep credit notes, each with the refund that it is about.
type Refunds interface {
	// BeginRefund adds a pending refund and sets its amount aside from what is left
	// of the invoice; without an amount, all of that. It returns the refund with
	// its amount and whose invoice it is. Errors: payments.ErrInvoiceNotFound,
	// ErrNotRefundable, ErrNothingToRefund, ErrRefundTooMuch; ErrOrderTaken.
	BeginRefund(ctx context.Context, r Refund) (Refund, error)
	// ConcludeRefund gives a pending refund its final state; with RefundSucceeded
	// it gets its number and the invoice's sum of refunds grows. It returns the
	// invoice as it is then; false when the refund has a final state already.
	ConcludeRefund(ctx context.Context, c RefundConclusion) (payments.Invoice, bool, error)
	// PutOffRefund notes when to ask the provider about a pending refund.
	PutOffRefund(ctx context.Context, note id.CreditNote, at, due time.Time) error
	// Refund reads a refund.
	Refund(ctx context.Context, note id.CreditNote) (Refund, error)
	// RefundOf reads the refund of an order that has not failed; false when there
	// is none.
	RefundOf(ctx context.Context, order id.Order) (Refund, bool, error)
	// CreditNotes reads an invoice's refunds, oldest first.
	CreditNotes(ctx context.Context, invoice id.Invoice) ([]payments.CreditNote, error)
	// DueRefunds reads up to limit refunds with a provider that are pending and
	// due.
	DueRefunds(ctx context.Context, provider string, now time.Time, limit int) ([]Refund, error)
	// ClaimRefund takes a pending refund in hand that is due: it counts one more
	// claim and puts off when it is due. False when somebody else has.
	ClaimRefund(ctx context.Context, r Refund, at, due time.Time) (bool, error)
}

// ErrOrderTaken is returned by a store that has a refund of the order already.
var ErrOrderTaken = errors.New("there is a refund of this order")

// Refund is a credit note and what is needed to carry it out.
type Refund struct {
	payments.CreditNote

	// UserID and Reference are those of the invoice.
	UserID    id.User
	Reference string
	// PaymentID is the payment of which money goes back, Provider and Charge what
	// the one who charged is called and calls it.
	PaymentID id.Payment
	Provider  string
	Charge    string
	// Claims counts who took it in hand, from 1; DueAt is when somebody else may.
	Claims int64
	DueAt  time.Time
}

// RefundConclusion is the end of a refund.
type RefundConclusion struct {
	Note      id.CreditNote
	State     payments.RefundState
	Reference string
	Series    string
	At        time.Time
}

// Refund implements payments.Service. Like a payment it takes three steps: a
// transaction that sets the amount aside, so that no two refunds together give
// back more than was paid; the provider's refund, outside of any transaction;
// and a transaction that records what came of it. What is begun is brought to
// its end: by the resolver, when the provider does not answer or the process
// dies.
func (s *Service) Refund(ctx context.Context, in payments.RefundInput) (payments.CreditNote, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return payments.CreditNote{}, err
	}
	if err := in.Validate(); err != nil {
		return payments.CreditNote{}, err
	}
	refund, begun, err := s.beginRefund(ctx, in)
	if errors.Is(err, ErrOrderTaken) { // by one who asked at the same time
		refund, begun, err = s.beginRefund(ctx, in)
	}
	switch {
	case err != nil:
		return payments.CreditNote{}, err
	case begun:
		return s.carryOutRefund(ctx, refund)
	case refund.State == payments.RefundFailed:
		return payments.CreditNote{}, payments.ErrRefundRefused
	default:
		return refund.CreditNote, nil
	}
}

// beginRefund begins a refund, or finds the one that was begun before with the
// key or for the order.
func (s *Service) beginRefund(ctx context.Context, in payments.RefundInput) (refund Refund, begun bool, err error) {
	now := s.clock()
	refund = Refund{
		CreditNote: payments.CreditNote{
			ID: id.NewCreditNote(), InvoiceID: in.ID, Reason: in.Reason, OrderID: in.OrderID,
			State: payments.RefundPending, CreatedAt: now, UpdatedAt: now,
		},
		Claims: 1, DueAt: s.handedOver(now), Provider: s.provider.Name(),
	}
	if in.Amount != nil {
		refund.Amount = *in.Amount
	}
	note, err := sqlstore.Do(ctx, s.idempotency, in.Key, payments.MethodRefund.String(), in,
		func(ctx context.Context) (id.CreditNote, error) {
			if !in.OrderID.IsZero() {
				earlier, found, err := s.store.RefundOf(ctx, in.OrderID)
				if err != nil || found {
					return earlier.ID, err
				}
			}
			started, err := s.store.BeginRefund(ctx, refund)
			if err == nil {
				refund = started
			}
			return refund.ID, err
		})
	if err != nil {
		return Refund{}, false, err
	}
	if note == refund.ID {
		return refund, true, nil
	}
	refund, err = s.store.Refund(ctx, note)
	return refund, false, err
}

// carryOutRefund asks the provider and records what it says. It goes on when the
// caller no longer waits.
func (s *Service) carryOutRefund(ctx context.Context, r Refund) (payments.CreditNote, error) {
	ctx = context.WithoutCancel(ctx)
	answer, err := s.giveBack(ctx, r)
	return s.settleRefund(ctx, r, answer, err)
}

// resolveRefund finds out how a claimed refund ended, and asks for it again with
// the same key when the provider has none.
func (s *Service) resolveRefund(ctx context.Context, r Refund) (payments.CreditNote, error) {
	ctx = context.WithoutCancel(ctx)
	answer, found, err := s.lookUpRefund(ctx, r)
	if err == nil && !found {
		answer, err = s.giveBack(ctx, r)
	}
	return s.settleRefund(ctx, r, answer, err)
}

// giveBack asks the provider, again after a pause when it was not reached. All
// calls carry the same key.
func (s *Service) giveBack(ctx context.Context, r Refund) (provider.Refund, error) {
	ctx, cancel := context.WithTimeout(ctx, s.settings.ProviderTimeout)
	defer cancel()
	request := provider.RefundRequest{
		IdempotencyKey: r.ID.String(), Charge: r.Charge, Amount: r.Amount, Invoice: r.InvoiceID,
	}
	pause := s.settings.RetryPause
	for try := 1; ; try++ {
		answer, err := s.provider.Refund(ctx, request)
		if try == chargeTries || !errors.Is(err, provider.ErrUnreachable) || !wait(ctx, pause) {
			return answer, err
		}
		pause *= 2
	}
}

func (s *Service) lookUpRefund(ctx context.Context, r Refund) (provider.Refund, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.settings.ProviderTimeout)
	defer cancel()
	return s.provider.LookupRefund(ctx, r.ID.String())
}

// settleRefund records what the provider said. Whatever it did not say leaves
// the refund pending: it is asked again until it says.
func (s *Service) settleRefund(ctx context.Context, r Refund, answer provider.Refund, failure error) (payments.CreditNote, error) {
	now := s.clock()
	if failure != nil {
		s.logger.WarnContext(ctx, "refund has no outcome yet", slog.String("credit_note", r.ID.String()),
			slog.String("invoice", r.InvoiceID.String()), slog.Int64("claims", r.Claims), slog.Any("error", failure))
		return r.CreditNote, s.store.PutOffRefund(ctx, r.ID, now, now.Add(askAgainAfter(r.Claims)))
	}
	c := RefundConclusion{
		Note: r.ID, State: payments.RefundFailed, Reference: answer.Reference, Series: s.creditNoteSeries(now), At: now,
	}
	if answer.Outcome == provider.Succeeded {
		c.State = payments.RefundSucceeded
	}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		invoice, concluded, err := s.store.ConcludeRefund(ctx, c)
		if err != nil || !concluded || c.State != payments.RefundSucceeded {
			return err
		}
		return s.outbox.Append(ctx, payments.InvoiceRefunded{
			InvoiceID: r.InvoiceID, UserID: r.UserID, CreditNoteID: r.ID, Amount: r.Amount,
			Remaining: money.Of(invoice.Total.Minor-invoice.Refunded.Minor, invoice.Currency), Reference: r.Reference,
		})
	})
	if err != nil {
		return payments.CreditNote{}, err
	}
	concluded, err := s.store.Refund(ctx, r.ID)
	if err == nil && concluded.State == payments.RefundFailed {
		err = payments.ErrRefundRefused
	}
	return concluded.CreditNote, err
}

// CreditNotes implements payments.Service.
func (s *Service) CreditNotes(ctx context.Context, in payments.CreditNotesInput) ([]payments.CreditNote, error) {
	if _, err := s.Invoice(ctx, payments.InvoiceInput{ID: in.InvoiceID}); err != nil {
		return nil, err
	}
	return s.store.CreditNotes(ctx, in.InvoiceID)
}
