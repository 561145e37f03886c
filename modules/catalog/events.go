package catalog

import "shop/platform/id"

// Names of the events that this module publishes.
const (
	EventProductCreated = "catalog.product_created"
	EventProductChanged = "catalog.product_changed"
	EventProductDeleted = "catalog.product_deleted"
	EventStockChanged   = "catalog.stock_changed"
)

// ProductCreated says that a product is on sale.
type ProductCreated struct {
	ProductID id.Product `json:"product_id"`
	// Version is that of the product: 1.
	Version int64 `json:"version"`
}

// EventName implements event.Event.
func (ProductCreated) EventName() string { return EventProductCreated }

// EventVersion implements event.Event.
func (ProductCreated) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e ProductCreated) EventKey() string { return e.ProductID.String() }

// ProductChanged says that an administrator changed a product.
type ProductChanged struct {
	ProductID id.Product `json:"product_id"`
	Version   int64      `json:"version"`
}

// EventName implements event.Event.
func (ProductChanged) EventName() string { return EventProductChanged }

// EventVersion implements event.Event.
func (ProductChanged) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e ProductChanged) EventKey() string { return e.ProductID.String() }

// ProductDeleted says that a product was taken off sale.
type ProductDeleted struct {
	ProductID id.Product `json:"product_id"`
	Version   int64      `json:"version"`
}

// EventName implements event.Event.
func (ProductDeleted) EventName() string { return EventProductDeleted }

// EventVersion implements event.Event.
func (ProductDeleted) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e ProductDeleted) EventKey() string { return e.ProductID.String() }

// StockChanged says that a product's level moved. What several checkouts took in
// one step is one event; the ledger has each.
type StockChanged struct {
	ProductID id.Product `json:"product_id"`
	// Quantity is the level after the change, Delta the change.
	Quantity int64 `json:"quantity"`
	Delta    int64 `json:"delta"`
	// Reason is that of the movements: counted, restocked, reserved, released,
	// retaken or returned.
	Reason string `json:"reason"`
	// Reference is the checkout that moved it; missing when none did, or several.
	Reference id.Checkout `json:"reference,omitzero"`
}

// EventName implements event.Event.
func (StockChanged) EventName() string { return EventStockChanged }

// EventVersion implements event.Event.
func (StockChanged) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e StockChanged) EventKey() string { return e.ProductID.String() }
