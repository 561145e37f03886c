package gormstore

import (
	"encoding/json"
	"fmt"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/id"
	"shop/platform/money"
)

// order is a row of orders as it is read.
type order struct {
	ID           id.Order
	UserID       id.User
	InvoiceID    id.Invoice
	CheckoutID   id.Checkout
	Number       string
	State        string
	Lines        []byte
	Total        int64
	Currency     string
	ShipTo       []byte
	Carrier      string
	Tracking     string
	Short        bool
	Version      int64
	CancelReason string
	Attempts     int64
	CancelError  string
	DueAt        *time.Time
	PaidAt       time.Time
	PackedAt     *time.Time
	ShippedAt    *time.Time
	DeliveredAt  *time.Time
	CancelledAt  *time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

func (r order) value() (app.Cancellation, error) {
	o := cart.Order{
		ID: r.ID, UserID: r.UserID, InvoiceID: r.InvoiceID, CheckoutID: r.CheckoutID, Number: r.Number,
		State: cart.OrderState(r.State), Total: money.Of(r.Total, money.Currency(r.Currency)),
		Carrier: r.Carrier, Tracking: r.Tracking, Short: r.Short, CancelReason: r.CancelReason, CancelError: r.CancelError,
		Version: r.Version, PaidAt: r.PaidAt.UTC(), PackedAt: instant(r.PackedAt), ShippedAt: instant(r.ShippedAt),
		DeliveredAt: instant(r.DeliveredAt), CancelledAt: instant(r.CancelledAt),
	}
	var lines []orderLine
	if err := json.Unmarshal(r.Lines, &lines); err != nil {
		return app.Cancellation{}, fmt.Errorf("decode the lines of %s: %w", r.ID, err)
	}
	o.Lines = make([]cart.OrderLine, len(lines))
	for i, line := range lines {
		o.Lines[i] = cart.OrderLine(line)
	}
	var shipTo address
	if err := json.Unmarshal(r.ShipTo, &shipTo); err != nil {
		return app.Cancellation{}, fmt.Errorf("decode the address of %s: %w", r.ID, err)
	}
	o.ShipTo = cart.Address(shipTo)
	return app.Cancellation{Order: o, Attempts: r.Attempts}, nil
}

// orderLine is a line as it is stored: fields may be added, not renamed.
type orderLine struct {
	ProductID   id.Product `json:"product_id,omitzero"`
	Description string     `json:"description"`
	Quantity    int64      `json:"quantity"`
}

func orderLines(lines []cart.OrderLine) []orderLine {
	stored := make([]orderLine, len(lines))
	for i, line := range lines {
		stored[i] = orderLine(line)
	}
	return stored
}

// address is an address as it is stored: fields may be added, not renamed.
type address struct {
	Name       string `json:"name,omitempty"`
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	Country    string `json:"country,omitempty"`
}

// optional is an identifier that may be NULL.
func optional(checkout id.Checkout) *id.Checkout {
	if checkout.IsZero() {
		return nil
	}
	return &checkout
}

// moment is a time that may be NULL, and instant its inverse.
func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func instant(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC()
}
