package rest

import (
	"context"
	"net/http"

	"shop/modules/cart"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// Paths of the operations.
const (
	cartPath     = "/user/{uid}/cart/"
	itemPath     = "/user/{uid}/cart/{id}"
	checkoutPath = "/user/{uid}/checkout"
	quotePath    = "/user/{uid}/cart/quote"
)

// Register declares the operations of carts.
func Register(api *httpapi.API, s cart.Service) {
	h := handlers{s}
	httpapi.Handle(api, httpapi.Operation{
		ID: "add-cart-item", Method: http.MethodPost, Path: cartPath, Module: "cart",
		Summary: "Put a product in the cart", Access: httpapi.SignedIn, Status: http.StatusCreated,
		Description: "Adding a product that is in the cart already raises its quantity. A cart holds at most 100 products, all priced in one currency.",
		Errors:      []int{http.StatusConflict},
	}, h.add)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-cart", Method: http.MethodGet, Path: cartPath, Module: "cart",
		Summary: "Read the cart", Access: httpapi.SignedIn, Errors: []int{http.StatusNotModified},
		Description: "All items with the prices of now. What cannot be bought stays in the cart with `available: false` and is left out of `total`; a checkout needs it removed or its quantity lowered.",
	}, h.cart)
	httpapi.Handle(api, httpapi.Operation{
		ID: "empty-cart", Method: http.MethodDelete, Path: cartPath, Module: "cart",
		Summary: "Empty the cart", Access: httpapi.SignedIn,
	}, h.empty)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-cart-item", Method: http.MethodGet, Path: itemPath, Module: "cart",
		Summary: "Read an item of the cart", Access: httpapi.SignedIn, Errors: []int{http.StatusNotModified},
	}, h.item)
	httpapi.Handle(api, httpapi.Operation{
		ID: "update-cart-item", Method: http.MethodPut, Path: itemPath, Module: "cart",
		Summary: "Change the quantity of an item", Access: httpapi.SignedIn,
		Description: "With `If-Match` the change is made only to the version you have seen; a change of the product does not count.",
		Errors:      []int{http.StatusPreconditionFailed},
	}, h.update)
	httpapi.Handle(api, httpapi.Operation{
		ID: "remove-cart-item", Method: http.MethodDelete, Path: itemPath, Module: "cart",
		Summary: "Take an item out of the cart", Access: httpapi.SignedIn,
		Errors: []int{http.StatusPreconditionFailed},
	}, h.remove)
	httpapi.Handle(api, httpapi.Operation{
		ID: "quote-cart", Method: http.MethodGet, Path: quotePath, Module: "cart",
		Summary: "Add up what a checkout would charge", Access: httpapi.SignedIn,
		Description: "With the discount of a code, shipping and tax, at the prices of now. It reserves nothing; send its `total` as `expected_total` of the checkout.",
		Errors:      []int{http.StatusConflict},
	}, h.quote)
	httpapi.Handle(api, httpapi.Operation{
		ID: "checkout", Method: http.MethodPost, Path: checkoutPath, Module: "cart",
		Summary: "Check the cart out", Access: httpapi.SignedIn, Status: http.StatusCreated,
		Description: "Reserves the stock, makes the invoice at the prices of now, and takes what was bought out of the cart: all of that or nothing. " +
			"When items cannot be bought, `items_unavailable` names each as `items.<id>` with how many are left, also as `number`. " +
			"With `expected_total` nothing is done when another total would be charged: `total_changed` says both, as `number`s of minor units. " +
			"After `checkout_interrupted` (503) the checkout goes on by itself; repeat it with the same `Idempotency-Key` to learn how it ended.",
		Errors: []int{http.StatusConflict, http.StatusServiceUnavailable},
	}, h.checkout)
	registerOrders(api, h)
	registerDiscounts(api, h)
	registerInternal(api, h)
}

type handlers struct{ service cart.Service }

// Owner names the cart by its user. It is exported because huma looks into
// exported embedded structs only.
type Owner struct {
	User httpapi.UserRef `path:"uid"`
}

// Place names an item of a cart.
type Place struct {
	Owner
	ID id.CartItem `path:"id" doc:"The item." example:"cart_01h455vb4pex5vsknk084sn02q"`
}

// itemOutput is one item.
type itemOutput struct {
	ETag string `header:"ETag" doc:"Changes with the item and with its product."`
	Body Item
}

type addInput struct {
	Owner
	httpapi.IdempotencyKey
	Body NewItem
}

func (h handlers) add(ctx context.Context, in *addInput) (*httpapi.Created[Item], error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	item, err := h.service.AddItem(ctx, cart.AddItemInput{
		Key: key, UserID: user, ProductID: in.Body.ProductID, Quantity: in.Body.Quantity,
	})
	if err != nil {
		return nil, err
	}
	location := "/user/" + item.UserID.String() + "/cart/" + item.ID.String()
	return httpapi.NewCreated(location, itemETag(item), key, itemOf(item)), nil
}

type cartInput struct {
	Owner
	httpapi.Conditional
}

type cartOutput struct {
	ETag string `header:"ETag" doc:"Changes with every item and its product."`
	Body Cart
}

func (h handlers) cart(ctx context.Context, in *cartInput) (*cartOutput, error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	c, err := h.service.Cart(ctx, cart.CartInput{UserID: user})
	if err != nil {
		return nil, err
	}
	etag := cartETag(c)
	if err := in.Check(etag); err != nil {
		return nil, err
	}
	return &cartOutput{ETag: etag, Body: cartOf(c)}, nil
}

type emptyInput struct{ Owner }

func (h handlers) empty(ctx context.Context, in *emptyInput) (*struct{}, error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.service.Empty(ctx, cart.EmptyInput{UserID: user})
}

type itemInput struct {
	Place
	httpapi.Conditional
}

func (h handlers) item(ctx context.Context, in *itemInput) (*itemOutput, error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	item, err := h.service.Item(ctx, cart.ItemInput{UserID: user, ID: in.ID})
	if err != nil {
		return nil, err
	}
	if err := in.Check(itemETag(item)); err != nil {
		return nil, err
	}
	return &itemOutput{ETag: itemETag(item), Body: itemOf(item)}, nil
}

type updateInput struct {
	Place
	httpapi.Precondition
	Body ChangedItem
}

func (h handlers) update(ctx context.Context, in *updateInput) (*itemOutput, error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	item, err := h.service.UpdateItem(ctx, cart.UpdateItemInput{
		UserID: user, ID: in.ID, IfVersion: version, Quantity: in.Body.Quantity,
	})
	if err != nil {
		return nil, err
	}
	return &itemOutput{ETag: itemETag(item), Body: itemOf(item)}, nil
}

type removeInput struct {
	Place
	httpapi.Precondition
}

func (h handlers) remove(ctx context.Context, in *removeInput) (*struct{}, error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return nil, h.service.RemoveItem(ctx, cart.RemoveItemInput{UserID: user, ID: in.ID, IfVersion: version})
}
