package rest

import (
	"time"

	"shop/modules/cart"
	"shop/platform/id"
)

// Order is an order as it is answered.
type Order struct {
	ID           id.Order     `json:"id" example:"ord_01h455vb4pex5vsknk084sn02q"`
	UserID       id.User      `json:"user_id" example:"user_01h455vb4pex5vsknk084sn02q"`
	InvoiceID    id.Invoice   `json:"invoice_id" doc:"The paid invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
	CheckoutID   *id.Checkout `json:"checkout_id,omitempty" doc:"Missing for an invoice that an administrator made." example:"chk_01h455vb4pex5vsknk084sn02q"`
	Number       string       `json:"number,omitempty" doc:"The invoice's number." example:"2026-000001"`
	State        string       `json:"state" enum:"paid,packed,shipped,delivered,cancelling,cancelled" doc:"cancelling: the refund or the return into stock is not done yet; it goes on by itself." example:"shipped"`
	Lines        []OrderLine  `json:"lines" nullable:"false" doc:"What is to be shipped, in the invoice's order."`
	Total        Price        `json:"total" doc:"What was paid."`
	ShipTo       *Address     `json:"ship_to,omitempty" doc:"Missing when the buyer gave none."`
	Carrier      string       `json:"carrier,omitempty" doc:"Who carries it, once it is shipped." example:"DHL"`
	Tracking     string       `json:"tracking,omitempty" doc:"The carrier's number to follow it by." example:"00340434161094042557"`
	Short        bool         `json:"short" doc:"The goods were sold to others before the payment arrived: there may not be enough of them to ship." example:"false"`
	CancelReason string       `json:"cancel_reason,omitempty" doc:"What was said when it was cancelled." example:"ordered twice"`
	CancelError  string       `json:"cancel_error,omitempty" doc:"Why it is still cancelling; for administrators. It is tried again by itself." example:"payment_provider_unavailable: the payment provider cannot be reached"`
	Version      int64        `json:"version" minimum:"1" maximum:"9223372036854775807" doc:"Counts changes." example:"3"`
	PaidAt       time.Time    `json:"paid_at" example:"2026-11-02T09:30:00.000000Z"`
	PackedAt     *time.Time   `json:"packed_at,omitempty" example:"2026-11-02T11:00:00.000000Z"`
	ShippedAt    *time.Time   `json:"shipped_at,omitempty" example:"2026-11-02T16:00:00.000000Z"`
	DeliveredAt  *time.Time   `json:"delivered_at,omitempty" example:"2026-11-04T10:15:00.000000Z"`
	CancelledAt  *time.Time   `json:"cancelled_at,omitempty" example:"2026-11-02T12:00:00.000000Z"`
}

// OrderLine is one position of an order.
type OrderLine struct {
	ProductID   *id.Product `json:"product_id,omitempty" doc:"The product; missing for a line that is none." example:"prod_01h455vb4pex5vsknk084sn02q"`
	Description string      `json:"description" example:"Blue mug"`
	Quantity    int64       `json:"quantity" example:"2"`
}

// Address is where something is sent.
type Address struct {
	Name       string `json:"name,omitempty" maxLength:"200" example:"Grace Hopper"`
	Line1      string `json:"line1,omitempty" maxLength:"200" example:"1 Main Street"`
	Line2      string `json:"line2,omitempty" maxLength:"200" example:"2nd floor"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"200" example:"10115"`
	City       string `json:"city,omitempty" maxLength:"200" example:"Berlin"`
	Region     string `json:"region,omitempty" maxLength:"200" example:"BE"`
	Country    string `json:"country,omitempty" maxLength:"2" doc:"ISO 3166-1 alpha-2." example:"DE"`
}

// Shipment is the body of a shipment.
type Shipment struct {
	Carrier  string `json:"carrier" minLength:"1" maxLength:"200" doc:"Who carries it; one line." example:"DHL"`
	Tracking string `json:"tracking,omitempty" maxLength:"200" doc:"The carrier's number to follow it by; one line." example:"00340434161094042557"`
}

// Cancellation is the body of a cancellation.
type Cancellation struct {
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"Why; one line, which the buyer may read." example:"ordered twice"`
}

func orderOf(o cart.Order) Order {
	wire := Order{
		ID: o.ID, UserID: o.UserID, InvoiceID: o.InvoiceID, CheckoutID: given(o.CheckoutID), Number: o.Number,
		State: string(o.State), Lines: make([]OrderLine, len(o.Lines)), Total: priceOf(o.Total), Carrier: o.Carrier,
		Tracking: o.Tracking, Short: o.Short, CancelReason: o.CancelReason, CancelError: o.CancelError, Version: o.Version,
		PaidAt: o.PaidAt, PackedAt: given(o.PackedAt), ShippedAt: given(o.ShippedAt), DeliveredAt: given(o.DeliveredAt),
		CancelledAt: given(o.CancelledAt),
	}
	for i, line := range o.Lines {
		wire.Lines[i] = OrderLine{ProductID: given(line.ProductID), Description: line.Description, Quantity: line.Quantity}
	}
	if o.ShipTo != (cart.Address{}) {
		shipTo := Address(o.ShipTo)
		wire.ShipTo = &shipTo
	}
	return wire
}

// value is the order as the face has it.
func (o Order) value() cart.Order {
	value := cart.Order{
		ID: o.ID, UserID: o.UserID, InvoiceID: o.InvoiceID, CheckoutID: of(o.CheckoutID), Number: o.Number,
		State: cart.OrderState(o.State), Lines: make([]cart.OrderLine, len(o.Lines)), Total: o.Total.value(),
		ShipTo: cart.Address(of(o.ShipTo)), Carrier: o.Carrier, Tracking: o.Tracking, Short: o.Short,
		CancelReason: o.CancelReason, CancelError: o.CancelError, Version: o.Version, PaidAt: o.PaidAt,
		PackedAt: of(o.PackedAt), ShippedAt: of(o.ShippedAt), DeliveredAt: of(o.DeliveredAt), CancelledAt: of(o.CancelledAt),
	}
	for i, line := range o.Lines {
		value.Lines[i] = cart.OrderLine{ProductID: of(line.ProductID), Description: line.Description, Quantity: line.Quantity}
	}
	return value
}

// given is a value that is left out when it is the zero one, and of its inverse.
func given[T comparable](value T) *T {
	var none T
	if value == none {
		return nil
	}
	return &value
}

func of[T any](value *T) T {
	if value == nil {
		var none T
		return none
	}
	return *value
}
