package cartmod

import (
	"context"

	"shop/modules/cart"
	"shop/platform/audit"
	"shop/platform/flip"
	"shop/platform/page"
)

// Order implements cart.Service.
func (s *Switch) Order(ctx context.Context, in cart.OrderInput) (cart.Order, error) {
	return flip.Call(ctx, s.route, cart.MethodOrder, cart.Service.Order, in)
}

// ListOrders implements cart.Service.
func (s *Switch) ListOrders(ctx context.Context, in cart.ListOrdersInput) (page.Page[cart.Order], error) {
	return flip.Call(ctx, s.route, cart.MethodListOrders, cart.Service.ListOrders, in)
}

// PackOrder implements cart.Service.
func (s *Switch) PackOrder(ctx context.Context, in cart.PackOrderInput) (cart.Order, error) {
	return flip.Call(ctx, s.route, cart.MethodPackOrder, cart.Service.PackOrder, in)
}

// ShipOrder implements cart.Service.
func (s *Switch) ShipOrder(ctx context.Context, in cart.ShipOrderInput) (cart.Order, error) {
	return flip.Call(ctx, s.route, cart.MethodShipOrder, cart.Service.ShipOrder, in)
}

// DeliverOrder implements cart.Service.
func (s *Switch) DeliverOrder(ctx context.Context, in cart.DeliverOrderInput) (cart.Order, error) {
	return flip.Call(ctx, s.route, cart.MethodDeliverOrder, cart.Service.DeliverOrder, in)
}

// CancelOrder implements cart.Service.
func (s *Switch) CancelOrder(ctx context.Context, in cart.CancelOrderInput) (cart.Order, error) {
	return flip.Call(ctx, s.route, cart.MethodCancelOrder, cart.Service.CancelOrder, in)
}

// Verify implements cart.Service.
func (s *Switch) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return flip.Call(ctx, s.route, cart.MethodVerify, cart.Service.Verify, in)
}
