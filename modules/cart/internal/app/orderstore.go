package app

import (
	"context"
	"time"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/id"
)

// OrderStore keeps orders. Errors are the face's or internal ones.
type OrderStore interface {
	// PlaceOrder adds an order, which starts as paid or cancelling, and publishes
	// that, unless its invoice has an order already. In either case what its
	// checkout took is sold: CommitDue, as by SettleCheckout.
	PlaceOrder(ctx context.Context, o cart.Order, at time.Time, placed event.Event) error
	// Order reads an order. Errors: cart.ErrOrderNotFound.
	Order(ctx context.Context, order id.Order) (cart.Order, error)
	// ListOrders reads orders, newest first.
	ListOrders(ctx context.Context, q OrderQuery) ([]cart.Order, error)
	// CountOrders counts them, whatever the place and the limit.
	CountOrders(ctx context.Context, q OrderQuery) (int64, error)
	// InvoicesWithoutOrder are those of some invoices that have no order.
	InvoicesWithoutOrder(ctx context.Context, invoices []id.Invoice) ([]id.Invoice, error)
	// MoveOrder takes an order to another state and publishes that; told may be
	// nil. False when the order is not where the move begins.
	MoveOrder(ctx context.Context, m OrderMove, told event.Event) (cart.Order, bool, error)
	// MarkShort notes that the goods of a checkout's order were gone. Without an
	// order, or once it is cancelled, there is nothing to do.
	MarkShort(ctx context.Context, checkout id.Checkout, at time.Time) error

	// DueCancellations reads up to limit orders that are being cancelled and are
	// due.
	DueCancellations(ctx context.Context, now time.Time, limit int) ([]Cancellation, error)
	// ClaimCancellation takes one in hand until then: it counts one more attempt.
	// False when it ended or somebody else took it in hand since it was read.
	ClaimCancellation(ctx context.Context, c Cancellation, until time.Time) (bool, error)
	// DeferCancellation lets go of a claimed one until it is due again, and keeps
	// what it met with. One that ended or was claimed since stays as it is.
	DeferCancellation(ctx context.Context, c Cancellation, now, due time.Time, met string) error
}

// OrderQuery says which orders. Zero values keep all.
type OrderQuery struct {
	UserID    id.User
	State     cart.OrderState
	InvoiceID id.Invoice
	// Before is the last order of the page before.
	Before id.Order
	Limit  int
}

// OrderMove takes an order from one of some states to another.
type OrderMove struct {
	ID   id.Order
	From []cart.OrderState
	To   cart.OrderState
	// IfVersion makes the move only while the order is at that version; 0 whatever
	// its version.
	IfVersion int64
	At        time.Time
	// Carrier and Tracking are kept when it is shipped; Reason, Attempts and Due
	// when it begins to be cancelled.
	Carrier, Tracking, Reason string
	Attempts                  int64
	Due                       time.Time
}

// Cancellation is an order that is being cancelled. Attempts counts who took it
// in hand, and tells them apart.
type Cancellation struct {
	Order    cart.Order
	Attempts int64
}
