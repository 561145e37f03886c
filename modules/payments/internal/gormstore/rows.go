// Package gormstore keeps invoices and payments in PostgreSQL or SQLite. It is
// the only room of the module that knows GORM.
package gormstore

import (
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/platform/id"
	"shop/platform/money"
)

// invoice is a row of invoices.
type invoice struct {
	ID        id.Invoice `gorm:"primaryKey"`
	UserID    id.User
	Currency  money.Currency
	Total     int64
	Status    payments.Status
	PaidAt    *time.Time
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// invoiceColumns are those of invoice.
const invoiceColumns = `i.id, i.user_id, i.currency, i.total, i.status, i.paid_at, i.version, i.created_at, i.updated_at`

func invoiceRow(v payments.Invoice) invoice {
	return invoice{
		ID: v.ID, UserID: v.UserID, Currency: v.Currency, Total: v.Total.Minor, Status: v.Status,
		Version: v.Version, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
}

func (r invoice) value() payments.Invoice {
	v := payments.Invoice{
		ID: r.ID, UserID: r.UserID, Currency: r.Currency, Status: r.Status, Total: money.Of(r.Total, r.Currency),
		Version: r.Version, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	if r.PaidAt != nil {
		v.PaidAt = r.PaidAt.UTC()
	}
	return v
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
}

// TableName implements schema.Tabler.
func (line) TableName() string { return "invoice_lines" }

func lineRows(v payments.Invoice) []line {
	rows := make([]line, len(v.Lines))
	for i, l := range v.Lines {
		rows[i] = line{
			InvoiceID: v.ID, ID: l.ID, ProductID: l.ProductID, Description: l.Description,
			Quantity: l.Quantity, UnitPrice: l.UnitPrice.Minor, LineTotal: l.LineTotal.Minor,
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
}

// billedColumns are those of billed, of invoices i and invoice_lines l.
const billedColumns = invoiceColumns + `, l.id AS line_id, l.product_id, l.description, l.quantity, l.unit_price, l.line_total`

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
	return payments.Line{
		ID: r.LineID, ProductID: r.ProductID, Description: r.Description, Quantity: r.Quantity,
		UnitPrice: money.Of(r.UnitPrice, r.Invoice.Currency),
		LineTotal: money.Of(r.LineTotal, r.Invoice.Currency),
	}
}

// payment is a row of payments, and whose invoice it is for.
type payment struct {
	ID        id.Payment `gorm:"primaryKey"`
	InvoiceID id.Invoice
	UserID    id.User
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
const paymentColumns = `p.id, p.invoice_id, i.user_id, p.provider, p.method, p.amount, p.currency, p.state, p.claims,
	p.due_at, p.created_at`

func (r payment) value() app.Attempt {
	return app.Attempt{
		ID: r.ID, InvoiceID: r.InvoiceID, UserID: r.UserID, Provider: r.Provider, Method: r.Method,
		Amount: money.Of(r.Amount, r.Currency), State: r.State, Claims: r.Claims,
		DueAt: r.DueAt.UTC(), CreatedAt: r.CreatedAt.UTC(),
	}
}
