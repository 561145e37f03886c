// Package rest is the payments module's HTTP face.
package rest

import (
	"time"

	"shop/platform/id"
)

// LinePrice is the price of one piece of a line on the wire; below zero in
// discounts.
type LinePrice struct {
	Amount   int64  `json:"amount" minimum:"-1000000000000" maximum:"1000000000000" doc:"Minor units: cents for EUR; below zero in a discount." example:"1250"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217; the invoice's." example:"EUR"`
}

// LineSum is what a line comes to; below zero in discounts.
type LineSum struct {
	Amount   int64  `json:"amount" minimum:"-9223372036854775808" maximum:"9223372036854775807" doc:"Minor units: cents for EUR; below zero in a discount." example:"2500"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"EUR"`
}

// Sum is an amount of money that was added up.
type Sum struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"9223372036854775807" doc:"Minor units: cents for EUR." example:"2500"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"EUR"`
}

// NewInvoice is the body of a create.
type NewInvoice struct {
	UserID    id.User    `json:"user_id" pattern:"^user_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"Who owes it." example:"user_01h455vb4pex5vsknk084sn02q"`
	Currency  string     `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217; all lines are in it." example:"EUR"`
	Lines     []NewLine  `json:"lines" minItems:"1" maxItems:"200" nullable:"false" doc:"What is charged for."`
	Reference string     `json:"reference,omitempty" maxLength:"100" pattern:"^[!-~]*$" patternDescription:"printable ASCII without spaces" doc:"What it is for, as you name it. There is one invoice of a reference, so that a repeat is harmless for ever." example:"chk_01h455vb4pex5vsknk084sn02q"`
	Buyer     *Buyer     `json:"buyer,omitempty" doc:"To whom it is sold; left out: name and address of the user's account."`
	ShipTo    *Address   `json:"ship_to,omitempty" doc:"Where the goods go."`
	Tax       *NewTax    `json:"tax,omitempty" doc:"Left out: none."`
	PayUntil  *time.Time `json:"pay_until,omitempty" doc:"When it is voided unless it is paid; left out: never." example:"2026-11-03T09:30:00.000000Z"`
	Draft     bool       `json:"draft,omitempty" doc:"A draft has no number and cannot be paid until it is opened."`
}

// NewLine is one position of a create.
type NewLine struct {
	ProductID   *id.Product `json:"product_id,omitempty" pattern:"^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"The product; left out for a line that is none." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Description string      `json:"description" minLength:"1" maxLength:"500" doc:"One line of text." example:"Blue mug"`
	Quantity    int64       `json:"quantity" minimum:"1" maximum:"1000000" doc:"How many." example:"2"`
	UnitPrice   LinePrice   `json:"unit_price" doc:"The price of one."`
	Kind        string      `json:"kind,omitempty" enum:"product,discount,shipping,other" doc:"Left out: product with a product_id, else other." example:"product"`
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
	Status    string     `json:"status" enum:"draft,open,paying,paid,void,refunded,uncollectible" doc:"paying: a payment is under way, or its outcome is not known yet. refunded: all of it." example:"open"`
	Total     Sum        `json:"total" doc:"subtotal - discount + shipping, and the tax unless it is included."`
	PaidAt    *time.Time `json:"paid_at,omitempty" doc:"When it was paid; missing until then." example:"2026-11-02T09:31:00.000000Z"`
	Version   int64      `json:"version" minimum:"1" maximum:"9223372036854775807" doc:"Counts changes of the status." example:"1"`
	CreatedAt time.Time  `json:"created_at" example:"2026-11-02T09:30:00.000000Z"`
	UpdatedAt time.Time  `json:"updated_at" example:"2026-11-02T09:30:00.000000Z"`
	Number    string     `json:"number,omitempty" doc:"What people call it: without a gap in its series. Missing while it is a draft." example:"2026-000001"`
	Series    string     `json:"series,omitempty" doc:"What the number begins with." example:"2026"`
	Reference string     `json:"reference,omitempty" doc:"What it is for, as whoever made it names it." example:"chk_01h455vb4pex5vsknk084sn02q"`
	Buyer     *Buyer     `json:"buyer,omitempty" doc:"To whom it was sold, as it was then."`
	ShipTo    *Address   `json:"ship_to,omitempty" doc:"Where the goods go."`
	Subtotal  Sum        `json:"subtotal" doc:"The sum of the lines that are neither discount nor shipping."`
	Discount  *Sum       `json:"discount,omitempty" doc:"What the discounts take off; missing without one."`
	Shipping  *Sum       `json:"shipping,omitempty" doc:"What shipping costs; missing without it."`
	Tax       *Tax       `json:"tax,omitempty" doc:"Missing without one."`
	Refunded  *Sum       `json:"refunded,omitempty" doc:"What went back; missing when nothing did."`
	PayUntil  *time.Time `json:"pay_until,omitempty" doc:"When it is voided unless it is paid." example:"2026-11-03T09:30:00.000000Z"`
	OpenedAt  *time.Time `json:"opened_at,omitempty" doc:"When it was opened." example:"2026-11-02T09:30:00.000000Z"`
	VoidedAt  *time.Time `json:"voided_at,omitempty" doc:"When it was voided." example:"2026-11-03T09:30:00.000000Z"`
}

// Line is one position of an invoice.
type Line struct {
	ID          id.InvoiceLine `json:"id" example:"line_01h455vb4pex5vsknk084sn02q"`
	ProductID   *id.Product    `json:"product_id,omitempty" doc:"The product; missing for a line that is none." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Description string         `json:"description" example:"Blue mug"`
	Quantity    int64          `json:"quantity" minimum:"1" maximum:"1000000" example:"2"`
	UnitPrice   LinePrice      `json:"unit_price"`
	LineTotal   LineSum        `json:"line_total" doc:"quantity times unit_price."`
	Kind        string         `json:"kind,omitempty" enum:"product,discount,shipping,other" example:"product"`
}

