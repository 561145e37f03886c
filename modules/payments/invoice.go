package payments

import (
	"time"

	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
	"shop/platform/page"
)

// Status is where an invoice stands.
type Status string

// The states. draft → open or void; open → paying, void or uncollectible;
// paying → paid, or → open again after a decline, and it stays while the
// outcome of a charge is unknown; paid → refunded, when all of it went back.
const (
	StatusDraft         Status = "draft"
	StatusOpen          Status = "open"
	StatusPaying        Status = "paying"
	StatusPaid          Status = "paid"
	StatusVoid          Status = "void"
	StatusRefunded      Status = "refunded"
	StatusUncollectible Status = "uncollectible"
)

// Kind is what a line of an invoice is.
type Kind string

// The kinds of line.
const (
	KindProduct  Kind = "product"
	KindDiscount Kind = "discount"
	KindShipping Kind = "shipping"
	KindOther    Kind = "other"
)

// Limits of an invoice.
const (
	// MaxLines is how many lines an invoice may have.
	MaxLines = 200
	// MaxQuantity is the largest quantity of a line.
	MaxQuantity = 1_000_000
)

// Invoice is what a user owes or has paid. What was sold to whom is a snapshot:
// later changes of products and accounts do not touch it.
type Invoice struct {
	ID id.Invoice
	// Number is what people call it, "2026-000001": without a gap in its Series.
	// Both are empty for a draft, and for one that was voided.
	Number, Series string
	// Reference is what it is for, as whoever made it names it; unique unless
	// empty.
	Reference string
	UserID    id.User
	Buyer     Buyer
	ShipTo    Address
	Currency  money.Currency
	Lines     []Line
	Status    Status
	// Subtotal is the sum of the lines that are neither discount nor shipping,
	// Discount what the discount lines take off (not negative), Shipping the sum of
	// the shipping lines.
	Subtotal, Discount, Shipping money.Amount
	Tax                          Tax
	// Total is Subtotal - Discount + Shipping, and the tax unless it is included.
	Total money.Amount
	// Refunded is what went back of it.
	Refunded money.Amount
	// PayUntil is when an invoice that is still open is voided; zero: never.
	PayUntil time.Time
	// OpenedAt, PaidAt and VoidedAt are when it became so; zero until then.
	OpenedAt, PaidAt, VoidedAt time.Time
	// Version counts changes of state, from 1.
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// Line is one position of an invoice.
type Line struct {
	ID   id.InvoiceLine
	Kind Kind
	// ProductID is zero for a line that is no product.
	ProductID   id.Product
	Description string
	Quantity    int64
	// UnitPrice and LineTotal are negative in discounts only.
	UnitPrice money.Amount
	LineTotal money.Amount
}

// Buyer is to whom something is sold. All of it is optional.
type Buyer struct {
	Name, Email string
	Address     Address
}

// Address is where somebody is. All of it is optional; Country is an ISO 3166-1
// alpha-2 code such as DE.
type Address struct {
	Name, Line1, Line2, PostalCode, City, Region, Country string
}

// Tax is the tax of an invoice. The zero value is none.
type Tax struct {
	// Rate is in percent, a decimal: "19", "8.1".
	Rate string
	// Included says that the prices of the lines include it.
	Included bool
	Amount   money.Amount
}

// CreateInvoiceInput is a new invoice: at least one line, all in one currency.
type CreateInvoiceInput struct {
	Key *idempotency.Key
	// Reference, unless empty, makes a repeat harmless for ever: there is one
	// invoice of it.
	Reference string
	UserID    id.User
	// Buyer is to whom it is sold; nil: name and address of the user's account.
	Buyer    *Buyer
	ShipTo   Address
	Currency money.Currency
	Lines    []LineInput
	// Tax is what whoever sells has worked out; nil: none.
	Tax *Tax
	// PayUntil is when it is voided unless it is paid; zero: never.
	PayUntil time.Time
	// Draft makes one that OpenInvoice opens.
	Draft bool
}

// LineInput is one position of a new invoice. ProductID may be zero. An empty
// Kind is product with a product, else other. Only a discount may have a
// negative UnitPrice, and it has no positive one.
type LineInput struct {
	Kind        Kind
	ProductID   id.Product
	Description string
	Quantity    int64
	UnitPrice   money.Amount
}

// OpenInvoiceInput names a draft.
type OpenInvoiceInput struct {
	Key *idempotency.Key
	ID  id.Invoice
}

// InvoiceInput names an invoice.
type InvoiceInput struct{ ID id.Invoice }

// ListInvoicesInput says which invoices, which page.
type ListInvoicesInput struct {
	// UserID is whose; zero: everybody's.
	UserID id.User
	// Status, unless empty, is where they stand.
	Status Status
	// Since leaves out those that did not change at or after it.
	Since time.Time
	Page  page.Request
}

// PayInput pays an invoice with a method that the provider knows.
type PayInput struct {
	Key           *idempotency.Key
	ID            id.Invoice
	PaymentMethod string
}

// VoidInput names an invoice to call off.
type VoidInput struct {
	Key *idempotency.Key
	ID  id.Invoice
}

// WriteOffInput names an invoice to give up.
type WriteOffInput struct {
	Key *idempotency.Key
	ID  id.Invoice
}
