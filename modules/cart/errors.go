package cart

import (
	"time"

	"shop/platform/fault"
)

// The failures that a caller can meet.
var (
	// ErrItemNotFound is returned for an item that is not in this cart.
	ErrItemNotFound = fault.New(fault.NotFound, "cart_item_not_found", "there is no such item in this cart")
	// ErrProductNotFound is returned when the product does not exist or is no
	// longer on sale.
	ErrProductNotFound = fault.New(fault.Invalid, "product_not_on_sale", "there is no such product on sale").WithField("body.product_id", "is no product on sale")
	// ErrCurrency is returned when the product's price is in another currency
	// than the cart.
	ErrCurrency = fault.New(fault.Conflict, "currency_mixed", "the cart holds prices in another currency").WithField("body.product_id", "is priced in another currency than the cart")
	// ErrCartFull is returned when the cart or the item holds as much as it may.
	ErrCartFull = fault.New(fault.Conflict, "cart_full", "the cart cannot hold more")
	// ErrEmpty is returned when there is nothing to check out.
	ErrEmpty = fault.New(fault.Conflict, "cart_empty", "the cart is empty")
	// ErrUnavailableItems is returned when items cannot be bought as they are; its
	// fields are items.<item's identifier>, each with what is left. Nothing was
	// reserved.
	ErrUnavailableItems = fault.New(fault.Conflict, "items_unavailable", "some items cannot be bought in this quantity")
	// ErrCartTooLarge is returned when a cart that was merged holds more products
	// than fit on an invoice.
	ErrCartTooLarge = fault.New(fault.Conflict, "cart_too_large", "the cart holds more products than fit on one invoice; remove some")
	// ErrTotalChanged is returned when the expected total is not what would be
	// charged; its fields body.expected_total and total say both, each with the
	// number of minor units. Nothing was reserved.
	ErrTotalChanged = fault.New(fault.Conflict, "total_changed", "the total is not the expected one")
	// ErrDiscountUnknown is returned for a discount code that does not exist or is
	// outside of its period.
	ErrDiscountUnknown = fault.New(fault.Invalid, "discount_unknown", "there is no such discount code, or it is not its time")
	// ErrDiscountNotApplicable is returned for a discount code that is not for this
	// cart: its subtotal is too low, or in another currency.
	ErrDiscountNotApplicable = fault.New(fault.Conflict, "discount_not_applicable", "the discount code is not for this cart")
	// ErrDiscountUsedUp is returned when the discount code was used as often as it
	// may, by all or by this user.
	ErrDiscountUsedUp = fault.New(fault.Conflict, "discount_used_up", "the discount code was used as often as it may")
	// ErrContactNeeded is returned when a guest checks out without a contact.
	ErrContactNeeded = fault.New(fault.Invalid, "contact_needed", "a guest's checkout needs an e-mail address").WithField("body.contact", "is needed for a guest")
	// ErrDiscountNotFound is returned to administrators for a discount code that
	// does not exist.
	ErrDiscountNotFound = fault.New(fault.NotFound, "discount_not_found", "there is no such discount code")
	// ErrDiscountCodeTaken is returned when another discount has the code.
	ErrDiscountCodeTaken = fault.New(fault.Conflict, "discount_code_taken", "another discount has this code").WithField("body.code", "is taken")
	// ErrCheckoutInProgress is returned while another checkout of this cart runs.
	ErrCheckoutInProgress = fault.New(fault.Conflict, "checkout_in_progress", "another checkout of this cart is under way")
	// ErrInvoiceRefused is returned when no invoice can be made for this user and
	// cart. Nothing was reserved.
	ErrInvoiceRefused = fault.New(fault.Conflict, "invoice_refused", "no invoice can be made for this cart")
	// ErrInterrupted is returned when another module did not answer during the
	// checkout, which goes on by itself as soon as it does. A repeat with the same
	// key tells how it ended.
	ErrInterrupted = fault.New(fault.Unavailable, "checkout_interrupted", "the checkout has begun and goes on by itself; repeat it with the same Idempotency-Key to learn how it ended").WithRetryAfter(2 * time.Second)
	// ErrOrderNotFound is returned for an order that does not exist or is
	// somebody else's.
	ErrOrderNotFound = fault.New(fault.NotFound, "order_not_found", "there is no such order")
	// ErrOrderState is returned when an order's state does not allow the step; its
	// field "state" is the state. Nothing was changed.
	ErrOrderState = fault.New(fault.Conflict, "order_state", "the order's state does not allow that")
)
