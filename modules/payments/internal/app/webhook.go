package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/provider"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/module"
)

// Webhooks keep what providers send by themselves.
type Webhooks interface {
	// InsertWebhook keeps a webhook; false when it has come before.
	InsertWebhook(ctx context.Context, w Webhook) (bool, error)
	// DueWebhooks reads up to limit webhooks of a provider that are not handled
	// and due, without their bodies.
	DueWebhooks(ctx context.Context, provider string, now time.Time, limit int) ([]Webhook, error)
	// ClaimWebhook takes a webhook in hand: it counts one more attempt and puts off
	// when it is due. False when somebody else has since it was read.
	ClaimWebhook(ctx context.Context, w Webhook, due time.Time) (bool, error)
	// FailWebhook notes why an attempt failed.
	FailWebhook(ctx context.Context, webhook id.Webhook, reason string) error
	// FinishWebhook notes that nothing is left to do, and reason, if any, for
	// which nothing was done.
	FinishWebhook(ctx context.Context, webhook id.Webhook, at time.Time, reason string) error
	// PruneWebhooks removes those that were handled before a time.
	PruneWebhooks(ctx context.Context, before time.Time) (int64, error)
}

// Webhook is a notice of a provider as it is kept.
type Webhook struct {
	provider.Notice

	// WebhookID is ours; Notice.ID is the provider's.
	WebhookID  id.Webhook
	Provider   string
	Body       []byte
	ReceivedAt time.Time
	// Attempts counts who took it in hand.
	Attempts int64
	DueAt    time.Time
}

// Limits of webhooks.
const (
	webhookBatch  = 50
	webhookAtOnce = 8
	// giveUpAfter is how long a webhook is tried. What it is about is resolved
	// without it, too.
	giveUpAfter = 24 * time.Hour
	// keepWebhooks is how long one is kept after it was handled.
	keepWebhooks = 90 * 24 * time.Hour
	// maxNoticeText bounds the names that a provider gives.
	maxNoticeText = 255
)

// Webhook implements payments.Service.
func (s *Service) Webhook(ctx context.Context, in payments.WebhookInput) error {
	if in.Provider != s.provider.Name() {
		return payments.ErrNoWebhooks
	}
	notice, err := s.provider.ReadNotice(in.Body, in.Signature)
	switch {
	case errors.Is(err, provider.ErrNoNotices):
		return payments.ErrNoWebhooks.WithCause(err)
	case errors.Is(err, provider.ErrNotSigned):
		return payments.ErrWebhookSignature.WithCause(err)
	case err != nil:
		return payments.ErrWebhookUnreadable.WithCause(err)
	case len(notice.ID) > maxNoticeText || len(notice.Kind) > maxNoticeText:
		return payments.ErrWebhookUnreadable
	}
	now := s.clock()
	w := Webhook{
		Notice: notice, WebhookID: id.NewWebhook(), Provider: in.Provider, Body: in.Body, ReceivedAt: now, DueAt: now,
	}
	if _, err := s.store.InsertWebhook(ctx, w); err != nil {
		return err
	}
	select {
	case s.arrived <- struct{}{}:
	default: // somebody is about to look already
	}
	return nil
}

// runWebhooks acts on webhooks as they arrive, and again on those that could not
// be acted on. Every replica runs it. It returns when ctx ends, after those in
// hand.
func (s *Service) runWebhooks(ctx context.Context) error {
	ticker := time.NewTicker(s.settings.ResolveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.arrived:
		case <-ticker.C:
		}
		if err := s.handleDue(ctx); err != nil && ctx.Err() == nil {
			s.logger.ErrorContext(ctx, "webhooks not handled", slog.Any("error", err))
		}
	}
}

// handleDue acts on the webhooks that are due, once.
func (s *Service) handleDue(ctx context.Context) error {
	due, err := s.store.DueWebhooks(ctx, s.provider.Name(), s.clock(), webhookBatch)
	if err != nil {
		return err
	}
	return module.Each(ctx, webhookAtOnce, due, func(ctx context.Context, w Webhook) error {
		return s.handle(context.WithoutCancel(ctx), w)
	})
}

