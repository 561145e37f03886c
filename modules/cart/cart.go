// Package cart is the face of carts: what a user means to buy, and the
// checkout that turns it into an invoice. Other modules hold a Service and
// never know whether it lives in this process.
package cart

import (
	"context"
	"time"

	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
)

// Contract are the versions of this face on the wire.
var Contract = contract.Versions{Newest: 2, Oldest: 1}

// Service is what the cart module does. Each method is for the cart's user,
// administrators and services unless it says otherwise, and may also return a
// fault of kind Unavailable or Timeout.
type Service interface {
	// AddItem puts a product in the cart; a product that is in it already gets
	// the quantity added. Safe to repeat with a key. Errors: ErrProductNotFound,
	// ErrCurrency, ErrCartFull, an invalid field.
	AddItem(ctx context.Context, in AddItemInput) (Item, error)
	// Item reads one item with the product's current price. Errors:
	// ErrItemNotFound.
	Item(ctx context.Context, in ItemInput) (Item, error)
	// UpdateItem sets an item's quantity. Errors: ErrItemNotFound,
	// fault.ErrPrecondition, an invalid field.
	UpdateItem(ctx context.Context, in UpdateItemInput) (Item, error)
	// RemoveItem takes an item out. Errors: ErrItemNotFound,
	// fault.ErrPrecondition.
	RemoveItem(ctx context.Context, in RemoveItemInput) error
	// Cart reads all items with current prices and what can be bought. A user
	// without items has an empty cart.
	Cart(ctx context.Context, in CartInput) (Cart, error)
	// Empty takes all items out.
	Empty(ctx context.Context, in EmptyInput) error
	// Quote adds up what a checkout would charge now. It changes nothing and
	// reserves nothing. Errors: those that Checkout would return before it begins.
	Quote(ctx context.Context, in QuoteInput) (Quote, error)
	// Checkout reserves the stock and opens the invoice for what is in the cart,
	// and takes that out of it; all of that or nothing. What came into the cart
	// meanwhile stays in it. Safe to repeat with a key: the repeat of a checkout
	// that was interrupted carries it on. Errors: ErrEmpty, ErrUnavailableItems,
	// ErrCartTooLarge, ErrTotalChanged, ErrDiscountUnknown,
	// ErrDiscountNotApplicable, ErrDiscountUsedUp, ErrContactNeeded,
	// ErrCheckoutInProgress, ErrInvoiceRefused, ErrInterrupted, an invalid field.
	Checkout(ctx context.Context, in CheckoutInput) (Checkout, error)
	// Merge moves all items of a guest's cart into a user's, atomically. A product
	// that both have gets the sum of the quantities, at most MaxQuantity. No line is
	// lost: the cart may then hold more than MaxItems, up to MaxMergedItems. Lines
	// in another currency come along, too; those that are not in the currency of the
	// oldest item cannot be bought until the others are removed. Services only. Safe
	// to repeat: what was moved is gone from the guest's cart. Errors:
	// ErrCheckoutInProgress while the guest checks out.
	Merge(ctx context.Context, in MergeInput) error
	// Receive acts on an event of another module: a removed user's cart goes, a
	// guest's cart becomes the user's, a paid invoice becomes an order and its stock is
	// sold, that of one that will not be paid goes back, one that was refunded in full before its order
	// was shipped cancels it. Services only.
	Receive(ctx context.Context, e event.Envelope) error
	Orders
	// Verify looks whether each paid invoice has an order and each order a paid
	// invoice, whether the stock of each checkout is where these say, and for
	// checkouts and cancellations that do not get on. To repair makes the missing
	// orders, sells, gives back or reserves what was to be, and carries on what is
	// stuck. Administrators and services.
	Verify(ctx context.Context, in audit.Input) (audit.Report, error)
	Discounts
}

// The methods and what repeating them does.
var (
	MethodAddItem    = contract.Method{Module: "cart", Name: "AddItem", Class: contract.IdempotentWrite}
	MethodItem       = contract.Method{Module: "cart", Name: "Item", Class: contract.Read}
	MethodUpdateItem = contract.Method{Module: "cart", Name: "UpdateItem", Class: contract.Write}
	MethodRemoveItem = contract.Method{Module: "cart", Name: "RemoveItem", Class: contract.Write}
	MethodCart       = contract.Method{Module: "cart", Name: "Cart", Class: contract.Read}
	MethodEmpty      = contract.Method{Module: "cart", Name: "Empty", Class: contract.IdempotentWrite}
	MethodQuote      = contract.Method{Module: "cart", Name: "Quote", Class: contract.Read}
	MethodCheckout   = contract.Method{Module: "cart", Name: "Checkout", Class: contract.IdempotentWrite}
	MethodMerge      = contract.Method{Module: "cart", Name: "Merge", Class: contract.IdempotentWrite}
	MethodReceive    = contract.Method{Module: "cart", Name: "Receive", Class: contract.IdempotentWrite}
	MethodVerify     = contract.Method{Module: "cart", Name: "Verify", Class: contract.Write}
)

// Limits of a cart.
const (
	// MaxItems is how many different products can be put in a cart.
	MaxItems = 100
	// MaxMergedItems is how many a cart holds at most after merges.
	MaxMergedItems = 1000
	// MaxQuantity is the largest quantity of an item.
	MaxQuantity = 10_000
)

// Item is one product in a cart. Name, prices and Available are the product's
// at the moment of reading, not stored. A product that was taken off sale stays
// in the cart with its last name and price.
type Item struct {
	ID        id.CartItem
	UserID    id.User
	ProductID id.Product
	Name      string
	Quantity  int64
	UnitPrice money.Amount
	LineTotal money.Amount
	// Available is true while that quantity can be bought: the product is on
	// sale in the cart's currency, and so many are left.
	Available bool
	// Version counts changes of the item, from 1; ProductRevision those of the
	// product and its stock.
	Version, ProductRevision int64
	CreatedAt, UpdatedAt     time.Time
}

// Cart is all items, oldest first.
type Cart struct {
	Items []Item
	// Total is the sum of the lines that are available, which is what a checkout
	// would charge without the others; the zero Amount, without a currency, for
	// an empty cart.
	Total money.Amount
	// Count is the sum of all quantities, unavailable items included.
	Count int64
}

// AddItemInput puts a product in a user's cart.
type AddItemInput struct {
	Key       *idempotency.Key
	UserID    id.User
	ProductID id.Product
	Quantity  int64
}

// ItemInput names an item of a user's cart.
type ItemInput struct {
	UserID id.User
	ID     id.CartItem
}

// UpdateItemInput sets the quantity of an item.
type UpdateItemInput struct {
	UserID id.User
	ID     id.CartItem
	// IfVersion makes the change only while the item is at that version; 0
	// whatever its version.
	IfVersion int64
	// Quantity is the new quantity; nil leaves it.
	Quantity *int64
}

// RemoveItemInput names the item to take out.
type RemoveItemInput struct {
	UserID id.User
	ID     id.CartItem
	// IfVersion takes it out only while it is at that version; 0 whatever its
	// version.
	IfVersion int64
}

// CartInput names the user whose cart is read.
type CartInput struct{ UserID id.User }

// EmptyInput names the user whose cart is emptied.
type EmptyInput struct{ UserID id.User }

// MergeInput names a guest and the user who was that guest.
type MergeInput struct{ From, To id.User }
