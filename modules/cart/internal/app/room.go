package app

import (
	"strconv"

	"shop/modules/cart"
)

// Room is what decides whether an item can be added to a cart.
type Room struct {
	// Own is the quantity of the item with that product, 0 without one.
	Own int64
	// Items is how many items the cart has.
	Items int64
	// Others is how many items with other products are in another currency.
	Others int64
}

// Check says why an item cannot be added; nil when it can. Errors:
// cart.ErrCurrency, cart.ErrCartFull, which names the field that is to blame.
func (r Room) Check(item Item) error {
	switch {
	case r.Others > 0:
		return cart.ErrCurrency
	case r.Own+item.Quantity > cart.MaxQuantity:
		return cart.ErrCartFull.WithField(quantityField,
			"would raise the item above "+strconv.Itoa(cart.MaxQuantity)+"; it holds "+strconv.FormatInt(r.Own, 10))
	case r.Own == 0 && r.Items >= cart.MaxItems:
		return cart.ErrCartFull.WithField("body.product_id",
			"would be one product too many: a cart holds "+strconv.Itoa(cart.MaxItems))
	default:
		return nil
	}
}
