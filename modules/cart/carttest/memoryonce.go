package carttest

import (
	"context"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/idempotency"
)

// AddItem implements app.Once.
func (m *memory) AddItem(ctx context.Context, in cart.AddItemInput, fn func(context.Context) (cart.Item, error)) (cart.Item, error) {
	return idempotency.DoMemory(ctx, m.answers, in.Key, cart.MethodAddItem.String(), in, fn)
}

// CreateDiscount implements app.Once.
func (m *memory) CreateDiscount(
	ctx context.Context, in cart.CreateDiscountInput, fn func(context.Context) (cart.Discount, error),
) (cart.Discount, error) {
	return idempotency.DoMemory(ctx, m.answers, in.Key, cart.MethodCreateDiscount.String(), in, fn)
}

// Receive implements app.Once.
func (m *memory) Receive(ctx context.Context, e event.Envelope, fn func(context.Context) error) error {
	m.handling.Lock()
	defer m.handling.Unlock()
	if m.handled[e.ID] {
		return nil
	}
	// What fails has changed nothing.
	err := fn(ctx)
	m.handled[e.ID] = err == nil
	return err
}

// Forget implements app.Once.
func (m *memory) Forget(_ context.Context, actor string) error {
	m.answers.Forget(actor)
	return nil
}
