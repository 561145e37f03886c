package app

import (
	"context"
	"errors"
	"time"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/money"
)

// Errors of a Store that are not the face's.
var (
	// ErrChanged is returned when another request changed the cart at the same
	// moment: the caller looks again.
	ErrChanged = errors.New("the cart has changed meanwhile")
	// ErrUnfinished is returned when the cart has a checkout under way.
	ErrUnfinished = errors.New("the cart has a checkout under way")
	// ErrKeyUsed is returned when another checkout has the key.
	ErrKeyUsed = errors.New("another checkout has this key")
)

// Store keeps carts and checkouts. Errors are the face's, those above, or
// internal ones.
type Store interface {
	OrderStore

	// Add puts an item in its user's cart, or raises the quantity and renews the
	// currency of the one with that product, and returns what is stored now. It
	// is one statement unless it refuses. Errors: cart.ErrCartFull,
	// cart.ErrCurrency, ErrChanged.
	Add(ctx context.Context, item Item) (Item, error)
	// Item reads one item of a cart. Errors: cart.ErrItemNotFound.
	Item(ctx context.Context, user id.User, item id.CartItem) (Item, error)
	// Items reads a whole cart, oldest first.
	Items(ctx context.Context, user id.User) ([]Item, error)
	// SetQuantity changes an item that is at ifVersion, unless that is 0. Errors:
	// cart.ErrItemNotFound, fault.ErrPrecondition.
	SetQuantity(ctx context.Context, in cart.UpdateItemInput, quantity int64, at time.Time) (Item, error)
	// Remove takes an item out that is at ifVersion, unless that is 0. Errors:
	// cart.ErrItemNotFound, fault.ErrPrecondition.
	Remove(ctx context.Context, in cart.RemoveItemInput) error
	// Clear takes all items out of a cart.
	Clear(ctx context.Context, user id.User) error

	// Merge moves the items of one cart into another: see cart.Service. It may run
	// in a transaction, which ErrChanged ends. Errors: ErrChanged, ErrUnfinished.
	Merge(ctx context.Context, from, to id.User, at time.Time) error

	// Start adds a checkout, while the cart is what its lines say, and takes a use
	// of its discount. Errors: ErrChanged, also for a discount that was changed,
	// ErrUnfinished, ErrKeyUsed, cart.ErrDiscountUsedUp.
	Start(ctx context.Context, c Checkout) error
	// Checkout reads a checkout; false when there is none.
	Checkout(ctx context.Context, checkout id.Checkout) (Checkout, bool, error)
	// CheckoutOfKey reads the checkout with a key that did not fail; false when
	// there is none.
	CheckoutOfKey(ctx context.Context, key Key) (Checkout, bool, error)
	// Unfinished says whether a user has a started checkout.
	Unfinished(ctx context.Context, user id.User) (bool, error)
	// DropKey takes the key from the checkout that has it.
	DropKey(ctx context.Context, key Key) error
	// DropKeys takes the keys from all checkouts of a user.
	DropKeys(ctx context.Context, user id.User) error
	// Due reads up to limit started checkouts that are due.
	Due(ctx context.Context, now time.Time, limit int) ([]Checkout, error)
	// Claim takes a started checkout in hand until then: it counts one more claim.
	// False when it ended, or somebody else has taken it in hand since it was
	// read.
	Claim(ctx context.Context, c Checkout, until time.Time) (bool, error)
	// Defer lets go of a claimed checkout until it is due again. One that ended
	// or that somebody else has claimed stays as it is.
	Defer(ctx context.Context, c Checkout, now, due time.Time) error
	// GiveUp takes a started checkout in hand until then, as Claim does, to release
	// what it has reserved. False also when its invoice has been paid.
	GiveUp(ctx context.Context, c Checkout, until time.Time) (bool, error)
	// Finish ends a started checkout with its invoice, takes what was bought out of
	// the cart, and publishes e, whoever has it in hand; its settlement is looked
	// at again at c.SettleAt. False when it ended before.
	Finish(ctx context.Context, c Checkout, e event.Event, at time.Time) (bool, error)
	// Fail ends a claimed checkout without an invoice and gives the use of its
	// discount back. False when it ended before or somebody else has claimed it.
	Fail(ctx context.Context, c Checkout, at time.Time) (bool, error)

	SettlementStore
	DiscountStore
}

// SettlementStore keeps what becomes of the stock of checkouts.
type SettlementStore interface {
	// SettleCheckout decides over the stock of a checkout that is unsettled, also
	// of one that is not done yet: CommitDue or ReleaseDue, which gives the use of
	// its discount back, too. What was decided stays; an unknown checkout is
	// nothing to decide over.
	SettleCheckout(ctx context.Context, checkout id.Checkout, to Settlement, at time.Time) error
	// Unsettled takes up to limit done checkouts whose settlement is due in hand
	// until then.
	Unsettled(ctx context.Context, now, until time.Time, limit int) ([]Checkout, error)
	// Settled notes that what was decided over checkouts is done.
	Settled(ctx context.Context, checkouts []id.Checkout) error
	// Standings tells of some checkouts where those stand that are done, and that
	// no earlier release began, in no order.
	Standings(ctx context.Context, checkouts []id.Checkout) ([]Standing, error)
	// Postpone looks at the settlement of an unsettled checkout again later.
	Postpone(ctx context.Context, checkout id.Checkout, until time.Time) error
}

