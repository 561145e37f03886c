package stripe

import (
	"context"
	"fmt"
	"log/slog"

	sdk "github.com/stripe/stripe-go/v84"

	"shop/modules/payments/internal/provider"
)

// Charge implements provider.Provider.
func (s *Stripe) Charge(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	if err := s.CheckMethod(r.Method); err != nil {
		return provider.Charge{}, err
	}
	if r.Amount.IsZero() { // Stripe takes no such charge, and there is nothing to take
		return provider.Charge{Outcome: provider.Succeeded}, nil
	}
	amount, expressible := amountOf(r.Amount)
	if !expressible {
		return s.declined(ctx, r.IdempotencyKey, "", "no such amount in this currency"), nil
	}
	switch age := s.age(r.IdempotencyKey); {
	case age >= lookUntil:
		return s.declined(ctx, r.IdempotencyKey, "", "not charged within a day"), nil
	case age >= askUntil:
		return provider.Charge{}, fmt.Errorf("%w: too long ago to ask again with the same key", provider.ErrUndecided)
	}
	params := &sdk.PaymentIntentCreateParams{
		Amount: new(amount), Currency: new(currencyOf(r.Amount.Currency)),
		PaymentMethod: new(r.Method), Confirm: new(true), ErrorOnRequiresAction: new(true),
		AutomaticPaymentMethods: &sdk.PaymentIntentCreateAutomaticPaymentMethodsParams{
			Enabled: new(true), AllowRedirects: new("never"),
		},
		Description: new(r.Invoice.String()),
		Metadata:    map[string]string{metadataPayment: r.IdempotencyKey, metadataInvoice: r.Invoice.String()},
	}
	params.SetIdempotencyKey(r.IdempotencyKey)
	intent, err := post(ctx, params, s.api.create)
	if err != nil {
		return s.refused(ctx, r.IdempotencyKey, err)
	}
	if intent.LastResponse != nil && intent.LastResponse.Header.Get("Idempotent-Replayed") == "true" && !final(intent) {
		return s.retrieve(ctx, r.IdempotencyKey, intent.ID) // what is replayed is old
	}
	return s.charge(ctx, r.IdempotencyKey, intent)
}

// refused is a charge that was answered with an error.
func (s *Stripe) refused(ctx context.Context, key string, err error) (provider.Charge, error) {
	refusal := refusalOf(err)
	switch {
	case refusal == nil:
		return provider.Charge{}, err
	case refusal.Type == sdk.ErrorTypeInvalidRequest && refusal.Param == "payment_method":
		return provider.Charge{}, fmt.Errorf("%w: %w", provider.ErrUnknownMethod, err)
	case refusal.Type == sdk.ErrorTypeInvalidRequest: // the fault is the shop's, or of its account
		s.logger.WarnContext(ctx, "stripe does not take a charge", slog.String("payment", key), slog.Any("error", err))
	}
	intent := ""
	if refusal.PaymentIntent != nil {
		intent = refusal.PaymentIntent.ID
	}
	return s.declined(ctx, key, intent, reasonOf(refusal)), nil
}

// declined is a charge that was refused, and says so in the log.
func (s *Stripe) declined(ctx context.Context, key, intent, reason string) provider.Charge {
	s.logger.InfoContext(ctx, "charge declined", slog.String("payment", key), slog.String("intent", intent), slog.String("reason", reason))
	return provider.Charge{Reference: intent, Outcome: provider.Declined}
}

// Lookup implements provider.Provider. The search finds intents about a minute
// after they were made; what they are now is read, not searched.
func (s *Stripe) Lookup(ctx context.Context, key string) (provider.Charge, bool, error) {
	var found provider.Charge
	var undecided error
	params := &sdk.PaymentIntentSearchParams{
		SearchParams: sdk.SearchParams{Query: "metadata['" + metadataPayment + "']:'" + key + "'"},
	}
	for intent, err := range s.api.search(ctx, params) {
		if err != nil {
			return provider.Charge{}, false, told(err)
		}
		charge, err := s.retrieve(ctx, key, intent.ID)
		switch {
		case err != nil:
			undecided = err
		case charge.Outcome == provider.Succeeded:
			return charge, true, nil
		default:
			found = charge
		}
	}
	if undecided != nil {
		return provider.Charge{}, false, undecided
	}
	return found, found.Outcome != "", nil
}

// retrieve is a charge as Stripe has it now.
func (s *Stripe) retrieve(ctx context.Context, key, intentID string) (provider.Charge, error) {
	intent, err := s.api.retrieve(ctx, intentID, nil)
	if err != nil {
		return provider.Charge{}, told(err)
	}
	return s.charge(ctx, key, intent)
}

// final reports whether an intent stays as it is.
func final(intent *sdk.PaymentIntent) bool {
	return intent.Status == sdk.PaymentIntentStatusSucceeded || intent.Status == sdk.PaymentIntentStatusCanceled
}

// charge is what an intent means. One that waits for somebody is cancelled:
// nobody will come.
func (s *Stripe) charge(ctx context.Context, key string, intent *sdk.PaymentIntent) (provider.Charge, error) {
	var waits string
	switch intent.Status {
	case sdk.PaymentIntentStatusSucceeded:
		return provider.Charge{Reference: intent.ID, Outcome: provider.Succeeded}, nil
	case sdk.PaymentIntentStatusCanceled:
		return s.declined(ctx, key, intent.ID, "canceled"), nil
	case sdk.PaymentIntentStatusRequiresPaymentMethod:
		if intent.LastPaymentError != nil {
			return s.declined(ctx, key, intent.ID, reasonOf(intent.LastPaymentError)), nil //nolint:nilerr // that error is the answer
		}
		waits = "no payment method"
	case sdk.PaymentIntentStatusRequiresAction:
		waits = "the customer's bank asks for a confirmation (3-D Secure), which this API cannot get"
	case sdk.PaymentIntentStatusRequiresConfirmation:
		waits = "not confirmed"
	case sdk.PaymentIntentStatusProcessing, sdk.PaymentIntentStatusRequiresCapture:
		return provider.Charge{}, fmt.Errorf("%w: intent %s is %s", provider.ErrUndecided, intent.ID, intent.Status)
	default:
		return provider.Charge{}, fmt.Errorf("%w: intent %s is in a state that is not known here", provider.ErrUndecided, intent.ID)
	}
	cancelled, err := s.api.cancel(ctx, intent.ID, nil)
	if err != nil {
		return provider.Charge{}, fmt.Errorf("%w: intent %s is %s and could not be cancelled: %w",
			provider.ErrUndecided, intent.ID, intent.Status, told(err))
	}
	if cancelled.Status != sdk.PaymentIntentStatusCanceled {
		return provider.Charge{}, fmt.Errorf("%w: intent %s is %s", provider.ErrUndecided, intent.ID, cancelled.Status)
	}
	return s.declined(ctx, key, intent.ID, waits), nil
}
