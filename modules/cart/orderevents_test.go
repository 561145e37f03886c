package cart_test

import (
	"testing"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/module/moduletest"
	"shop/platform/money"
)

func TestOrderEventPayloads(t *testing.T) {
	t.Parallel()
	fact := cart.OrderEvent{
		OrderID: id.Order{0: 1, 15: 1}, UserID: id.User{0: 1, 15: 2}, InvoiceID: id.Invoice{0: 1, 15: 3}, Number: "2026-000001",
	}
	total := money.Of(2990, "EUR")
	placed, packed, shipped, delivered, cancelled := fact, fact, fact, fact, fact
	placed.Name, placed.Total = cart.EventOrderPlaced, &total
	packed.Name = cart.EventOrderPacked
	shipped.Name, shipped.Carrier, shipped.Tracking = cart.EventOrderShipped, "DHL", "00340434161094042557"
	delivered.Name = cart.EventOrderDelivered
	cancelled.Name = cart.EventOrderCancelled
	for _, e := range []event.Event{placed, packed, shipped, delivered, cancelled} {
		moduletest.CheckEvent(t, e.EventName(), fact.OrderID.String(), e)
	}
}
