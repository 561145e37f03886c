// Package gormstore keeps invoices, payments and credit notes in PostgreSQL or
// SQLite. It is the only room of the module that knows GORM.
package gormstore

import (
	"fmt"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/platform/id"
	"shop/platform/money"
)

// invoice is a row of invoices.
type invoice struct {
	ID          id.Invoice `gorm:"primaryKey"`
	UserID      id.User
	Currency    money.Currency
	Total       int64
	Status      payments.Status
	PaidAt      *time.Time
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Series      *string
	Number      *int64
	Reference   string
	Buyer       packed[buyer]
	ShipTo      packed[address]
	TaxRate     string
	TaxIncluded bool
	TaxAmount   int64
	Discount    int64
	Shipping    int64
	Refunded    int64
	Refunding   int64
	PayUntil    *time.Time
	OpenedAt    *time.Time
	VoidedAt    *time.Time
}

// invoiceColumns are those of invoice.
const invoiceColumns = `i.id, i.user_id, i.currency, i.total, i.status, i.paid_at, i.version, i.created_at, i.updated_at,
	i.series, i.number, i.reference, i.buyer, i.ship_to, i.tax_rate, i.tax_included, i.tax_amount, i.discount, i.shipping,
	i.refunded, i.refunding, i.pay_until, i.opened_at, i.voided_at`

func invoiceRow(v payments.Invoice) invoice {
	return invoice{
		ID: v.ID, UserID: v.UserID, Currency: v.Currency, Total: v.Total.Minor, Status: v.Status,
		Version: v.Version, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
		Series: orNil(v.Series), Reference: v.Reference, Buyer: packed[buyer]{buyerRow(v.Buyer)},
		ShipTo: packed[address]{address(v.ShipTo)}, TaxRate: v.Tax.Rate, TaxIncluded: v.Tax.Included, TaxAmount: v.Tax.Amount.Minor,
		Discount: v.Discount.Minor, Shipping: v.Shipping.Minor, PayUntil: orNil(v.PayUntil), OpenedAt: orNil(v.OpenedAt),
	}
}

func (r invoice) value() payments.Invoice {
	amount := func(minor int64) money.Amount { return money.Of(minor, r.Currency) }
	v := payments.Invoice{
		ID: r.ID, UserID: r.UserID, Currency: r.Currency, Status: r.Status, Total: amount(r.Total),
		Number: number(r.Series, r.Number), Reference: r.Reference, Buyer: r.Buyer.V.value(), ShipTo: payments.Address(r.ShipTo.V),
		Tax:      payments.Tax{Rate: r.TaxRate, Included: r.TaxIncluded, Amount: amount(r.TaxAmount)},
		Subtotal: amount(r.Total + r.Discount - r.Shipping), Discount: amount(r.Discount), Shipping: amount(r.Shipping),
		Refunded: amount(r.Refunded), PayUntil: orZero(r.PayUntil), OpenedAt: orZero(r.OpenedAt), PaidAt: orZero(r.PaidAt),
		VoidedAt: orZero(r.VoidedAt), Version: r.Version, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	if !r.TaxIncluded {
		v.Subtotal.Minor -= r.TaxAmount
	}
	if v.Number != "" {
		v.Series = *r.Series
		if v.OpenedAt.IsZero() { // the release before opened it
			v.OpenedAt = v.CreatedAt
		}
	}
	return v
}

// number is a document's number as people read it; empty while it has none.
func number(series *string, n *int64) string {
	if series == nil || n == nil {
		return ""
	}
	return fmt.Sprintf("%s-%06d", *series, *n)
}

// line is a row of invoice_lines.
type line struct {
	InvoiceID   id.Invoice     `gorm:"primaryKey"`
	ID          id.InvoiceLine `gorm:"primaryKey"`
	ProductID   id.Product
	Description string
	Quantity    int64
	UnitPrice   int64
	LineTotal   int64
	Kind        payments.Kind
}

// TableName implements schema.Tabler.
func (line) TableName() string { return "invoice_lines" }

func lineRows(v payments.Invoice) []line {
	rows := make([]line, len(v.Lines))
	for i, l := range v.Lines {
		rows[i] = line{
			InvoiceID: v.ID, ID: l.ID, ProductID: l.ProductID, Description: l.Description,
			Quantity: l.Quantity, UnitPrice: l.UnitPrice.Minor, LineTotal: l.LineTotal.Minor, Kind: l.Kind,
		}
	}
	return rows
}

// billed is an invoice with one of its lines, as queries join them.
type billed struct {
	Invoice     invoice `gorm:"embedded"`
	LineID      id.InvoiceLine
	ProductID   id.Product
	Description string
	Quantity    int64
	UnitPrice   int64
	LineTotal   int64
	Kind        payments.Kind
}

// billedColumns are those of billed, of invoices i and invoice_lines l.
const billedColumns = invoiceColumns + `, l.id AS line_id, l.product_id, l.description, l.quantity, l.unit_price, l.line_total, l.kind`

// whole is an invoice of which rows holds every line, in order. Every invoice
// has one.
func whole(rows []billed) payments.Invoice {
	v := rows[0].Invoice.value()
	v.Lines = make([]payments.Line, len(rows))
	for i, row := range rows {
		v.Lines[i] = row.line()
	}
	return v
}

func (r billed) line() payments.Line {
	kind := r.Kind
	switch { // the release before wrote none
	case kind != "":
	case r.ProductID.IsZero():
		kind = payments.KindOther
	default:
		kind = payments.KindProduct
	}
	return payments.Line{
		ID: r.LineID, Kind: kind, ProductID: r.ProductID, Description: r.Description, Quantity: r.Quantity,
		UnitPrice: money.Of(r.UnitPrice, r.Invoice.Currency),
		LineTotal: money.Of(r.LineTotal, r.Invoice.Currency),
	}
}

// payment is a row of payments, and what it says of the invoice it is for.
type payment struct {
	ID        id.Payment `gorm:"primaryKey"`
	InvoiceID id.Invoice
	UserID    id.User
	Reference string
	Series    *string
	Number    *int64
	Provider  string
	Method    string
	Amount    int64
	Currency  money.Currency
	State     app.State
	Claims    int64
	DueAt     time.Time
	CreatedAt time.Time
}

// paymentColumns are those of payment, of payments p and invoices i.
const paymentColumns = `p.id, p.invoice_id, i.user_id, i.reference, i.series, i.number, p.provider, p.method, p.amount,
	p.currency, p.state, p.claims, p.due_at, p.created_at`

func (r payment) value() app.Attempt {
	return app.Attempt{
		ID: r.ID, InvoiceID: r.InvoiceID, UserID: r.UserID, Reference: r.Reference, Number: number(r.Series, r.Number),
		Provider: r.Provider, Method: r.Method, Amount: money.Of(r.Amount, r.Currency), State: r.State, Claims: r.Claims,
		DueAt: r.DueAt.UTC(), CreatedAt: r.CreatedAt.UTC(),
	}
}
