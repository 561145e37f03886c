package gingorm

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"shop/cmd/shopbench/internal/yardstick"
)

// Product is a row of products.
type Product struct {
	ID            uuid.UUID `gorm:"primaryKey"`
	SKU           string
	Name          string
	Description   string
	PriceAmount   int64
	PriceCurrency string
	Stock         int64
	Category      string
	Attributes    json.RawMessage
	Images        json.RawMessage
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

func (p Product) wire() yardstick.Product {
	return yardstick.Product{
		ID: p.ID, SKU: p.SKU, Name: p.Name, Description: p.Description,
		Price: yardstick.Money{Amount: p.PriceAmount, Currency: p.PriceCurrency},
		Stock: p.Stock, Category: p.Category, Attributes: p.Attributes, Images: p.Images,
		Version: p.Version, CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}

// CartItem is a row of cart_items.
type CartItem struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	UserID    uuid.UUID
	ProductID uuid.UUID
	Product   Product
	Quantity  int64
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Invoice is a row of invoices.
type Invoice struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	UserID    uuid.UUID
	Number    int64
	Status    string
	Total     int64
	Currency  string
	Lines     []InvoiceLine
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// InvoiceLine is a row of invoice_lines.
type InvoiceLine struct {
	ID          uuid.UUID `gorm:"primaryKey"`
	InvoiceID   uuid.UUID
	ProductID   uuid.UUID
	Description string
	Quantity    int64
	UnitPrice   int64
}

// Payment is a row of payments.
type Payment struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	InvoiceID uuid.UUID
	Method    string
	Amount    int64
	Currency  string
	CreatedAt time.Time
}

// LogEntry is a row of log_entries.
type LogEntry struct {
	ID     uuid.UUID `gorm:"primaryKey"`
	UserID uuid.UUID
	Action string
	Data   json.RawMessage
	At     time.Time
}

// DocumentSeries is a row of document_series.
type DocumentSeries struct {
	Series string `gorm:"primaryKey"`
	Last   int64
}

// TableName implements schema.Tabler.
func (DocumentSeries) TableName() string { return "document_series" }

// LogHour is a row of log_hours.
type LogHour struct {
	Hour    time.Time `gorm:"primaryKey"`
	Action  string    `gorm:"primaryKey"`
	Entries int64
}

// StockMovement is a row of stock_movements.
type StockMovement struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	ProductID uuid.UUID
	Delta     int64
	InvoiceID uuid.UUID
	At        time.Time
}

// MoneyMovement is a row of money_movements.
type MoneyMovement struct {
	ID         uuid.UUID `gorm:"primaryKey"`
	InvoiceID  uuid.UUID
	Receivable int64
	Cash       int64
	At         time.Time
}

// Charge is a row of charges.
type Charge struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	InvoiceID uuid.UUID
	Amount    int64
	Currency  string
	Outcome   string
	CreatedAt time.Time
}

// Order is a row of orders.
type Order struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	InvoiceID uuid.UUID
	UserID    uuid.UUID
	State     string
	Lines     json.RawMessage
	Total     int64
	Currency  string
	CreatedAt time.Time
}

// Email is a row of emails.
type Email struct {
	ID        uuid.UUID `gorm:"primaryKey"`
	UserID    uuid.UUID
	Subject   string
	TextBody  string
	HTMLBody  string
	Status    string
	CreatedAt time.Time
}
