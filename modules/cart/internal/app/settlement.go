package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/id"
)

// Settlement is what becomes of the stock that a checkout has reserved. It is
// decided once, when the invoice is, and then done: the two are apart because
// the decision commits with the event that brought it and the deed is a call of
// the catalog.
type Settlement string

// The settlements: unsettled → commit → committed, or release → released.
const (
	Unsettled  Settlement = "unsettled"
	CommitDue  Settlement = "commit"
	Committed  Settlement = "committed"
	ReleaseDue Settlement = "release"
	Released   Settlement = "released"
)

const (
	// askAfter is how long after the end of an invoice's time it is asked for what
	// became of it, should no event have told.
	askAfter = 30 * time.Minute
	// reserveFor is how long a reservation outlives that time. The catalog's own
	// expiry is for carts that are gone.
	reserveFor = 2 * askAfter
	// settleAgain is when a settlement that failed is tried again.
	settleAgain = 30 * time.Second
)

// expiresAt is when the catalog takes the stock back by itself; never for a
// checkout that an earlier release began.
func (c Checkout) expiresAt() time.Time {
	if c.Terms == nil {
		return time.Time{}
	}
	return c.Terms.PayUntil.Add(reserveFor)
}

// settleDue settles the checkouts that are due, until none is left.
func (s *Service) settleDue(ctx context.Context) error {
	for ctx.Err() == nil {
		now := s.clock()
		due, err := s.store.Unsettled(ctx, now, now.Add(settleAgain), resumeBatch)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := s.settleAll(ctx, due); err != nil || len(due) < resumeBatch {
			return err
		}
	}
	return nil
}

// settleAll settles several checkouts. What fails is tried again later.
//
// The caller may go away meanwhile: what is done is noted, and before others take
// the checkouts in hand.
func (s *Service) settleAll(ctx context.Context, due []Checkout) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleAgain*3/4)
	defer cancel()
	var (
		group   errgroup.Group
		mu      sync.Mutex
		settled []id.Checkout
		failed  error
	)
	group.SetLimit(resumeAtOnce)
	for _, c := range due {
		group.Go(func() error {
			done, err := s.settle(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			if done {
				settled = append(settled, c.ID)
			}
			if err != nil && failed == nil {
				failed = fmt.Errorf("settle %s: %w", c.ID, err)
			}
			return nil
		})
	}
	_ = group.Wait() // no error is returned above
	if failed != nil {
		s.logger.WarnContext(ctx, "some checkouts are not settled yet",
			slog.Int("due", len(due)), slog.Int("settled", len(settled)), slog.Any("error", failed))
	}
	if len(settled) == 0 {
		return nil
	}
	return s.store.Settled(ctx, settled)
}

// settleNow settles a checkout over which it was decided; nothing to do when it
// is settled, or unknown. Errors: cart.ErrInterrupted for a checkout that is not
// done yet.
func (s *Service) settleNow(ctx context.Context, checkout id.Checkout) error {
	c, found, err := s.store.Checkout(ctx, checkout)
	switch {
	case err != nil || !found || c.State == Failed:
		return err
	case c.State == Started:
		return cart.ErrInterrupted
	}
	done, err := s.settle(ctx, c)
	if err != nil || !done {
		return err
	}
	return s.store.Settled(ctx, []id.Checkout{c.ID})
}

// settle does what was decided over the stock of a checkout, and decides it
// first where the invoice is asked. False when nothing is decided yet. It is
// safe to repeat.
func (s *Service) settle(ctx context.Context, c Checkout) (bool, error) {
	if c.Settlement == Unsettled {
		var err error
		if c.Settlement, err = s.decide(ctx, c); err != nil {
			return false, err
		}
	}
	switch c.Settlement {
	case CommitDue:
		err := s.catalog.Commit(outside(ctx), catalog.CommitInput{Key: c.ID})
		if errors.Is(err, catalog.ErrReservationGone) || errors.Is(err, catalog.ErrReservationNotFound) {
			// The goods went to somebody else while the payment was on its way.
			s.logger.WarnContext(ctx, "paid goods are not in stock any more", slog.String("checkout", c.ID.String()))
			err = s.store.MarkShort(ctx, c.ID, s.clock())
		}
		return err == nil, err
	case ReleaseDue:
		err := s.catalog.Release(outside(ctx), catalog.ReleaseInput{Key: c.ID})
		return err == nil, err
	case Unsettled, Committed, Released:
	}
	return false, nil
}

// decide asks for the invoice of a checkout of which no event has told what
// became of it. While it may still be paid, the reservation lasts longer.
func (s *Service) decide(ctx context.Context, c Checkout) (Settlement, error) {
	invoice, err := s.payments.Invoice(outside(ctx), payments.InvoiceInput{ID: c.InvoiceID})
	if err != nil {
		return Unsettled, fmt.Errorf("ask for the invoice: %w", err)
	}
	switch invoice.Status {
	case payments.StatusPaid, payments.StatusRefunded:
		return CommitDue, s.store.SettleCheckout(ctx, c.ID, CommitDue, s.clock())
	case payments.StatusVoid, payments.StatusUncollectible:
		return ReleaseDue, s.store.SettleCheckout(ctx, c.ID, ReleaseDue, s.clock())
	case payments.StatusDraft, payments.StatusOpen, payments.StatusPaying:
	}
	now := s.clock()
	_, err = s.catalog.Reserve(outside(ctx), catalog.ReserveInput{
		Key: c.ID, Lines: reserveLines(c.Lines), ExpiresAt: now.Add(reserveFor),
	})
	if err != nil && !isRefusal(err) { // one that is gone is taken again when it is paid
		return Unsettled, err
	}
	return Unsettled, s.store.Postpone(ctx, c.ID, now.Add(askAfter))
}
