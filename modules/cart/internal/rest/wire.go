// Package rest is the HTTP face of carts.
package rest

import (
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shop/modules/cart"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/money"
)

// Price is an amount of money on the wire.
type Price struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"9223372036854775807" doc:"Minor units: cents for EUR." example:"1999"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"EUR"`
}

// NewItem is the body of an addition.
type NewItem struct {
	ProductID id.Product `json:"product_id" pattern:"^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"A product on sale." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Quantity  int64      `json:"quantity" minimum:"1" maximum:"10000" doc:"How many more; the item as a whole holds at most 10,000." example:"2"`
}

// ChangedItem is the body of a change: what is left out stays.
type ChangedItem struct {
	Quantity *int64 `json:"quantity,omitempty" minimum:"1" maximum:"10000" doc:"The new quantity; remove the item to have none." example:"3"`
}

// Item is an item of a cart as it is answered.
type Item struct {
	ID              id.CartItem `json:"id" example:"cart_01h455vb4pex5vsknk084sn02q"`
	UserID          id.User     `json:"user_id" example:"user_01h455vb4pex5vsknk084sn02q"`
	ProductID       id.Product  `json:"product_id" example:"prod_01h455vb4pex5vsknk084sn02q"`
	Name            string      `json:"name" doc:"The product's name." example:"Blue mug"`
	Quantity        int64       `json:"quantity" example:"2"`
	UnitPrice       Price       `json:"unit_price" doc:"The product's price now."`
	LineTotal       Price       `json:"line_total" doc:"The price of the quantity."`
	Available       bool        `json:"available" doc:"Whether this quantity can be bought now: the product is on sale, in the cart's currency, and enough are left." example:"true"`
	Version         int64       `json:"version" doc:"Counts changes of the item." example:"1"`
	ProductRevision int64       `json:"product_revision" doc:"Counts changes of the product and its stock; 0 when the product is not known." example:"1"`
	CreatedAt       time.Time   `json:"created_at" example:"2026-11-02T09:30:00.000000Z"`
	UpdatedAt       time.Time   `json:"updated_at" example:"2026-11-02T09:30:00.000000Z"`
}

// Cart is a whole cart.
type Cart struct {
	Items []Item `json:"items" nullable:"false" doc:"All items, oldest first."`
	Total Total  `json:"total" doc:"The sum of the items that are available; null for an empty cart, which has no currency."`
	Count int64  `json:"count" doc:"The sum of all quantities, unavailable items included." example:"2"`
}

// Total is a price, or null.
type Total struct{ price *Price }

// MarshalJSON implements json.Marshaler.
func (t Total) MarshalJSON() ([]byte, error) { return json.Marshal(t.price) }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Total) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &t.price) }

// Schema implements huma.SchemaProvider.
func (Total) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{r.Schema(reflect.TypeFor[Price](), true, "Price"), {Type: "null"}}}
}

func priceOf(a money.Amount) Price { return Price{Amount: a.Minor, Currency: string(a.Currency)} }

func (p Price) value() money.Amount { return money.Of(p.Amount, money.Currency(p.Currency)) }

func itemOf(i cart.Item) Item {
	return Item{
		ID: i.ID, UserID: i.UserID, ProductID: i.ProductID, Name: i.Name, Quantity: i.Quantity,
		UnitPrice: priceOf(i.UnitPrice), LineTotal: priceOf(i.LineTotal), Available: i.Available,
		Version: i.Version, ProductRevision: i.ProductRevision, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
	}
}

// value is the item as the face has it.
func (i Item) value() cart.Item {
	return cart.Item{
		ID: i.ID, UserID: i.UserID, ProductID: i.ProductID, Name: i.Name, Quantity: i.Quantity,
		UnitPrice: i.UnitPrice.value(), LineTotal: i.LineTotal.value(), Available: i.Available,
		Version: i.Version, ProductRevision: i.ProductRevision, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
	}
}

func cartOf(c cart.Cart) Cart {
	wire := Cart{Items: make([]Item, len(c.Items)), Count: c.Count}
	for i, item := range c.Items {
		wire.Items[i] = itemOf(item)
	}
	if c.Total != (money.Amount{}) {
		price := priceOf(c.Total)
		wire.Total.price = &price
	}
	return wire
}

// value is the cart as the face has it.
func (c Cart) value() cart.Cart {
	value := cart.Cart{Items: make([]cart.Item, len(c.Items)), Count: c.Count}
	for i, item := range c.Items {
		value.Items[i] = item.value()
	}
	if c.Total.price != nil {
		value.Total = c.Total.price.value()
	}
	return value
}

// itemETag changes with the item and with its product; If-Match looks at the
// item alone.
func itemETag(i cart.Item) string { return httpapi.ETag(i.Version, i.ProductRevision) }

// cartETag changes with every item and its product.
func cartETag(c cart.Cart) string {
	sum := fnv.New64a()
	var state [16 + 8 + 8]byte
	for _, item := range c.Items {
		copy(state[:16], item.ID[:])
		binary.BigEndian.PutUint64(state[16:], uint64(item.Version))
		binary.BigEndian.PutUint64(state[24:], uint64(item.ProductRevision))
		_, _ = sum.Write(state[:]) // a hash never fails
	}
	return httpapi.ETag(int64(len(c.Items)), int64(sum.Sum64()>>1)) // ETag takes no negative numbers
}
