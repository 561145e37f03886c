package rest

import (
	"context"

	"shop/modules/cart"
	"shop/platform/httpapi"
)

type quoteInput struct {
	Owner
	DiscountCode string `query:"discount_code" maxLength:"50" doc:"A discount code." example:"SPRING"`
}

type quoteOutput struct{ Body Quote }

func (h handlers) quote(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	quote, err := h.service.Quote(ctx, cart.QuoteInput{UserID: user, DiscountCode: in.DiscountCode})
	if err != nil {
		return nil, err
	}
	return &quoteOutput{quoteOf(quote)}, nil
}

type checkoutInput struct {
	Owner
	httpapi.IdempotencyKey
	// Body may be missing.
	Body *NewCheckout
}

// checkoutOutput is a checkout, which leads to its invoice.
type checkoutOutput struct {
	Location string `header:"Location" doc:"The invoice."`
	Replayed string `header:"Idempotent-Replayed" doc:"true: the answer of an earlier request with the same Idempotency-Key."`
	Body     Checkout
}

func (h handlers) checkout(ctx context.Context, in *checkoutInput) (*checkoutOutput, error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	ask := in.Body.input()
	ask.UserID, ask.Key = user, key
	done, err := h.service.Checkout(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &checkoutOutput{Location: "/invoices/" + done.InvoiceID.String(), Body: checkoutOf(done)}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out, nil
}
