package rest

import (
	"shop/modules/payments"
	"shop/platform/money"
)

// newInvoiceOf is the inverse of input.
func newInvoiceOf(in payments.CreateInvoiceInput) NewInvoice {
	body := NewInvoice{
		UserID: in.UserID, Currency: string(in.Currency), Lines: make([]NewLine, len(in.Lines)), Reference: in.Reference,
		ShipTo: addressOf(in.ShipTo), PayUntil: orNil(in.PayUntil), Draft: in.Draft,
	}
	if in.Buyer != nil {
		body.Buyer = &Buyer{Name: in.Buyer.Name, Email: in.Buyer.Email, Address: addressOf(in.Buyer.Address)}
	}
	if in.Tax != nil {
		body.Tax = &NewTax{Rate: in.Tax.Rate, Included: in.Tax.Included, Amount: sumOf(in.Tax.Amount)}
	}
	for i, l := range in.Lines {
		body.Lines[i] = NewLine{
			ProductID: orNil(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: LinePrice(sumOf(l.UnitPrice)), Kind: string(l.Kind),
		}
	}
	return body
}

// input is the face's input of a new invoice.
func (b NewInvoice) input() payments.CreateInvoiceInput {
	in := payments.CreateInvoiceInput{
		UserID: b.UserID, Currency: money.Currency(b.Currency), Lines: make([]payments.LineInput, len(b.Lines)),
		Reference: b.Reference, ShipTo: b.ShipTo.value(), PayUntil: orZero(b.PayUntil), Draft: b.Draft,
	}
	if b.Buyer != nil {
		buyer := b.Buyer.value()
		in.Buyer = &buyer
	}
	if b.Tax != nil {
		in.Tax = &payments.Tax{Rate: b.Tax.Rate, Included: b.Tax.Included, Amount: b.Tax.Amount.value()}
	}
	for i, l := range b.Lines {
		in.Lines[i] = payments.LineInput{
			Kind: payments.Kind(l.Kind), ProductID: orZero(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: Sum(l.UnitPrice).value(),
		}
	}
	return in
}

func invoiceOf(v payments.Invoice) Invoice {
	wire := Invoice{InvoiceSummary: summaryOf(v), Lines: make([]Line, len(v.Lines))}
	for i, l := range v.Lines {
		wire.Lines[i] = Line{
			ID: l.ID, ProductID: orNil(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: LinePrice(sumOf(l.UnitPrice)), LineTotal: LineSum(sumOf(l.LineTotal)), Kind: string(l.Kind),
		}
	}
	return wire
}

// value is the invoice as the face has it.
func (v Invoice) value() payments.Invoice {
	value := v.InvoiceSummary.value()
	value.Lines = make([]payments.Line, len(v.Lines))
	for i, l := range v.Lines {
		kind := payments.Kind(l.Kind)
		switch { // version 1 has none
		case kind != "":
		case l.ProductID == nil:
			kind = payments.KindOther
		default:
			kind = payments.KindProduct
		}
		value.Lines[i] = payments.Line{
			ID: l.ID, Kind: kind, ProductID: orZero(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: Sum(l.UnitPrice).value(), LineTotal: Sum(l.LineTotal).value(),
		}
	}
	return value
}

func summaryOf(v payments.Invoice) InvoiceSummary {
	wire := InvoiceSummary{
		ID: v.ID, UserID: v.UserID, Currency: string(v.Currency), Status: string(v.Status), Total: sumOf(v.Total),
		Version: v.Version, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, Number: v.Number, Series: v.Series,
		Reference: v.Reference, ShipTo: addressOf(v.ShipTo), Subtotal: sumOf(v.Subtotal), Discount: some(v.Discount),
		Shipping: some(v.Shipping), Refunded: some(v.Refunded), PayUntil: orNil(v.PayUntil), OpenedAt: orNil(v.OpenedAt),
		PaidAt: orNil(v.PaidAt), VoidedAt: orNil(v.VoidedAt),
	}
	if v.Buyer != (payments.Buyer{}) {
		wire.Buyer = &Buyer{Name: v.Buyer.Name, Email: v.Buyer.Email, Address: addressOf(v.Buyer.Address)}
	}
	if v.Tax.Rate != "" {
		wire.Tax = &Tax{Rate: v.Tax.Rate, Included: v.Tax.Included, Amount: sumOf(v.Tax.Amount)}
	}
	return wire
}

// value is the invoice as a list of the face has it: without its lines.
func (v InvoiceSummary) value() payments.Invoice {
	currency := money.Currency(v.Currency)
	value := payments.Invoice{
		ID: v.ID, UserID: v.UserID, Currency: currency, Status: payments.Status(v.Status),
		Total: v.Total.value(), Version: v.Version, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, Number: v.Number,
		Series: v.Series, Reference: v.Reference, ShipTo: v.ShipTo.value(), Discount: orNothing(v.Discount, currency), Shipping: orNothing(v.Shipping, currency), Refunded: orNothing(v.Refunded, currency),
		Tax:      payments.Tax{Amount: money.Of(0, currency)},
		PayUntil: orZero(v.PayUntil), OpenedAt: orZero(v.OpenedAt), PaidAt: orZero(v.PaidAt), VoidedAt: orZero(v.VoidedAt),
	}
	if v.Buyer != nil {
		value.Buyer = v.Buyer.value()
	}
	if v.Tax != nil {
		value.Tax = payments.Tax{Rate: v.Tax.Rate, Included: v.Tax.Included, Amount: v.Tax.Amount.value()}
	}
	value.Subtotal = money.Of(value.Total.Minor+value.Discount.Minor-value.Shipping.Minor, currency)
	if !value.Tax.Included {
		value.Subtotal.Minor -= value.Tax.Amount.Minor
	}
	return value
}

func creditNoteOf(n payments.CreditNote) CreditNote {
	return CreditNote{
		ID: n.ID, Number: n.Number, Series: n.Series, InvoiceID: n.InvoiceID, Amount: sumOf(n.Amount), Reason: n.Reason,
		OrderID: orNil(n.OrderID), State: string(n.State), CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
	}
}

// value is the credit note as the face has it.
func (n CreditNote) value() payments.CreditNote {
	return payments.CreditNote{
		ID: n.ID, Number: n.Number, Series: n.Series, InvoiceID: n.InvoiceID, Amount: n.Amount.value(), Reason: n.Reason,
		OrderID: orZero(n.OrderID), State: payments.RefundState(n.State), CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
	}
}

func (b Buyer) value() payments.Buyer {
	return payments.Buyer{Name: b.Name, Email: b.Email, Address: b.Address.value()}
}

func addressOf(a payments.Address) *Address { return orNil(Address(a)) }

// value is the address as the face has it; the zero value of none.
func (a *Address) value() payments.Address { return payments.Address(orZero(a)) }

func sumOf(a money.Amount) Sum { return Sum{Amount: a.Minor, Currency: string(a.Currency)} }

func (s Sum) value() money.Amount { return money.Of(s.Amount, money.Currency(s.Currency)) }

// some is a sum that is left out when it is nothing.
func some(a money.Amount) *Sum {
	if a.IsZero() {
		return nil
	}
	sum := sumOf(a)
	return &sum
}

// orNothing is the inverse of some.
func orNothing(s *Sum, currency money.Currency) money.Amount {
	if s == nil {
		return money.Of(0, currency)
	}
	return s.value()
}

// orNil is a value that is left out when it is zero.
func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// orZero is the inverse of orNil.
func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
