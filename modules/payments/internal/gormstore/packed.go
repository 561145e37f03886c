package gormstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"shop/modules/payments"
)

// packed is a value that is kept as JSON in one column.
type packed[T any] struct{ V T }

// Value implements driver.Valuer.
func (p packed[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(p.V)
	return string(text), err //nolint:wrapcheck // the statement's error says what it was about
}

// Scan implements sql.Scanner.
func (p *packed[T]) Scan(stored any) error {
	var text []byte
	switch stored := stored.(type) {
	case []byte:
		text = stored
	case string:
		text = []byte(stored)
	default:
		return fmt.Errorf("read JSON: found %T", stored)
	}
	if err := json.Unmarshal(text, &p.V); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}

// buyer is a payments.Buyer as it is kept.
type buyer struct {
	Name    string  `json:"name,omitempty"`
	Email   string  `json:"email,omitempty"`
	Address address `json:"address,omitzero"`
}

// address is a payments.Address as it is kept.
type address struct {
	Name       string `json:"name,omitempty"`
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	Country    string `json:"country,omitempty"`
}

func buyerRow(v payments.Buyer) buyer {
	return buyer{Name: v.Name, Email: v.Email, Address: address(v.Address)}
}

func (r buyer) value() payments.Buyer {
	return payments.Buyer{Name: r.Name, Email: r.Email, Address: payments.Address(r.Address)}
}

// orNil is a value that is stored as NULL when it is zero.
func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// orZero is a time that may be NULL.
func orZero(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC()
}
