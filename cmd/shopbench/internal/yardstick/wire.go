package yardstick

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Product as it is answered.
type Product struct {
	ID          uuid.UUID       `json:"id"`
	SKU         string          `json:"sku"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Price       Money           `json:"price"`
	Stock       int64           `json:"stock"`
	Category    string          `json:"category"`
	Attributes  json.RawMessage `json:"attributes"`
	Images      json.RawMessage `json:"images"`
	Version     int64           `json:"version"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// Page is a list of products. NextCursor is the id of the last one, empty on
// the last page.
type Page struct {
	Items      []Product `json:"items"`
	NextCursor string    `json:"next_cursor,omitempty"`
}

// PageOf returns the page of the products.
func PageOf(products []Product) Page {
	page := Page{Items: products}
	if len(products) == PageSize {
		page.NextCursor = products[PageSize-1].ID.String()
	}
	return page
}

// CartInput is what is put into a cart.
type CartInput struct {
	ProductID uuid.UUID `json:"product_id"`
	Quantity  int64     `json:"quantity"`
}

// CartItem is what was put into a cart.
type CartItem struct {
	ID        uuid.UUID `json:"id"`
	ProductID uuid.UUID `json:"product_id"`
	Quantity  int64     `json:"quantity"` // in the cart now
}

// CheckedOut answers a checkout.
type CheckedOut struct {
	InvoiceID uuid.UUID `json:"invoice_id"`
}

// PayInput is how an invoice is paid.
type PayInput struct {
	PaymentMethod string `json:"payment_method"`
}

// Invoice is what a payment answers.
type Invoice struct {
	ID     uuid.UUID `json:"id"`
	Status string    `json:"status"`
	Total  Money     `json:"total"`
}

// LogEntry is one recorded action.
type LogEntry struct {
	UserID uuid.UUID       `json:"user_id"`
	Action string          `json:"action"`
	Data   json.RawMessage `json:"data"`
	At     time.Time       `json:"at"`
}

// Logged answers a log request.
type Logged struct {
	Count int `json:"count"`
}

// ParseLog reads the body of a log request: one entry or an array of them.
func ParseLog(body []byte) ([]LogEntry, error) {
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == '[' {
		var entries []LogEntry
		if err := json.Unmarshal(body, &entries); err != nil {
			return nil, fmt.Errorf("read the entries: %w", err)
		}
		return entries, nil
	}
	entries := make([]LogEntry, 1)
	if err := json.Unmarshal(body, &entries[0]); err != nil {
		return nil, fmt.Errorf("read the entry: %w", err)
	}
	return entries, nil
}
