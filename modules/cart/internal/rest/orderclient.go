package rest

import (
	"context"
	"net/http"
	"unicode/utf8"

	"shop/modules/cart"
	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/page"
	"shop/platform/remote"
)

// Order implements cart.Service.
func (c *Client) Order(ctx context.Context, in cart.OrderInput) (cart.Order, error) {
	var wire Order
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodOrder, Method: http.MethodGet, Path: "/order/" + in.ID.PathSegment(), Result: &wire,
	})
	return wire.result(err)
}

// ListOrders implements cart.Service.
func (c *Client) ListOrders(ctx context.Context, in cart.ListOrdersInput) (page.Page[cart.Order], error) {
	query := httpapi.PageValues(in.Page)
	if !in.UserID.IsZero() {
		query.Set("user_id", in.UserID.String())
	}
	if in.State != "" {
		query.Set("state", string(in.State))
	}
	if !in.InvoiceID.IsZero() {
		query.Set("invoice_id", in.InvoiceID.String())
	}
	var wire httpapi.ListBody[Order]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodListOrders, Method: http.MethodGet, Path: "/orders/", Query: query, Result: &wire,
	})
	return httpapi.PageOf(wire, Order.value), err
}

// PackOrder implements cart.Service.
func (c *Client) PackOrder(ctx context.Context, in cart.PackOrderInput) (cart.Order, error) {
	return c.step(ctx, cart.MethodPackOrder, in.ID, "/pack", in.IfVersion, nil)
}

// ShipOrder implements cart.Service.
func (c *Client) ShipOrder(ctx context.Context, in cart.ShipOrderInput) (cart.Order, error) {
	for place, text := range map[string]string{"body.carrier": in.Carrier, "body.tracking": in.Tracking} {
		if err := sendable(place, text); err != nil {
			return cart.Order{}, err
		}
	}
	return c.step(ctx, cart.MethodShipOrder, in.ID, "/ship", in.IfVersion, Shipment{Carrier: in.Carrier, Tracking: in.Tracking})
}

// DeliverOrder implements cart.Service.
func (c *Client) DeliverOrder(ctx context.Context, in cart.DeliverOrderInput) (cart.Order, error) {
	return c.step(ctx, cart.MethodDeliverOrder, in.ID, "/deliver", in.IfVersion, nil)
}

// CancelOrder implements cart.Service.
func (c *Client) CancelOrder(ctx context.Context, in cart.CancelOrderInput) (cart.Order, error) {
	if err := sendable("body.reason", in.Reason); err != nil {
		return cart.Order{}, err
	}
	return c.step(ctx, cart.MethodCancelOrder, in.ID, "/cancel", in.IfVersion, Cancellation{Reason: in.Reason})
}

// Verify implements cart.Service.
func (c *Client) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return audit.Call(ctx, c.remote, "cart", in)
}

// step takes an order one step on.
func (c *Client) step(
	ctx context.Context, does contract.Method, order id.Order, step string, ifVersion int64, body any,
) (cart.Order, error) {
	var wire Order
	_, err := c.remote.Do(ctx, remote.Call{
		Does: does, Method: http.MethodPost, Path: "/order/" + order.PathSegment() + step,
		Header: httpapi.IfVersion(ifVersion), Body: body, Result: &wire,
	})
	return wire.result(err)
}

// result is an answer as the face has it.
func (o Order) result(err error) (cart.Order, error) {
	if err != nil {
		return cart.Order{}, err
	}
	return o.value(), nil
}

// sendable refuses what is no UTF-8. JSON would carry another text in its place,
// which might be accepted.
func sendable(place, text string) error {
	if utf8.ValidString(text) {
		return nil
	}
	return fault.InvalidField(place, "must be valid UTF-8")
}
