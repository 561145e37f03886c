package cartmod

import (
	"context"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/flip"
	"shop/platform/page"
)

// Switch is carts as other modules hold them: each call goes by the route to
// the implementation in charge.
type Switch struct{ route *flip.Route[cart.Service] }

var _ cart.Service = (*Switch)(nil)

// AddItem implements cart.Service.
func (s *Switch) AddItem(ctx context.Context, in cart.AddItemInput) (cart.Item, error) {
	return flip.Call(ctx, s.route, cart.MethodAddItem, cart.Service.AddItem, in)
}

// Item implements cart.Service.
func (s *Switch) Item(ctx context.Context, in cart.ItemInput) (cart.Item, error) {
	return flip.Call(ctx, s.route, cart.MethodItem, cart.Service.Item, in)
}

// UpdateItem implements cart.Service.
func (s *Switch) UpdateItem(ctx context.Context, in cart.UpdateItemInput) (cart.Item, error) {
	return flip.Call(ctx, s.route, cart.MethodUpdateItem, cart.Service.UpdateItem, in)
}

// RemoveItem implements cart.Service.
func (s *Switch) RemoveItem(ctx context.Context, in cart.RemoveItemInput) error {
	return flip.Do(ctx, s.route, cart.MethodRemoveItem, cart.Service.RemoveItem, in)
}

// Cart implements cart.Service.
func (s *Switch) Cart(ctx context.Context, in cart.CartInput) (cart.Cart, error) {
	return flip.Call(ctx, s.route, cart.MethodCart, cart.Service.Cart, in)
}

// Empty implements cart.Service.
func (s *Switch) Empty(ctx context.Context, in cart.EmptyInput) error {
	return flip.Do(ctx, s.route, cart.MethodEmpty, cart.Service.Empty, in)
}

// Checkout implements cart.Service.
func (s *Switch) Checkout(ctx context.Context, in cart.CheckoutInput) (cart.Checkout, error) {
	return flip.Call(ctx, s.route, cart.MethodCheckout, cart.Service.Checkout, in)
}

// Receive implements cart.Service.
func (s *Switch) Receive(ctx context.Context, e event.Envelope) error {
	return flip.Do(ctx, s.route, cart.MethodReceive, cart.Service.Receive, e)
}

// Quote implements cart.Service.
func (s *Switch) Quote(ctx context.Context, in cart.QuoteInput) (cart.Quote, error) {
	return flip.Call(ctx, s.route, cart.MethodQuote, cart.Service.Quote, in)
}

// Merge implements cart.Service.
func (s *Switch) Merge(ctx context.Context, in cart.MergeInput) error {
	return flip.Do(ctx, s.route, cart.MethodMerge, cart.Service.Merge, in)
}

// CreateDiscount implements cart.Service.
func (s *Switch) CreateDiscount(ctx context.Context, in cart.CreateDiscountInput) (cart.Discount, error) {
	return flip.Call(ctx, s.route, cart.MethodCreateDiscount, cart.Service.CreateDiscount, in)
}

// Discount implements cart.Service.
func (s *Switch) Discount(ctx context.Context, in cart.DiscountInput) (cart.Discount, error) {
	return flip.Call(ctx, s.route, cart.MethodDiscount, cart.Service.Discount, in)
}

// ListDiscounts implements cart.Service.
func (s *Switch) ListDiscounts(ctx context.Context, in cart.ListDiscountsInput) (page.Page[cart.Discount], error) {
	return flip.Call(ctx, s.route, cart.MethodListDiscounts, cart.Service.ListDiscounts, in)
}

// UpdateDiscount implements cart.Service.
func (s *Switch) UpdateDiscount(ctx context.Context, in cart.UpdateDiscountInput) (cart.Discount, error) {
	return flip.Call(ctx, s.route, cart.MethodUpdateDiscount, cart.Service.UpdateDiscount, in)
}

// DeleteDiscount implements cart.Service.
func (s *Switch) DeleteDiscount(ctx context.Context, in cart.DeleteDiscountInput) error {
	return flip.Do(ctx, s.route, cart.MethodDeleteDiscount, cart.Service.DeleteDiscount, in)
}
