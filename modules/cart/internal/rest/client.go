package rest

import (
	"context"
	"net/http"
	"net/url"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/remote"
)

// Client is carts in another process, over the routes beside.
type Client struct{ remote *remote.Client }

var _ cart.Service = (*Client)(nil)

// NewClient makes the carts that r reaches.
func NewClient(r *remote.Client) *Client { return &Client{r} }

// AddItem implements cart.Service.
func (c *Client) AddItem(ctx context.Context, in cart.AddItemInput) (cart.Item, error) {
	var wire Item
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodAddItem, Method: http.MethodPost, Path: pathOf(in.UserID),
		Key: in.Key, TakesKey: true, Body: NewItem{ProductID: in.ProductID, Quantity: in.Quantity}, Result: &wire,
	})
	return wire.value(), err
}

// Item implements cart.Service.
func (c *Client) Item(ctx context.Context, in cart.ItemInput) (cart.Item, error) {
	var wire Item
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodItem, Method: http.MethodGet, Path: pathOf(in.UserID) + in.ID.PathSegment(), Result: &wire,
	})
	return wire.value(), err
}

// UpdateItem implements cart.Service.
func (c *Client) UpdateItem(ctx context.Context, in cart.UpdateItemInput) (cart.Item, error) {
	var wire Item
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodUpdateItem, Method: http.MethodPut, Path: pathOf(in.UserID) + in.ID.PathSegment(),
		Header: httpapi.IfVersion(in.IfVersion), Body: ChangedItem{Quantity: in.Quantity}, Result: &wire,
	})
	return wire.value(), err
}

// RemoveItem implements cart.Service.
func (c *Client) RemoveItem(ctx context.Context, in cart.RemoveItemInput) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodRemoveItem, Method: http.MethodDelete, Path: pathOf(in.UserID) + in.ID.PathSegment(),
		Header: httpapi.IfVersion(in.IfVersion),
	})
	return err
}

// Cart implements cart.Service.
func (c *Client) Cart(ctx context.Context, in cart.CartInput) (cart.Cart, error) {
	var wire Cart
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodCart, Method: http.MethodGet, Path: pathOf(in.UserID), Result: &wire,
	})
	return wire.value(), err
}

// Empty implements cart.Service.
func (c *Client) Empty(ctx context.Context, in cart.EmptyInput) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodEmpty, Method: http.MethodDelete, Path: pathOf(in.UserID),
	})
	return err
}

// Quote implements cart.Service.
func (c *Client) Quote(ctx context.Context, in cart.QuoteInput) (cart.Quote, error) {
	query := url.Values{}
	if in.DiscountCode != "" {
		query.Set("discount_code", in.DiscountCode)
	}
	var wire Quote
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodQuote, Method: http.MethodGet, Path: pathOf(in.UserID) + "quote", Query: query, Result: &wire,
	})
	return wire.value(), err
}

// Checkout implements cart.Service.
func (c *Client) Checkout(ctx context.Context, in cart.CheckoutInput) (cart.Checkout, error) {
	var wire Checkout
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodCheckout, Method: http.MethodPost, Path: "/user/" + in.UserID.PathSegment() + "/checkout",
		Key: in.Key, TakesKey: true, Body: newCheckoutOf(in), Result: &wire,
	})
	return wire.value(), err
}

// Merge implements cart.Service.
func (c *Client) Merge(ctx context.Context, in cart.MergeInput) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodMerge, Method: http.MethodPost, Path: mergePath, Body: NewMerge(in),
	})
	return err
}

// Receive implements cart.Service.
func (c *Client) Receive(ctx context.Context, e event.Envelope) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodReceive, Method: http.MethodPost, Path: "/internal/cart/events", Body: e,
	})
	return err
}

// pathOf is the path of a user's cart.
func pathOf(user id.User) string { return "/user/" + user.PathSegment() + "/cart/" }
