package cartmod

import (
	"context"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/flip"
)

// Switch is carts as other modules hold them: each call goes by the route to
// the implementation in charge.
type Switch struct{ route *flip.Route[cart.Service] }

var _ cart.Service = (*Switch)(nil)

// AddItem implements cart.Service.
func (s *Switch) AddItem(ctx context.Context, in cart.AddItemInput) (cart.Item, error) {
	return flip.Call(ctx, s.route, cart.MethodAddItem, func(ctx context.Context, t cart.Service) (cart.Item, error) { return t.AddItem(ctx, in) })
}

// Item implements cart.Service.
func (s *Switch) Item(ctx context.Context, in cart.ItemInput) (cart.Item, error) {
	return flip.Call(ctx, s.route, cart.MethodItem, func(ctx context.Context, t cart.Service) (cart.Item, error) { return t.Item(ctx, in) })
}

// UpdateItem implements cart.Service.
func (s *Switch) UpdateItem(ctx context.Context, in cart.UpdateItemInput) (cart.Item, error) {
	return flip.Call(ctx, s.route, cart.MethodUpdateItem, func(ctx context.Context, t cart.Service) (cart.Item, error) { return t.UpdateItem(ctx, in) })
}

// RemoveItem implements cart.Service.
func (s *Switch) RemoveItem(ctx context.Context, in cart.RemoveItemInput) error {
	return flip.Do(ctx, s.route, cart.MethodRemoveItem, func(ctx context.Context, t cart.Service) error { return t.RemoveItem(ctx, in) })
}

// Cart implements cart.Service.
func (s *Switch) Cart(ctx context.Context, in cart.CartInput) (cart.Cart, error) {
	return flip.Call(ctx, s.route, cart.MethodCart, func(ctx context.Context, t cart.Service) (cart.Cart, error) { return t.Cart(ctx, in) })
}

// Empty implements cart.Service.
func (s *Switch) Empty(ctx context.Context, in cart.EmptyInput) error {
	return flip.Do(ctx, s.route, cart.MethodEmpty, func(ctx context.Context, t cart.Service) error { return t.Empty(ctx, in) })
}

// Checkout implements cart.Service.
func (s *Switch) Checkout(ctx context.Context, in cart.CheckoutInput) (cart.Checkout, error) {
	return flip.Call(ctx, s.route, cart.MethodCheckout, func(ctx context.Context, t cart.Service) (cart.Checkout, error) { return t.Checkout(ctx, in) })
}

// Receive implements cart.Service.
func (s *Switch) Receive(ctx context.Context, e event.Envelope) error {
	return flip.Do(ctx, s.route, cart.MethodReceive, func(ctx context.Context, t cart.Service) error { return t.Receive(ctx, e) })
}