// Payment is the body of a payment.
type Payment struct {
	PaymentMethod string `json:"payment_method" minLength:"1" maxLength:"100" pattern:"^[!-~]+$" patternDescription:"printable ASCII without spaces" doc:"A method that the provider knows. The sandbox knows pm_ok, pm_declined, pm_flaky (charges at the second try, which the shop makes) pm_timeout (charges without answering in time), and pm_refund_declined, pm_refund_flaky and pm_refund_timeout (charge; their refunds behave so). Stripe takes those that its own script made." example:"pm_ok"`
}

// Buyer is to whom something is sold.
type Buyer struct {
	Name    string   `json:"name,omitempty" maxLength:"254" example:"Grace Hopper"`
	Email   string   `json:"email,omitempty" maxLength:"254" doc:"Where mail about the invoice goes." example:"grace@example.com"`
	Address *Address `json:"address,omitempty" doc:"Where the bill goes."`
}

// Address is where somebody is.
type Address struct {
	Name       string `json:"name,omitempty" maxLength:"254" example:"Grace Hopper"`
	Line1      string `json:"line1,omitempty" maxLength:"254" example:"1 Main Street"`
	Line2      string `json:"line2,omitempty" maxLength:"254" example:"Apartment 2"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"254" example:"12345"`
	City       string `json:"city,omitempty" maxLength:"254" example:"Springfield"`
	Region     string `json:"region,omitempty" maxLength:"254" example:"Illinois"`
	Country    string `json:"country,omitempty" maxLength:"2" pattern:"^([A-Z]{2})?$" patternDescription:"ISO 3166-1 alpha-2" doc:"ISO 3166-1 alpha-2." example:"US"`
}

// NewTax is the tax of a create.
type NewTax struct {
	Rate     string `json:"rate" maxLength:"8" pattern:"^[0-9]{1,3}([.][0-9]{1,4})?$" patternDescription:"a decimal" doc:"In percent." example:"19"`
	Included bool   `json:"included,omitempty" doc:"Whether the prices of the lines include it."`
	Amount   Sum    `json:"amount"`
}

// Tax is the tax of an invoice.
type Tax struct {
	Rate     string `json:"rate" doc:"In percent, a decimal." example:"19"`
	Included bool   `json:"included" doc:"Whether the prices of the lines include it."`
	Amount   Sum    `json:"amount"`
}

// NewRefund is the body of a refund.
type NewRefund struct {
	Amount  *Sum      `json:"amount,omitempty" doc:"How much goes back; left out: what is left."`
	Reason  string    `json:"reason,omitempty" maxLength:"500" doc:"One line for the credit note." example:"Arrived broken"`
	OrderID *id.Order `json:"order_id,omitempty" pattern:"^ord_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"The order that is cancelled: it is refunded once, however often that is asked." example:"ord_01h455vb4pex5vsknk084sn02q"`
}

// CreditNote is a refund.
type CreditNote struct {
	ID        id.CreditNote `json:"id" example:"crn_01h455vb4pex5vsknk084sn02q"`
	Number    string        `json:"number,omitempty" doc:"What people call it: without a gap in its series. Missing until it succeeded." example:"CN2026-000001"`
	Series    string        `json:"series,omitempty" doc:"What the number begins with." example:"CN2026"`
	InvoiceID id.Invoice    `json:"invoice_id" example:"inv_01h455vb4pex5vsknk084sn02q"`
	Amount    Sum           `json:"amount"`
	Reason    string        `json:"reason,omitempty" example:"Arrived broken"`
	OrderID   *id.Order     `json:"order_id,omitempty" example:"ord_01h455vb4pex5vsknk084sn02q"`
	State     string        `json:"state" enum:"pending,succeeded,failed" doc:"pending: the provider has not said yet; the shop keeps asking it. failed: it refused, nothing went back." example:"succeeded"`
	CreatedAt time.Time     `json:"created_at" example:"2026-11-02T09:30:00.000000Z"`
	UpdatedAt time.Time     `json:"updated_at" example:"2026-11-02T09:30:00.000000Z"`
}

// CreditNotes are the refunds of an invoice.
type CreditNotes struct {
	Items []CreditNote `json:"items" nullable:"false" doc:"Oldest first."`
}
