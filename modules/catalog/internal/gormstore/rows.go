// Package gormstore keeps the catalog in PostgreSQL or SQLite. It is the only
// room of the module that knows GORM.
package gormstore

import (
	"time"

	"shop/modules/catalog"
	"shop/platform/id"
	"shop/platform/money"
)

// product is a row of products.
type product struct {
	ID          id.Product `gorm:"primaryKey"`
	SKU         string
	Name        string
	SortName    string
	Description string
	PriceMinor  int64
	Currency    string
	Category    string
	Attributes  map[string]string `gorm:"serializer:json"`
	Images      []string          `gorm:"serializer:json"`
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DeletedAt   *time.Time
}

// level is a row of stock_levels.
type level struct {
	ProductID id.Product `gorm:"primaryKey"`
	Quantity  int64
	Revision  int64
}

// TableName implements schema.Tabler.
func (level) TableName() string { return "stock_levels" }

// movement is a row of stock_movements.
type movement struct {
	ID        id.StockMovement `gorm:"primaryKey"`
	ProductID id.Product
	Delta     int64
	Reason    reason
	Reference id.Checkout
	At        time.Time
	// Note is why an administrator restocked, in words.
	Note string
}

// TableName implements schema.Tabler.
func (movement) TableName() string { return "stock_movements" }

// reason says why a level changed.
type reason string

const (
	counted   reason = "counted"
	restocked reason = "restocked"
	reserved  reason = "reserved"
	// released is stock of a reservation that was given up, or whose time was past;
	// retaken what was taken of the latter once more; returned the stock of an
	// order that was cancelled.
	released reason = "released"
	retaken  reason = "retaken"
	returned reason = "returned"
)

// reservation is a row of reservations.
type reservation struct {
	Reference id.Checkout `gorm:"primaryKey"`
	State     catalog.ReservationState
	ExpiresAt *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// stocked is a product with its level, as queries join them, and its rank in a
// search.
type stocked struct {
	Row      product `gorm:"embedded"`
	Quantity int64
	Revision int64
	Rank     float64
}

// columns are those of stocked but the rank.
const columns = `p.id, p.sku, p.name, p.sort_name, p.description, p.price_minor, p.currency, p.category,
	p.attributes, p.images, p.version, p.created_at, p.updated_at, p.deleted_at, s.quantity, s.revision`

func rowOf(p catalog.Product) product {
	row := product{
		ID: p.ID, SKU: p.SKU, Name: p.Name, SortName: sortName(p.Name), Description: p.Description,
		PriceMinor: p.Price.Minor, Currency: string(p.Price.Currency), Category: p.Category,
		Attributes: p.Attributes, Images: p.Images, Version: p.Version,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
	if row.Attributes == nil {
		row.Attributes = map[string]string{}
	}
	if row.Images == nil {
		row.Images = []string{}
	}
	if !p.DeletedAt.IsZero() {
		row.DeletedAt = &p.DeletedAt
	}
	return row
}

func (r stocked) value() catalog.Product {
	p := catalog.Product{
		ID: r.Row.ID, SKU: r.Row.SKU, Name: r.Row.Name, Description: r.Row.Description,
		Price: money.Of(r.Row.PriceMinor, money.Currency(r.Row.Currency)), Stock: r.Quantity, Category: r.Row.Category,
		Attributes: r.Row.Attributes, Images: r.Row.Images, Version: r.Row.Version, Revision: r.Row.Version + r.Revision,
		CreatedAt: r.Row.CreatedAt.UTC(), UpdatedAt: r.Row.UpdatedAt.UTC(),
	}
	if r.Row.DeletedAt != nil {
		p.DeletedAt = r.Row.DeletedAt.UTC()
		p.Stock = 0 // what is deleted cannot be bought
	}
	return p
}

func values(rows []stocked) []catalog.Product {
	products := make([]catalog.Product, len(rows))
	for i, row := range rows {
		products[i] = row.value()
	}
	return products
}
