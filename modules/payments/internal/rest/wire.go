// Package rest is the payments module's HTTP face.
package rest

import (
	"time"

	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/money"
)

// Price is the price of one piece on the wire.
type Price struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"1000000000000" doc:"Minor units: cents for EUR." example:"1250"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217; the invoice's." example:"EUR"`
}

// Sum is an amount of money that was added up.
type Sum struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"9223372036854775807" doc:"Minor units: cents for EUR." example:"2500"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"EUR"`
}

// NewInvoice is the body of a create.
type NewInvoice struct {
	UserID   id.User   `json:"user_id" pattern:"^user_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"Who owes it." example:"user_01h455vb4pex5vsknk084sn02q"`
	Currency string    `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217; all lines are in it." example:"EUR"`
	Lines    []NewLine `json:"lines" minItems:"1" maxItems:"200" nullable:"false" doc:"What is charged for."`
}

// NewLine is one position of a create.
type NewLine struct {
	ProductID   *id.Product `json:"product_id,omitempty" pattern:"^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"The product; left out for a line that is none." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Description string      `json:"description" minLength:"1" maxLength:"500" doc:"One line of text." example:"Blue mug"`
	Quantity    int64       `json:"quantity" minimum:"1" maximum:"1000000" doc:"How many." example:"2"`
	UnitPrice   Price       `json:"unit_price" doc:"The price of one."`
}

// Invoice is an invoice as it is answered.
type Invoice struct {
	InvoiceSummary
	Lines []Line `json:"lines" nullable:"false" doc:"What is charged for: a snapshot that later changes of products do not touch."`
}

// InvoiceSummary is an invoice in a list: without its lines.
type InvoiceSummary struct {
	ID        id.Invoice `json:"id" example:"inv_01h455vb4pex5vsknk084sn02q"`
	UserID    id.User    `json:"user_id" doc:"Who owes it." example:"user_01h455vb4pex5vsknk084sn02q"`
	Currency  string     `json:"currency" doc:"ISO 4217." example:"EUR"`
	Status    string     `json:"status" enum:"open,paying,paid,void" doc:"paying: a payment is under way, or its outcome is not known yet." example:"open"`
	Total     Sum        `json:"total" doc:"The sum of the lines."`
	PaidAt    *time.Time `json:"paid_at,omitempty" doc:"When it was paid; missing until then." example:"2026-11-02T09:31:00.000000Z"`
	Version   int64      `json:"version" minimum:"1" maximum:"9223372036854775807" doc:"Counts changes of the status." example:"1"`
	CreatedAt time.Time  `json:"created_at" example:"2026-11-02T09:30:00.000000Z"`
	UpdatedAt time.Time  `json:"updated_at" example:"2026-11-02T09:30:00.000000Z"`
}

// Line is one position of an invoice.
type Line struct {
	ID          id.InvoiceLine `json:"id" example:"line_01h455vb4pex5vsknk084sn02q"`
	ProductID   *id.Product    `json:"product_id,omitempty" doc:"The product; missing for a line that is none." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Description string         `json:"description" example:"Blue mug"`
	Quantity    int64          `json:"quantity" minimum:"1" maximum:"1000000" example:"2"`
	UnitPrice   Price          `json:"unit_price"`
	LineTotal   Sum            `json:"line_total" doc:"quantity times unit_price."`
}

// Payment is the body of a payment.
type Payment struct {
	PaymentMethod string `json:"payment_method" minLength:"1" maxLength:"100" pattern:"^[!-~]+$" patternDescription:"printable ASCII without spaces" doc:"A method that the provider knows. The sandbox knows pm_ok, pm_declined, pm_flaky (charges at the second try, which the shop makes) pm_timeout (charges without answering in time), and pm_refund_declined, pm_refund_flaky and pm_refund_timeout (charge; their refunds behave so). Stripe takes those that its own script made." example:"pm_ok"`
}

// newInvoiceOf is the inverse of input.
func newInvoiceOf(in payments.CreateInvoiceInput) NewInvoice {
	body := NewInvoice{UserID: in.UserID, Currency: string(in.Currency), Lines: make([]NewLine, len(in.Lines))}
	for i, l := range in.Lines {
		body.Lines[i] = NewLine{
			ProductID: productOf(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: Price(sumOf(l.UnitPrice)),
		}
	}
	return body
}

// input is the face's input of a new invoice.
func (b NewInvoice) input() payments.CreateInvoiceInput {
	in := payments.CreateInvoiceInput{
		UserID: b.UserID, Currency: money.Currency(b.Currency), Lines: make([]payments.LineInput, len(b.Lines)),
	}
	for i, l := range b.Lines {
		in.Lines[i] = payments.LineInput{
			ProductID: productIn(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: Sum(l.UnitPrice).value(),
		}
	}
	return in
}

// productOf is the product of a line; nil for a line that is none.
func productOf(product id.Product) *id.Product {
	if product.IsZero() {
		return nil
	}
	return &product
}

// productIn is the inverse of productOf.
func productIn(product *id.Product) id.Product {
	if product == nil {
		return id.Product{}
	}
	return *product
}

func invoiceOf(v payments.Invoice) Invoice {
	wire := Invoice{InvoiceSummary: summaryOf(v), Lines: make([]Line, len(v.Lines))}
	for i, l := range v.Lines {
		wire.Lines[i] = Line{
			ID: l.ID, ProductID: productOf(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: Price(sumOf(l.UnitPrice)), LineTotal: sumOf(l.LineTotal),
		}
	}
	return wire
}

// value is the invoice as the face has it.
func (v Invoice) value() payments.Invoice {
	value := v.InvoiceSummary.value()
	value.Lines = make([]payments.Line, len(v.Lines))
	for i, l := range v.Lines {
		value.Lines[i] = payments.Line{
			ID: l.ID, ProductID: productIn(l.ProductID), Description: l.Description, Quantity: l.Quantity,
			UnitPrice: Sum(l.UnitPrice).value(), LineTotal: l.LineTotal.value(),
		}
	}
	return value
}

func summaryOf(v payments.Invoice) InvoiceSummary {
	wire := InvoiceSummary{
		ID: v.ID, UserID: v.UserID, Currency: string(v.Currency), Status: string(v.Status), Total: sumOf(v.Total),
		Version: v.Version, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	if !v.PaidAt.IsZero() {
		wire.PaidAt = &v.PaidAt
	}
	return wire
}

// value is the invoice as a list of the face has it: without its lines.
func (v InvoiceSummary) value() payments.Invoice {
	value := payments.Invoice{
		ID: v.ID, UserID: v.UserID, Currency: money.Currency(v.Currency), Status: payments.Status(v.Status),
		Total: v.Total.value(), Version: v.Version, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	if v.PaidAt != nil {
		value.PaidAt = *v.PaidAt
	}
	return value
}

func sumOf(a money.Amount) Sum { return Sum{Amount: a.Minor, Currency: string(a.Currency)} }

func (s Sum) value() money.Amount { return money.Of(s.Amount, money.Currency(s.Currency)) }