// DiscountStore keeps discount codes.
type DiscountStore interface {
	// AddDiscount adds a discount. Errors: cart.ErrDiscountCodeTaken.
	AddDiscount(ctx context.Context, d cart.Discount) error
	// Discount reads a discount. Errors: cart.ErrDiscountNotFound.
	Discount(ctx context.Context, discount id.Discount) (cart.Discount, error)
	// DiscountOfCode reads the discount with a folded code; false when there is
	// none.
	DiscountOfCode(ctx context.Context, folded string) (cart.Discount, bool, error)
	// Discounts reads up to limit discounts, newest first, those older than before
	// unless that is zero.
	Discounts(ctx context.Context, before id.Discount, limit int) ([]cart.Discount, error)
	// CountDiscounts counts all discounts.
	CountDiscounts(ctx context.Context) (int64, error)
	// DiscountUses counts a user's uses of a discount.
	DiscountUses(ctx context.Context, discount id.Discount, user id.User) (int64, error)
	// SetDiscount sets the terms of a discount that is at ifVersion, unless that is
	// 0. Errors: cart.ErrDiscountNotFound, fault.ErrPrecondition.
	SetDiscount(ctx context.Context, in cart.UpdateDiscountInput, at time.Time) (cart.Discount, error)
	// RemoveDiscount removes a discount that is at ifVersion, unless that is 0.
	// Errors: cart.ErrDiscountNotFound, fault.ErrPrecondition.
	RemoveDiscount(ctx context.Context, in cart.DeleteDiscountInput) error
}

// Once does things once that may be asked for repeatedly, in a transaction of
// the Store.
type Once interface {
	// AddItem runs fn once for the key of in and answers repeats from their
	// record.
	AddItem(ctx context.Context, in cart.AddItemInput, fn func(context.Context) (cart.Item, error)) (cart.Item, error)
	// CreateDiscount runs fn once for the key of in and answers repeats from their
	// record.
	CreateDiscount(ctx context.Context, in cart.CreateDiscountInput, fn func(context.Context) (cart.Discount, error)) (cart.Discount, error)
	// Receive runs fn once for an event.
	Receive(ctx context.Context, e event.Envelope, fn func(context.Context) error) error
	// Forget removes the answers that were given to an actor, the text of an
	// identity.Actor.
	Forget(ctx context.Context, actor string) error
}

// Item is what is stored of a cart's item.
type Item struct {
	ID        id.CartItem
	UserID    id.User
	ProductID id.Product
	// Currency is what the product was priced in when it was last added.
	Currency             money.Currency
	Quantity             int64
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// Checkout is one attempt to check a cart out.
type Checkout struct {
	ID     id.Checkout
	UserID id.User
	// Key is the request's; the zero Key without one.
	Key   Key
	State State
	Lines []Line
	// Terms is nil for a checkout that an earlier release began.
	Terms *Terms
	// Buyer is empty as soon as the checkout ended.
	Buyer Buyer
	// InvoiceID and Number are zero until the checkout is done.
	InvoiceID id.Invoice
	Number    string
	// Settlement is what becomes of the stock; it is looked at again at SettleAt,
	// never when that is zero.
	Settlement Settlement
	SettleAt   time.Time
	// Claims counts who took the checkout in hand, from 1. It tells them apart:
	// whoever was overtaken must not undo what the other one does.
	Claims int64
	// HeldUntil is how long nobody else takes it in hand; DueAt is when it is
	// taken up again unasked.
	HeldUntil, DueAt     time.Time
	CreatedAt, UpdatedAt time.Time
}

// result is what a caller is told of a checkout that is done.
func (c Checkout) result() cart.Checkout {
	result := cart.Checkout{ID: c.ID, InvoiceID: c.InvoiceID, Number: c.Number}
	if c.Terms != nil {
		result.Total = c.Terms.Total
	}
	return result
}

// Key is an Idempotency-Key and whose it is. Fingerprint tells requests with it
// apart; it is empty for those of an earlier release.
type Key struct{ Scope, Text, Fingerprint string }

// Terms are what a checkout was begun on besides its lines. They are stored as
// JSON: fields may be added, not renamed.
type Terms struct {
	cart.Totals
	// PayUntil is when the invoice becomes void unless it is paid.
	PayUntil time.Time `json:"pay_until"`
	// Use is the discount that the checkout has a use of; nil without one.
	Use *DiscountUse `json:"use,omitempty"`
}

// DiscountUse is a use of a discount as it was when the checkout began.
type DiscountUse struct {
	ID      id.Discount `json:"id"`
	Code    string      `json:"code"`
	Version int64       `json:"version"`
}

// Buyer is who buys and where it goes, for the invoice. It is stored as JSON:
// fields may be added, not renamed.
type Buyer struct {
	Contact *cart.Contact `json:"contact,omitempty"`
	ShipTo  *cart.Address `json:"ship_to,omitempty"`
}

// State is where a checkout stands.
type State string

// The states: started → done or failed. Nothing between is stored, since the
// steps between may be repeated.
const (
	Started State = "started"
	Done    State = "done"
	Failed  State = "failed"
)

// Line is one product of a checkout, as it was when the checkout began. Lines
// are stored as JSON: fields may be added, not renamed.
type Line struct {
	ItemID    id.CartItem  `json:"item_id"`
	Version   int64        `json:"version"`
	ProductID id.Product   `json:"product_id"`
	Name      string       `json:"name"`
	Quantity  int64        `json:"quantity"`
	UnitPrice money.Amount `json:"unit_price"`
}
