package app

import (
	"fmt"

	"shop/modules/cart"
	"shop/platform/money"
)

// Charges are what is charged besides the goods. The zero value charges
// nothing.
type Charges struct {
	TaxRate money.Rate
	// TaxIncluded is true when prices and shipping include the tax.
	TaxIncluded bool
	// Shipping is the flat rate; carts in another currency than it are shipped
	// free.
	Shipping money.Amount
	// ShippingFreeFrom is the subtotal less the discount from which shipping is
	// free; zero for never. It is in Shipping's currency.
	ShippingFreeFrom money.Amount
}

// totals adds a checkout up: docs/money.md says how, and in which order. The
// discount's currency and minimum are looked at before. Errors:
// money.ErrMismatch, money.ErrOverflow.
func (c Charges) totals(lines []Line, discount cart.DiscountTerms) (cart.Totals, error) {
	var t cart.Totals
	for _, line := range lines {
		amount, err := line.UnitPrice.Times(line.Quantity)
		if err != nil {
			return cart.Totals{}, fmt.Errorf("multiply the price of %s: %w", line.ProductID, err)
		}
		if t.Subtotal, err = t.Subtotal.Add(amount); err != nil {
			return cart.Totals{}, fmt.Errorf("add the lines up: %w", err)
		}
	}
	currency := t.Subtotal.Currency
	t.Discount = money.Of(min(discount.Amount.Minor, t.Subtotal.Minor), currency)
	if discount.BasisPoints > 0 {
		t.Discount = t.Subtotal.Share(money.BasisPoints(discount.BasisPoints))
	}
	goods := t.Subtotal.Minor - t.Discount.Minor
	t.Shipping = money.Of(0, currency)
	if free := c.ShippingFreeFrom.Minor; c.Shipping.Currency == currency && (free == 0 || goods < free) {
		t.Shipping = c.Shipping
	}
	charged, err := money.Of(goods, currency).Add(t.Shipping)
	if err != nil {
		return cart.Totals{}, fmt.Errorf("add the shipping: %w", err)
	}
	t.Tax = cart.Tax{Rate: c.TaxRate.String(), Included: c.TaxIncluded}
	if c.TaxIncluded {
		t.Tax.Amount, t.Total = charged.Contained(c.TaxRate), charged
		return t, nil
	}
	t.Tax.Amount = charged.Share(c.TaxRate)
	if t.Total, err = charged.Add(t.Tax.Amount); err != nil {
		return cart.Totals{}, fmt.Errorf("add the tax: %w", err)
	}
	return t, nil
}
