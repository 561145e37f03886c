package cart_test

import (
	"testing"

	"shop/modules/cart"
	"shop/platform/id"
	"shop/platform/module/moduletest"
	"shop/platform/money"
)

func TestEventPayloads(t *testing.T) {
	t.Parallel()
	checkout := id.Checkout{0: 1, 15: 1}
	moduletest.CheckEvent(t, cart.EventCheckedOut, checkout.String(), cart.CheckedOut{
		CheckoutID: checkout, UserID: id.User{0: 1, 15: 2}, InvoiceID: id.Invoice{0: 1, 15: 3},
		Total: money.Of(2990, "EUR"), Lines: 2,
	})
}
