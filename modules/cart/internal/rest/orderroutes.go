package rest

import (
	"context"
	"net/http"

	"shop/modules/cart"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// registerOrders declares the operations of orders.
func registerOrders(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-orders", Method: http.MethodGet, Path: "/orders/", Module: "cart",
		Summary: "List orders, newest first", Access: httpapi.SignedIn,
		Description: "Your own; administrators see those of all. Every paid invoice has one order, a moment after it was paid.",
	}, h.orders)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-order", Method: http.MethodGet, Path: "/order/{id}", Module: "cart",
		Summary: "Read an order", Access: httpapi.SignedIn, Errors: []int{http.StatusNotModified},
	}, h.order)
	step := []int{http.StatusConflict, http.StatusPreconditionFailed}
	httpapi.Handle(api, httpapi.Operation{
		ID: "pack-order", Method: http.MethodPost, Path: "/order/{id}/pack", Module: "cart",
		Summary: "Note that a paid order is packed", Access: httpapi.Administrator, Errors: step,
		Description: "409 `order_state` names the state that the order is in, when that is another.",
	}, h.pack)
	httpapi.Handle(api, httpapi.Operation{
		ID: "ship-order", Method: http.MethodPost, Path: "/order/{id}/ship", Module: "cart",
		Summary: "Note that a packed order was handed to a carrier", Access: httpapi.Administrator, Errors: step,
	}, h.ship)
	httpapi.Handle(api, httpapi.Operation{
		ID: "deliver-order", Method: http.MethodPost, Path: "/order/{id}/deliver", Module: "cart",
		Summary: "Note that a shipped order arrived", Access: httpapi.Administrator, Errors: step,
	}, h.deliver)
	httpapi.Handle(api, httpapi.Operation{
		ID: "cancel-order", Method: http.MethodPost, Path: "/order/{id}/cancel", Module: "cart",
		Summary: "Cancel an order", Access: httpapi.SignedIn, Errors: step,
		Description: "Its user while it is `paid`, administrators until it is shipped. What is left of the invoice is refunded and the goods go back into stock, each once; " +
			"while that takes longer than the request the order is answered as `cancelling` and goes on by itself. Safe to repeat.",
	}, h.cancel)
}

// OrderPlace names an order.
type OrderPlace struct {
	ID id.Order `path:"id" doc:"The order." example:"ord_01h455vb4pex5vsknk084sn02q"`
}

// orderOutput is one order.
type orderOutput struct {
	ETag string `header:"ETag" doc:"Changes with the order."`
	Body Order
}

func orderAnswer(o cart.Order, err error) (*orderOutput, error) {
	if err != nil {
		return nil, err
	}
	return &orderOutput{ETag: httpapi.ETag(o.Version), Body: orderOf(o)}, nil
}

type ordersInput struct {
	httpapi.PageQuery
	User      httpapi.UserRef `query:"user_id" doc:"Only this user's orders; me for your own."`
	State     string          `query:"state" enum:"paid,packed,shipped,delivered,cancelling,cancelled" doc:"Only this state."`
	InvoiceID id.Invoice      `query:"invoice_id" doc:"Only the order of this invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) orders(ctx context.Context, in *ordersInput) (*httpapi.List[Order], error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.service.ListOrders(ctx, cart.ListOrdersInput{
		UserID: user, State: cart.OrderState(in.State), InvoiceID: in.InvoiceID, Page: in.Page(),
	})
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(ctx, list, orderOf), nil
}

type orderInput struct {
	httpapi.Conditional
	OrderPlace
}

func (h handlers) order(ctx context.Context, in *orderInput) (*orderOutput, error) {
	o, err := h.service.Order(ctx, cart.OrderInput{ID: in.ID})
	if err != nil {
		return nil, err
	}
	if err := in.Check(httpapi.ETag(o.Version)); err != nil {
		return nil, err
	}
	return orderAnswer(o, nil)
}

type stepInput struct {
	httpapi.Precondition
	OrderPlace
}

func (h handlers) pack(ctx context.Context, in *stepInput) (*orderOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return orderAnswer(h.service.PackOrder(ctx, cart.PackOrderInput{ID: in.ID, IfVersion: version}))
}

type shipInput struct {
	httpapi.Precondition
	OrderPlace
	Body Shipment
}

func (h handlers) ship(ctx context.Context, in *shipInput) (*orderOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return orderAnswer(h.service.ShipOrder(ctx, cart.ShipOrderInput{
		ID: in.ID, IfVersion: version, Carrier: in.Body.Carrier, Tracking: in.Body.Tracking,
	}))
}

func (h handlers) deliver(ctx context.Context, in *stepInput) (*orderOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return orderAnswer(h.service.DeliverOrder(ctx, cart.DeliverOrderInput{ID: in.ID, IfVersion: version}))
}

type cancelInput struct {
	httpapi.Precondition
	OrderPlace
	// Body may be missing.
	Body *Cancellation
}

func (h handlers) cancel(ctx context.Context, in *cancelInput) (*orderOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return orderAnswer(h.service.CancelOrder(ctx, cart.CancelOrderInput{
		ID: in.ID, IfVersion: version, Reason: of(in.Body).Reason,
	}))
}
