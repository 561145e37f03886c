package cart

import (
	"context"
	"time"

	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/money"
	"shop/platform/page"
)

// Orders is the part of Service for the people who ship. A paid invoice becomes
// an order by itself, exactly one. An order moves paid → packed → shipped →
// delivered, or from paid or packed to cancelling and cancelled; each step is
// published. A step that its state does not allow changes nothing and is
// ErrOrderState. Each method may also return a fault of kind Unavailable or
// Timeout.
type Orders interface {
	// Order reads an order. Its user, administrators and services; for others
	// there is no such order. Errors: ErrOrderNotFound.
	Order(ctx context.Context, in OrderInput) (Order, error)
	// ListOrders lists orders, newest first. A user sees his own, administrators
	// and services those of all. Errors: page.ErrCursor, an invalid field,
	// identity.ErrForbidden for the orders of another user.
	ListOrders(ctx context.Context, in ListOrdersInput) (page.Page[Order], error)
	// PackOrder notes that a paid order is packed. Administrators and services.
	// Errors: ErrOrderNotFound, ErrOrderState, fault.ErrPrecondition.
	PackOrder(ctx context.Context, in PackOrderInput) (Order, error)
	// ShipOrder notes that a packed order was handed to a carrier. Administrators
	// and services. Errors: ErrOrderNotFound, ErrOrderState,
	// fault.ErrPrecondition, an invalid field.
	ShipOrder(ctx context.Context, in ShipOrderInput) (Order, error)
	// DeliverOrder notes that a shipped order arrived. Administrators and
	// services. Errors: ErrOrderNotFound, ErrOrderState, fault.ErrPrecondition.
	DeliverOrder(ctx context.Context, in DeliverOrderInput) (Order, error)
	// CancelOrder refunds what is left of the invoice, puts the goods back into
	// stock and cancels the order, each once. Its user while it is paid,
	// administrators and services until it is shipped. When a neighbour does not
	// answer, or the payment provider refuses the refund, the order is returned as
	// cancelling and is carried on by itself; it is never taken up again. Safe to
	// repeat: an order that is cancelled or being cancelled is returned as it is.
	// Errors: ErrOrderNotFound, ErrOrderState, fault.ErrPrecondition, an invalid
	// field.
	CancelOrder(ctx context.Context, in CancelOrderInput) (Order, error)
}

// The methods of Orders and what repeating them does.
var (
	MethodOrder        = contract.Method{Module: "cart", Name: "Order", Class: contract.Read}
	MethodListOrders   = contract.Method{Module: "cart", Name: "ListOrders", Class: contract.Read}
	MethodPackOrder    = contract.Method{Module: "cart", Name: "PackOrder", Class: contract.Write}
	MethodShipOrder    = contract.Method{Module: "cart", Name: "ShipOrder", Class: contract.Write}
	MethodDeliverOrder = contract.Method{Module: "cart", Name: "DeliverOrder", Class: contract.Write}
	MethodCancelOrder  = contract.Method{Module: "cart", Name: "CancelOrder", Class: contract.IdempotentWrite}
)

// OrderState is where an order stands.
type OrderState string

// The states of an order.
const (
	OrderPaid       OrderState = "paid"
	OrderPacked     OrderState = "packed"
	OrderShipped    OrderState = "shipped"
	OrderDelivered  OrderState = "delivered"
	OrderCancelling OrderState = "cancelling"
	OrderCancelled  OrderState = "cancelled"
)

// MaxOrderText is how many characters the carrier, the tracking number and the
// reason of a cancellation may have.
const MaxOrderText = 200

// Order is what a paid invoice became for the people who ship.
type Order struct {
	ID        id.Order
	UserID    id.User
	InvoiceID id.Invoice
	// CheckoutID is zero for an invoice that an administrator made.
	CheckoutID id.Checkout
	// Number is the invoice's; empty when it has none.
	Number string
	State  OrderState
	// Lines are what is to be shipped, in the invoice's order: without discounts
	// and shipping.
	Lines []OrderLine
	Total money.Amount
	// ShipTo is the zero Address when the buyer gave none.
	ShipTo            Address
	Carrier, Tracking string
	// Short is true when the goods were sold to others before the payment
	// arrived: there may not be enough of them to ship.
	Short bool
	// CancelReason is what was said when it was cancelled. CancelError, for
	// administrators and services alone, is why an order is still cancelling: what
	// the last attempt met with. It is tried again by itself.
	CancelReason, CancelError string
	// Version counts changes, from 1.
	Version int64
	// The moments at which it came to its states; zero until then.
	PaidAt, PackedAt, ShippedAt, DeliveredAt, CancelledAt time.Time
}

// OrderLine is one position of an order.
type OrderLine struct {
	// ProductID is zero for what is no product of the catalog.
	ProductID   id.Product
	Description string
	Quantity    int64
}

// OrderInput names an order.
type OrderInput struct{ ID id.Order }

// ListOrdersInput says which orders, which page. Zero values keep all.
type ListOrdersInput struct {
	UserID    id.User
	State     OrderState
	InvoiceID id.Invoice
	Page      page.Request
}

// PackOrderInput names the order that is packed.
type PackOrderInput struct {
	ID id.Order
	// IfVersion makes the change only while the order is at that version; 0
	// whatever its version. It is so in all inputs that change an order.
	IfVersion int64
}

// ShipOrderInput says who carries an order, and the number to follow it by,
// which may be empty.
type ShipOrderInput struct {
	ID                id.Order
	IfVersion         int64
	Carrier, Tracking string
}

// DeliverOrderInput names the order that arrived.
type DeliverOrderInput struct {
	ID        id.Order
	IfVersion int64
}

// CancelOrderInput names the order to cancel, and why, which may be empty.
type CancelOrderInput struct {
	ID        id.Order
	IfVersion int64
	Reason    string
}