// handle acts on a webhook, unless somebody else does.
func (s *Service) handle(ctx context.Context, w Webhook) error {
	now := s.clock()
	claimed, err := s.store.ClaimWebhook(ctx, w, now.Add(s.handleAgainAfter(w.Attempts)))
	if err != nil || !claimed {
		return err
	}
	failure := s.act(ctx, w.Notice)
	attributes := []any{slog.String("webhook", w.WebhookID.String()), slog.String("kind", w.Kind)}
	switch {
	case failure == nil:
		return s.store.FinishWebhook(ctx, w.WebhookID, now, "")
	case now.Sub(w.ReceivedAt) >= giveUpAfter:
		s.logger.WarnContext(ctx, "webhook given up", append(attributes, slog.Any("error", failure))...)
		return s.store.FinishWebhook(ctx, w.WebhookID, now, failure.Error())
	default:
		s.logger.InfoContext(ctx, "webhook put off", append(attributes, slog.Any("error", failure))...)
		return s.store.FailWebhook(ctx, w.WebhookID, failure.Error())
	}
}

// handleAgainAfter is the pause after an attempt: at first no longer than it
// takes to look for what is due, then twice as long each time.
func (s *Service) handleAgainAfter(attempts int64) time.Duration {
	const longest = 10 * time.Minute
	if attempts >= 20 {
		return longest
	}
	return min(longest, s.settings.ResolveEvery<<attempts)
}

// errUnresolved says that what a webhook is about has no outcome yet.
var errUnresolved = errors.New("it has no outcome yet")

// act asks what came of what a notice is about. What it says happened is not
// believed: notices come twice, late, and one before the other. One that is
// about nothing of the shop's needs nothing.
func (s *Service) act(ctx context.Context, n provider.Notice) error {
	var payment id.Payment
	var note id.CreditNote
	switch {
	case note.UnmarshalText([]byte(n.Refund)) == nil && !note.IsZero():
		return s.actOnRefund(ctx, note)
	case payment.UnmarshalText([]byte(n.Payment)) == nil && !payment.IsZero():
		if n.Kind == kindRefunded {
			return s.actOnRefundsOf(ctx, payment)
		}
		return s.actOnPayment(ctx, payment)
	default:
		return nil
	}
}

// kindRefunded says that money of a charge went back, not by which refund.
const kindRefunded = "charge.refunded"

func (s *Service) actOnPayment(ctx context.Context, payment id.Payment) error {
	attempt, err := s.store.Attempt(ctx, payment)
	if errors.Is(err, database.ErrNotFound) {
		return nil // another shop's with the same account
	}
	if err != nil || attempt.State.final() {
		return err
	}
	if err := s.resolveInBackground(ctx, attempt); err != nil {
		return err
	}
	if attempt, err = s.store.Attempt(ctx, payment); err == nil && !attempt.State.final() {
		err = fmt.Errorf("payment %s: %w", payment, errUnresolved)
	}
	return err
}

func (s *Service) actOnRefund(ctx context.Context, note id.CreditNote) error {
	refund, err := s.store.Refund(ctx, note)
	if errors.Is(err, database.ErrNotFound) {
		return nil
	}
	if err != nil || refund.State != payments.RefundPending {
		return err
	}
	if err := s.resolveRefundInBackground(ctx, refund); err != nil {
		return err
	}
	if refund, err = s.store.Refund(ctx, note); err == nil && refund.State == payments.RefundPending {
		err = fmt.Errorf("refund %s: %w", note, errUnresolved)
	}
	return err
}

func (s *Service) actOnRefundsOf(ctx context.Context, payment id.Payment) error {
	attempt, err := s.store.Attempt(ctx, payment)
	if errors.Is(err, database.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	notes, err := s.store.CreditNotes(ctx, attempt.InvoiceID)
	for _, note := range notes {
		err = errors.Join(err, s.actOnRefund(ctx, note.ID))
	}
	return err
}

// PruneWebhooks removes webhooks that were handled long ago, and counts them.
func (s *Service) PruneWebhooks(ctx context.Context, now time.Time) (int64, error) {
	return s.store.PruneWebhooks(ctx, database.Timestamp(now.Add(-keepWebhooks)))
}
