package cart

import (
	"shop/platform/id"
	"shop/platform/money"
)

// Names of the events of orders, each with the order as its key.
const (
	EventOrderPlaced    = "cart.order_placed"
	EventOrderPacked    = "cart.order_packed"
	EventOrderShipped   = "cart.order_shipped"
	EventOrderDelivered = "cart.order_delivered"
	EventOrderCancelled = "cart.order_cancelled"
)

// OrderEvent is what happened to an order: Name is one of the names above.
type OrderEvent struct {
	Name      string     `json:"-"`
	OrderID   id.Order   `json:"order_id"`
	UserID    id.User    `json:"user_id"`
	InvoiceID id.Invoice `json:"invoice_id"`
	// Number is the invoice's; empty when it has none.
	Number string `json:"number"`
	// Total is what was paid; with EventOrderPlaced alone.
	Total *money.Amount `json:"total,omitempty"`
	// Carrier and Tracking come with EventOrderShipped; the number may be empty.
	Carrier  string `json:"carrier,omitempty"`
	Tracking string `json:"tracking,omitempty"`
}

// EventName implements event.Event.
func (e OrderEvent) EventName() string { return e.Name }

// EventVersion implements event.Event.
func (OrderEvent) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e OrderEvent) EventKey() string { return e.OrderID.String() }
