package stripe

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	sdk "github.com/stripe/stripe-go/v84"

	"shop/modules/payments/internal/provider"
	"shop/platform/id"
)

// Refund implements provider.Provider.
func (s *Stripe) Refund(ctx context.Context, r provider.RefundRequest) (provider.Refund, error) {
	amount, expressible := amountOf(r.Amount)
	if !expressible || r.Charge == "" {
		return s.notRefunded(ctx, r.IdempotencyKey, "", "no such charge or amount"), nil
	}
	params := &sdk.RefundCreateParams{
		PaymentIntent: new(r.Charge), Amount: new(amount),
		Metadata: map[string]string{metadataRefund: r.IdempotencyKey, metadataInvoice: r.Invoice.String()},
	}
	params.SetIdempotencyKey(r.IdempotencyKey)
	refund, err := post(ctx, params, s.api.createRefund)
	if err != nil {
		if refusal := refusalOf(err); refusal != nil {
			return s.notRefunded(ctx, r.IdempotencyKey, "", reasonOf(refusal)), nil
		}
		return provider.Refund{}, err
	}
	return s.refund(ctx, r.IdempotencyKey, refund)
}

// notRefunded is a refund that was refused, and says so in the log.
func (s *Stripe) notRefunded(ctx context.Context, key, refund, reason string) provider.Refund {
	s.logger.WarnContext(ctx, "refund declined", slog.String("key", key), slog.String("refund", refund), slog.String("reason", reason))
	return provider.Refund{Reference: refund, Outcome: provider.Declined}
}

// LookupRefund implements provider.Provider. Stripe does not search refunds; the
// list of those made since ours was asked for is short.
func (s *Stripe) LookupRefund(ctx context.Context, key string) (provider.Refund, bool, error) {
	for refund, err := range s.api.listRefunds(ctx, refundsSince(askedFor(key))) {
		switch {
		case err != nil:
			return provider.Refund{}, false, told(err)
		case refund.Metadata[metadataRefund] == key:
			found, err := s.refund(ctx, key, refund)
			return found, err == nil, err
		}
	}
	return provider.Refund{}, false, nil
}

// askedFor is a time before a refund can have been made, by Stripe's clock.
func askedFor(key string) time.Time {
	const clocksDiffer = 10 * time.Minute
	var refund id.Refund
	var note id.CreditNote
	switch {
	case refund.UnmarshalText([]byte(key)) == nil && !refund.IsZero():
		return begun(refund).Add(-clocksDiffer)
	case note.UnmarshalText([]byte(key)) == nil && !note.IsZero():
		return begun(note).Add(-clocksDiffer)
	default:
		return time.Time{}
	}
}

func refundsSince(since time.Time) *sdk.RefundListParams {
	params := &sdk.RefundListParams{ListParams: sdk.ListParams{Limit: new(listPage)}}
	params.CreatedRange = created(since)
	return params
}

// refund is what a refund of Stripe's means.
func (s *Stripe) refund(ctx context.Context, key string, refund *sdk.Refund) (provider.Refund, error) {
	switch refund.Status {
	case sdk.RefundStatusSucceeded:
		return provider.Refund{Reference: refund.ID, Outcome: provider.Succeeded}, nil
	case sdk.RefundStatusFailed, sdk.RefundStatusCanceled:
		return s.notRefunded(ctx, key, refund.ID, string(refund.Status)+" "+string(refund.FailureReason)), nil
	default:
		return provider.Refund{}, fmt.Errorf("%w: refund %s is %s", provider.ErrUndecided, refund.ID, refund.Status)
	}
}
