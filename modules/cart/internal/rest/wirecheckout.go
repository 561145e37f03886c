package rest

import (
	"shop/modules/cart"
	"shop/platform/id"
	"shop/platform/money"
)

// NewCheckout is the body of a checkout; all of it may be left out.
type NewCheckout struct {
	ExpectedTotal *Price   `json:"expected_total,omitempty" doc:"The total that the customer was shown: nothing is done when another one would be charged."`
	DiscountCode  string   `json:"discount_code,omitempty" maxLength:"50" doc:"Compared without regard to upper and lower case." example:"SPRING"`
	Contact       *Contact `json:"contact,omitempty" doc:"Who buys; a guest must say it."`
	ShipTo        *Address `json:"ship_to,omitempty" doc:"Where the goods go."`
}

// Contact is who buys.
type Contact struct {
	Email string `json:"email" minLength:"3" maxLength:"254" example:"ada@example.com"`
	Name  string `json:"name,omitempty" maxLength:"200" example:"Ada Lovelace"`
}

// Checkout is a checkout that succeeded.
type Checkout struct {
	ID        id.Checkout `json:"id" example:"chk_01h455vb4pex5vsknk084sn02q"`
	InvoiceID id.Invoice  `json:"invoice_id" doc:"The invoice to pay." example:"inv_01h455vb4pex5vsknk084sn02q"`
	Number    string      `json:"number,omitempty" doc:"The invoice's number." example:"2026-000001"`
	Total     *Price      `json:"total,omitempty" doc:"What the invoice is about."`
}

// Quote is what a checkout would charge.
type Quote struct {
	Lines    []QuoteLine `json:"lines" nullable:"false" doc:"What is in the cart, oldest first."`
	Subtotal Price       `json:"subtotal" doc:"The sum of the lines."`
	Discount Price       `json:"discount" doc:"What is taken off the subtotal."`
	Shipping Price       `json:"shipping"`
	Tax      Tax         `json:"tax"`
	Total    Price       `json:"total" doc:"Subtotal less discount plus shipping, plus the tax unless it is included."`
}

// QuoteLine is one product of a quote.
type QuoteLine struct {
	ProductID id.Product `json:"product_id" example:"prod_01h455vb4pex5vsknk084sn02q"`
	Name      string     `json:"name" example:"Blue mug"`
	Quantity  int64      `json:"quantity" example:"2"`
	UnitPrice Price      `json:"unit_price"`
	LineTotal Price      `json:"line_total"`
}

// Tax is the tax on all that is charged.
type Tax struct {
	Rate     string `json:"rate" doc:"A decimal percentage." example:"19"`
	Included bool   `json:"included" doc:"Whether prices include it." example:"true"`
	Amount   Price  `json:"amount"`
}

// NewMerge names a guest and the user who was that guest.
type NewMerge struct {
	From id.User `json:"from" doc:"The guest." example:"user_01h455vb4pex5vsknk084sn02q"`
	To   id.User `json:"to" doc:"The user." example:"user_01h455vb4pex5vsknk084sn02r"`
}

// newCheckoutOf is the body with which a client asks; nil when there is nothing
// to say.
func newCheckoutOf(in cart.CheckoutInput) any {
	body := NewCheckout{DiscountCode: in.DiscountCode}
	if in.ExpectedTotal != nil {
		price := priceOf(*in.ExpectedTotal)
		body.ExpectedTotal = &price
	}
	if in.Contact != nil {
		body.Contact = &Contact{Email: in.Contact.Email, Name: in.Contact.Name}
	}
	if in.ShipTo != nil {
		to := Address(*in.ShipTo)
		body.ShipTo = &to
	}
	if body == (NewCheckout{}) {
		return nil
	}
	return body
}

// input is what the body asks for.
func (b *NewCheckout) input() cart.CheckoutInput {
	if b == nil {
		return cart.CheckoutInput{}
	}
	in := cart.CheckoutInput{DiscountCode: b.DiscountCode}
	if b.ExpectedTotal != nil {
		total := b.ExpectedTotal.value()
		in.ExpectedTotal = &total
	}
	if b.Contact != nil {
		in.Contact = &cart.Contact{Email: b.Contact.Email, Name: b.Contact.Name}
	}
	if b.ShipTo != nil {
		to := cart.Address(*b.ShipTo)
		in.ShipTo = &to
	}
	return in
}

func checkoutOf(c cart.Checkout) Checkout {
	wire := Checkout{ID: c.ID, InvoiceID: c.InvoiceID, Number: c.Number}
	if c.Total != (money.Amount{}) {
		price := priceOf(c.Total)
		wire.Total = &price
	}
	return wire
}

// value is the checkout as the face has it.
func (c Checkout) value() cart.Checkout {
	value := cart.Checkout{ID: c.ID, InvoiceID: c.InvoiceID, Number: c.Number}
	if c.Total != nil {
		value.Total = c.Total.value()
	}
	return value
}

func quoteOf(q cart.Quote) Quote {
	wire := Quote{
		Lines: make([]QuoteLine, len(q.Lines)), Subtotal: priceOf(q.Subtotal), Discount: priceOf(q.Discount),
		Shipping: priceOf(q.Shipping), Total: priceOf(q.Total),
		Tax: Tax{Rate: q.Tax.Rate, Included: q.Tax.Included, Amount: priceOf(q.Tax.Amount)},
	}
	for i, l := range q.Lines {
		wire.Lines[i] = QuoteLine{
			ProductID: l.ProductID, Name: l.Name, Quantity: l.Quantity, UnitPrice: priceOf(l.UnitPrice), LineTotal: priceOf(l.LineTotal),
		}
	}
	return wire
}

// value is the quote as the face has it.
func (q Quote) value() cart.Quote {
	value := cart.Quote{
		Lines: make([]cart.QuoteLine, len(q.Lines)),
		Totals: cart.Totals{
			Subtotal: q.Subtotal.value(), Discount: q.Discount.value(), Shipping: q.Shipping.value(), Total: q.Total.value(),
			Tax: cart.Tax{Rate: q.Tax.Rate, Included: q.Tax.Included, Amount: q.Tax.Amount.value()},
		},
	}
	for i, l := range q.Lines {
		value.Lines[i] = cart.QuoteLine{
			ProductID: l.ProductID, Name: l.Name, Quantity: l.Quantity, UnitPrice: l.UnitPrice.value(), LineTotal: l.LineTotal.value(),
		}
	}
	return value
}
