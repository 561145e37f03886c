package app

import (
	"context"
	"strconv"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/money"
)

// Quote implements cart.Service.
func (s *Service) Quote(ctx context.Context, in cart.QuoteInput) (cart.Quote, error) {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return cart.Quote{}, err
	}
	lines, terms, err := s.quote(ctx, in.UserID, in.DiscountCode, "query.discount_code")
	if err != nil {
		return cart.Quote{}, s.refused(ctx, in.UserID, err)
	}
	quote := cart.Quote{Lines: make([]cart.QuoteLine, len(lines)), Totals: terms.Totals}
	for i, line := range lines {
		total, err := line.UnitPrice.Times(line.Quantity)
		if err != nil {
			return cart.Quote{}, err
		}
		quote.Lines[i] = cart.QuoteLine{
			ProductID: line.ProductID, Name: line.Name, Quantity: line.Quantity, UnitPrice: line.UnitPrice, LineTotal: total,
		}
	}
	return quote, nil
}

// maxLines is how many products an invoice has room for, beside its discount and
// its shipping.
const maxLines = payments.MaxLines - 2

// quote is what is in a cart now, at the prices of now, and what it comes to
// with a discount code, which may be empty; field is where the code stands in
// the request.
func (s *Service) quote(ctx context.Context, user id.User, code, field string) ([]Line, Terms, error) {
	rows, products, err := s.read(ctx, user)
	switch {
	case err != nil:
		return nil, Terms{}, err
	case len(rows) == 0:
		return nil, Terms{}, cart.ErrEmpty
	case len(rows) > maxLines:
		return nil, Terms{}, cart.ErrCartTooLarge.With(
			"the cart holds %d products, and one invoice has room for %d; remove some", len(rows), maxLines)
	}
	unavailable := cart.ErrUnavailableItems
	lines := make([]Line, len(rows))
	for i, row := range rows {
		product := products[row.ProductID]
		why, left := shortage(row, product)
		if why == "" && row.Currency != rows[0].Currency {
			why = row.ProductID.String() + " is priced in another currency than the cart"
		}
		if why != "" {
			unavailable = unavailable.WithNumber(itemField(row.ID), why, left)
		}
		lines[i] = Line{
			ItemID: row.ID, Version: row.Version, ProductID: row.ProductID, Name: product.Name,
			Quantity: row.Quantity, UnitPrice: product.Price,
		}
	}
	if len(unavailable.Fields) > 0 {
		return nil, Terms{}, unavailable
	}
	terms, err := s.terms(ctx, user, lines, code, field)
	return lines, terms, err
}

// terms adds lines up.
func (s *Service) terms(ctx context.Context, user id.User, lines []Line, code, field string) (Terms, error) {
	if code == "" {
		totals, err := s.settings.Charges.totals(lines, cart.DiscountTerms{})
		return Terms{Totals: totals}, err
	}
	subtotal, err := Charges{}.totals(lines, cart.DiscountTerms{})
	if err != nil {
		return Terms{}, err
	}
	discount, err := s.applicable(ctx, user, subtotal.Subtotal, code, field)
	if err != nil {
		return Terms{}, err
	}
	totals, err := s.settings.Charges.totals(lines, discount.DiscountTerms)
	return Terms{Totals: totals, Use: &DiscountUse{ID: discount.ID, Code: discount.Code, Version: discount.Version}}, err
}

// applicable is the discount with a code, if a cart with that subtotal may have
// it now. Errors: cart.ErrDiscountUnknown, cart.ErrDiscountUsedUp,
// cart.ErrDiscountNotApplicable.
func (s *Service) applicable(ctx context.Context, user id.User, subtotal money.Amount, code, field string) (cart.Discount, error) {
	discount, found, err := s.store.DiscountOfCode(ctx, FoldCode(code))
	if err != nil {
		return cart.Discount{}, err
	}
	now := s.clock()
	if !found || now.Before(discount.From) || !discount.Until.IsZero() && !now.Before(discount.Until) {
		return cart.Discount{}, cart.ErrDiscountUnknown.WithField(field, "is no discount code of now")
	}
	if discount.MaxUses > 0 && discount.Uses >= discount.MaxUses {
		return cart.Discount{}, cart.ErrDiscountUsedUp.WithField(field, "was used as often as it may")
	}
	if discount.MaxUsesPerUser > 0 {
		own, err := s.store.DiscountUses(ctx, discount.ID, user)
		if err != nil {
			return cart.Discount{}, err
		}
		if own >= discount.MaxUsesPerUser {
			return cart.Discount{}, cart.ErrDiscountUsedUp.WithField(field, "was used by you as often as it may")
		}
	}
	for _, amount := range []money.Amount{discount.Amount, discount.MinSubtotal} {
		if amount.Minor > 0 && amount.Currency != subtotal.Currency {
			return cart.Discount{}, cart.ErrDiscountNotApplicable.WithField(field, "is for carts in "+string(amount.Currency))
		}
	}
	if subtotal.Minor < discount.MinSubtotal.Minor {
		return cart.Discount{}, cart.ErrDiscountNotApplicable.WithNumber(
			field, "is for carts of at least "+discount.MinSubtotal.String(), discount.MinSubtotal.Minor)
	}
	return discount, nil
}

// checkExpected compares what would be charged with what the customer was
// shown. Errors: cart.ErrTotalChanged.
func checkExpected(expected *money.Amount, total money.Amount) error {
	if expected == nil || *expected == total {
		return nil
	}
	return cart.ErrTotalChanged.
		WithNumber("body.expected_total", "was "+expected.String(), expected.Minor).
		WithNumber("total", "is "+total.String(), total.Minor)
}

// left tells how many of a product are left.
func left(product id.Product, stock int64) string {
	return strconv.FormatInt(stock, 10) + " left of " + product.String()
}
