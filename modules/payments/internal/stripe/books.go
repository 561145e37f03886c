package stripe

import (
	"context"
	"iter"
	"time"

	sdk "github.com/stripe/stripe-go/v84"

	"shop/modules/payments/internal/provider"
	"shop/platform/id"
)

// listPage is how many things Stripe lists at a time: its most.
const listPage int64 = 100

// created selects what was made at or after a time; everything for the zero one.
func created(since time.Time) *sdk.RangeQueryParams {
	if since.IsZero() {
		return nil
	}
	return &sdk.RangeQueryParams{GreaterThanOrEqual: since.Unix()}
}

// Charges implements provider.Provider. What was not made by the shop is left
// out, such as a refund made by hand at Stripe.
func (s *Stripe) Charges(ctx context.Context, since time.Time) iter.Seq2[provider.BookEntry, error] {
	return func(yield func(provider.BookEntry, error) bool) {
		_ = s.chargesSince(ctx, since, yield) && s.refundsSince(ctx, since, yield)
	}
}

func (s *Stripe) chargesSince(ctx context.Context, since time.Time, yield func(provider.BookEntry, error) bool) bool {
	params := &sdk.PaymentIntentListParams{ListParams: sdk.ListParams{Limit: new(listPage)}}
	params.CreatedRange = created(since)
	for intent, err := range s.api.list(ctx, params) {
		if err != nil {
			yield(provider.BookEntry{}, told(err))
			return false
		}
		entry := provider.BookEntry{
			Key: intent.Metadata[metadataPayment], Reference: intent.ID, Kind: provider.KindCharge,
			Amount: amountIn(intent.Amount, intent.Currency), Invoice: invoiceIn(intent.Metadata), At: time.Unix(intent.Created, 0).UTC(),
		}
		switch intent.Status {
		case sdk.PaymentIntentStatusSucceeded:
			entry.Outcome = provider.Succeeded
		case sdk.PaymentIntentStatusCanceled, sdk.PaymentIntentStatusRequiresPaymentMethod:
			entry.Outcome = provider.Declined
		default:
		}
		if entry.Key != "" && entry.Outcome != "" && !yield(entry, nil) {
			return false
		}
	}
	return true
}

func (s *Stripe) refundsSince(ctx context.Context, since time.Time, yield func(provider.BookEntry, error) bool) bool {
	for refund, err := range s.api.listRefunds(ctx, refundsSince(since)) {
		if err != nil {
			yield(provider.BookEntry{}, told(err))
			return false
		}
		entry := provider.BookEntry{
			Key: refund.Metadata[metadataRefund], Reference: refund.ID, Kind: provider.KindRefund,
			Amount: amountIn(refund.Amount, refund.Currency), Invoice: invoiceIn(refund.Metadata), At: time.Unix(refund.Created, 0).UTC(),
		}
		switch refund.Status {
		case sdk.RefundStatusSucceeded:
			entry.Outcome = provider.Succeeded
		case sdk.RefundStatusFailed, sdk.RefundStatusCanceled:
			entry.Outcome = provider.Declined
		default:
		}
		if entry.Key != "" && entry.Outcome != "" && !yield(entry, nil) {
			return false
		}
	}
	return true
}

// invoiceIn is the invoice that metadata names; zero when it names none.
func invoiceIn(metadata map[string]string) id.Invoice {
	var invoice id.Invoice
	if invoice.UnmarshalText([]byte(metadata[metadataInvoice])) != nil {
		return id.Invoice{}
	}
	return invoice
}
