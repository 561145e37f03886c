package cart

import (
	"shop/platform/id"
	"shop/platform/money"
)

// EventCheckedOut is the name of CheckedOut.
const EventCheckedOut = "cart.checked_out"

// CheckedOut says that a cart was checked out: its stock is reserved and its
// invoice is open.
type CheckedOut struct {
	CheckoutID id.Checkout  `json:"checkout_id"`
	UserID     id.User      `json:"user_id"`
	InvoiceID  id.Invoice   `json:"invoice_id"`
	Total      money.Amount `json:"total"`
	// Lines is how many different products were bought.
	Lines int `json:"lines"`
}

// EventName implements event.Event.
func (CheckedOut) EventName() string { return EventCheckedOut }

// EventVersion implements event.Event.
func (CheckedOut) EventVersion() int { return 1 }

// EventKey implements event.Event.
func (e CheckedOut) EventKey() string { return e.CheckoutID.String() }
