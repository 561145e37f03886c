package payments

import (
	"errors"

	"shop/platform/money"
)

// errNegative is returned for lines whose sum is negative.
var errNegative = errors.New("the total is negative")

// Draw draws the invoice up: everything that follows from the input. What it
// leaves open is who the buyer is when the input does not say, identifiers,
// state and times. Errors: money.ErrOverflow, money.ErrMismatch for lines in
// several currencies, and one for a negative total.
func (in CreateInvoiceInput) Draw() (Invoice, error) {
	zero := money.Of(0, in.Currency)
	v := Invoice{
		Reference: in.Reference, UserID: in.UserID, ShipTo: in.ShipTo, Currency: in.Currency,
		Lines: make([]Line, len(in.Lines)), Subtotal: zero, Discount: zero, Shipping: zero, Tax: Tax{Amount: zero},
		Total: zero, Refunded: zero, PayUntil: in.PayUntil,
	}
	if in.Buyer != nil {
		v.Buyer = *in.Buyer
	}
	if in.Tax != nil {
		v.Tax = *in.Tax
		v.Tax.Amount.Currency = in.Currency
	}
	for i, l := range in.Lines {
		line, err := l.draw()
		if err != nil {
			return Invoice{}, err
		}
		v.Lines[i] = line
		if v.Total, err = v.Total.Add(line.LineTotal); err != nil {
			return Invoice{}, err
		}
		part := &v.Subtotal
		switch line.Kind {
		case KindDiscount:
			part = &v.Discount
			line.LineTotal.Minor = -line.LineTotal.Minor
		case KindShipping:
			part = &v.Shipping
		case KindProduct, KindOther:
		}
		if *part, err = part.Add(line.LineTotal); err != nil {
			return Invoice{}, err
		}
	}
	if !v.Tax.Included {
		var err error
		if v.Total, err = v.Total.Add(v.Tax.Amount); err != nil {
			return Invoice{}, err
		}
	}
	if v.Total.Minor < 0 {
		return Invoice{}, errNegative
	}
	return v, nil
}

func (l LineInput) draw() (Line, error) {
	total, err := l.UnitPrice.Times(l.Quantity)
	if err != nil {
		return Line{}, err
	}
	kind := l.Kind
	switch {
	case kind != "":
	case l.ProductID.IsZero():
		kind = KindOther
	default:
		kind = KindProduct
	}
	return Line{
		Kind: kind, ProductID: l.ProductID, Description: l.Description, Quantity: l.Quantity,
		UnitPrice: l.UnitPrice, LineTotal: total,
	}, nil
}
