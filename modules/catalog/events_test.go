package catalog_test

import (
	"testing"

	"shop/modules/catalog"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/module/moduletest"
)

func TestEventPayloads(t *testing.T) {
	t.Parallel()
	product := id.Product{0: 1, 15: 1}
	for file, e := range map[string]event.Event{
		"product_created":         catalog.ProductCreated{ProductID: product, Version: 1},
		"product_changed":         catalog.ProductChanged{ProductID: product, Version: 2},
		"product_deleted":         catalog.ProductDeleted{ProductID: product, Version: 3},
		"stock_changed":           catalog.StockChanged{ProductID: product, Quantity: 7, Delta: -2, Reason: "reserved", Reference: id.Checkout{0: 1, 15: 2}},
		"stock_changed-restocked": catalog.StockChanged{ProductID: product, Quantity: 0, Delta: 9, Reason: "restocked"},
	} {
		moduletest.CheckEvent(t, "catalog."+file, product.String(), e)
	}
}
