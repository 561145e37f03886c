package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/cart/internal/rest"
	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/module/moduletest"
	"shop/platform/money"
	"shop/platform/page"
	"shop/platform/remote"
)

// stub is carts that play a script.
type stub struct{ script *moduletest.Script }

func (s stub) AddItem(_ context.Context, in cart.AddItemInput) (cart.Item, error) {
	return moduletest.Play[cart.Item](s.script, in)
}

func (s stub) Item(_ context.Context, in cart.ItemInput) (cart.Item, error) {
	return moduletest.Play[cart.Item](s.script, in)
}

func (s stub) UpdateItem(_ context.Context, in cart.UpdateItemInput) (cart.Item, error) {
	return moduletest.Play[cart.Item](s.script, in)
}

func (s stub) RemoveItem(_ context.Context, in cart.RemoveItemInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) Cart(_ context.Context, in cart.CartInput) (cart.Cart, error) {
	return moduletest.Play[cart.Cart](s.script, in)
}

func (s stub) Empty(_ context.Context, in cart.EmptyInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) Checkout(_ context.Context, in cart.CheckoutInput) (cart.Checkout, error) {
	return moduletest.Play[cart.Checkout](s.script, in)
}

func (s stub) Order(_ context.Context, in cart.OrderInput) (cart.Order, error) {
	return moduletest.Play[cart.Order](s.script, in)
}

func (s stub) ListOrders(_ context.Context, in cart.ListOrdersInput) (page.Page[cart.Order], error) {
	return moduletest.Play[page.Page[cart.Order]](s.script, in)
}

func (s stub) PackOrder(_ context.Context, in cart.PackOrderInput) (cart.Order, error) {
	return moduletest.Play[cart.Order](s.script, in)
}

func (s stub) ShipOrder(_ context.Context, in cart.ShipOrderInput) (cart.Order, error) {
	return moduletest.Play[cart.Order](s.script, in)
}

func (s stub) DeliverOrder(_ context.Context, in cart.DeliverOrderInput) (cart.Order, error) {
	return moduletest.Play[cart.Order](s.script, in)
}

func (s stub) CancelOrder(_ context.Context, in cart.CancelOrderInput) (cart.Order, error) {
	return moduletest.Play[cart.Order](s.script, in)
}

func (s stub) Verify(_ context.Context, in audit.Input) (audit.Report, error) {
	return moduletest.Play[audit.Report](s.script, in)
}

func (s stub) Quote(_ context.Context, in cart.QuoteInput) (cart.Quote, error) {
	return moduletest.Play[cart.Quote](s.script, in)
}

func (s stub) Merge(_ context.Context, in cart.MergeInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) CreateDiscount(_ context.Context, in cart.CreateDiscountInput) (cart.Discount, error) {
	return moduletest.Play[cart.Discount](s.script, in)
}

func (s stub) Discount(_ context.Context, in cart.DiscountInput) (cart.Discount, error) {
	return moduletest.Play[cart.Discount](s.script, in)
}

func (s stub) ListDiscounts(_ context.Context, in cart.ListDiscountsInput) (page.Page[cart.Discount], error) {
	return moduletest.Play[page.Page[cart.Discount]](s.script, in)
}

func (s stub) UpdateDiscount(_ context.Context, in cart.UpdateDiscountInput) (cart.Discount, error) {
	return moduletest.Play[cart.Discount](s.script, in)
}

func (s stub) DeleteDiscount(_ context.Context, in cart.DeleteDiscountInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) Receive(_ context.Context, e event.Envelope) error {
	var payload bytes.Buffer // a recording is indented
	if err := json.Compact(&payload, e.Payload); err != nil {
		return err
	}
	e.Payload = payload.Bytes()
	return moduletest.Perform(s.script, e)
}

func TestContract(t *testing.T) {
	t.Parallel()
	var (
		user     id.User
		product  id.Product
		itemID   id.CartItem
		checkout id.Checkout
		invoice  id.Invoice
		eventID  id.Event
	)
	require.NoError(t, user.UnmarshalText([]byte("user_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, product.UnmarshalText([]byte("prod_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, itemID.UnmarshalText([]byte("cart_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, checkout.UnmarshalText([]byte("chk_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, invoice.UnmarshalText([]byte("inv_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, eventID.UnmarshalText([]byte("evt_01h455vb4pex5vsknk084sn02q")))
	at := time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC)
	item := cart.Item{
		ID: itemID, UserID: user, ProductID: product, Name: "Mug", Quantity: 2, UnitPrice: money.Of(1250, "EUR"),
		LineTotal: money.Of(2500, "EUR"), Available: true, Version: 3, ProductRevision: 7, CreatedAt: at, UpdatedAt: at.Add(time.Hour),
	}
	quantity := int64(5)
	var orderID id.Order
	require.NoError(t, orderID.UnmarshalText([]byte("ord_01h455vb4pex5vsknk084sn02q")))
	bare := cart.Order{
		ID: orderID, UserID: user, InvoiceID: invoice, State: cart.OrderPaid, Lines: []cart.OrderLine{{Description: "Gift wrap", Quantity: 1}},
		Total: money.Of(100, "EUR"), Version: 1, PaidAt: at,
	}
	order := cart.Order{
		ID: orderID, UserID: user, InvoiceID: invoice, CheckoutID: checkout, Number: "2026-000001", State: cart.OrderShipped,
		Lines: []cart.OrderLine{{ProductID: product, Description: "Mug", Quantity: 2}}, Total: money.Of(2500, "EUR"),
		ShipTo: cart.Address{
			Name: "Grace Hopper", Line1: "1 Main Street", Line2: "2nd floor", PostalCode: "10115", City: "Berlin", Region: "BE", Country: "DE",
		},
		Carrier: "DHL", Tracking: "0034", Short: true, CancelReason: "ordered twice", CancelError: "unavailable: later", Version: 3,
		PaidAt: at, PackedAt: at.Add(time.Hour), ShippedAt: at.Add(2 * time.Hour), DeliveredAt: at.Add(3 * time.Hour),
		CancelledAt: at.Add(4 * time.Hour),
	}
	var other id.User
	require.NoError(t, other.UnmarshalText([]byte("user_01h455vb4pex5vsknk084sn02r")))
	discount := cart.Discount{
		Code: "SPRING", Uses: 3, Version: 1, CreatedAt: at, UpdatedAt: at.Add(time.Hour),
		DiscountTerms: cart.DiscountTerms{
			Amount: money.Of(500, "EUR"), MinSubtotal: money.Of(2000, "EUR"), From: at, Until: at.AddDate(0, 1, 0),
			MaxUses: 100, MaxUsesPerUser: 1,
		},
	}
	require.NoError(t, discount.ID.UnmarshalText([]byte("disc_01h455vb4pex5vsknk084sn02q")))
	percentage := discount
	percentage.DiscountTerms = cart.DiscountTerms{BasisPoints: 1500}
	quote := cart.Quote{
		Lines: []cart.QuoteLine{{ProductID: product, Name: "Mug", Quantity: 2, UnitPrice: money.Of(1250, "EUR"), LineTotal: money.Of(2500, "EUR")}},
		Totals: cart.Totals{
			Subtotal: money.Of(2500, "EUR"), Discount: money.Of(500, "EUR"), Shipping: money.Of(490, "EUR"),
			Tax: cart.Tax{Rate: "19", Included: true, Amount: money.Of(398, "EUR")}, Total: money.Of(2490, "EUR"),
		},
	}

	type S = cart.Service
	answers, fails := moduletest.Answers[S], moduletest.Fails[S]
	moduletest.CheckContract(t, moduletest.Contract[S]{
		Module: "cart", Versions: cart.Contract, Register: rest.Register,
		Client: func(r *remote.Client) S { return rest.NewClient(r) },
		Stub:   func(s *moduletest.Script) S { return stub{s} },
		Exchanges: []moduletest.Exchange[S]{
			answers("AddItem", item, func(ctx context.Context, s S) (any, error) {
				return s.AddItem(ctx, cart.AddItemInput{Key: idempotency.NewKey("key-1"), UserID: user, ProductID: product, Quantity: 2})
			}),
			fails("AddItem-currency", cart.ErrCurrency, func(ctx context.Context, s S) (any, error) {
				return s.AddItem(ctx, cart.AddItemInput{Key: idempotency.NewKey("key-2"), UserID: user, ProductID: product, Quantity: 2})
			}),
			answers("Item", item, func(ctx context.Context, s S) (any, error) {
				return s.Item(ctx, cart.ItemInput{UserID: user, ID: itemID})
			}),
			fails("Item-unknown", cart.ErrItemNotFound, func(ctx context.Context, s S) (any, error) {
				return s.Item(ctx, cart.ItemInput{UserID: user, ID: itemID})
			}),
			fails("Item-zero", cart.ErrItemNotFound, func(ctx context.Context, s S) (any, error) {
				return s.Item(ctx, cart.ItemInput{UserID: user})
			}),
			answers("UpdateItem", item, func(ctx context.Context, s S) (any, error) {
				return s.UpdateItem(ctx, cart.UpdateItemInput{UserID: user, ID: itemID, IfVersion: 2, Quantity: &quantity})
			}),
			fails("UpdateItem-changed", fault.ErrPrecondition, func(ctx context.Context, s S) (any, error) {
				return s.UpdateItem(ctx, cart.UpdateItemInput{UserID: user, ID: itemID, IfVersion: 1})
			}),
			answers("RemoveItem", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.RemoveItem(ctx, cart.RemoveItemInput{UserID: user, ID: itemID, IfVersion: 3})
			}),
			answers("Cart", cart.Cart{Items: []cart.Item{item}, Total: item.LineTotal, Count: 2}, func(ctx context.Context, s S) (any, error) {
				return s.Cart(ctx, cart.CartInput{UserID: user})
			}),
			answers("Cart-empty", cart.Cart{}, func(ctx context.Context, s S) (any, error) {
				return s.Cart(ctx, cart.CartInput{UserID: user})
			}),
			answers("Empty", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Empty(ctx, cart.EmptyInput{UserID: user})
			}),
			answers("Checkout", cart.Checkout{ID: checkout, InvoiceID: invoice}, func(ctx context.Context, s S) (any, error) {
				return s.Checkout(ctx, cart.CheckoutInput{Key: idempotency.NewKey("key-3"), UserID: user})
			}),
			fails("Checkout-unavailable", cart.ErrUnavailableItems.WithField("items."+itemID.String(), "1 left"), func(ctx context.Context, s S) (any, error) {
				return s.Checkout(ctx, cart.CheckoutInput{Key: idempotency.NewKey("key-4"), UserID: user})
			}),
			fails("Checkout-interrupted", cart.ErrInterrupted, func(ctx context.Context, s S) (any, error) {
				return s.Checkout(ctx, cart.CheckoutInput{Key: idempotency.NewKey("key-5"), UserID: user})
			}),
			answers("Order", order, func(ctx context.Context, s S) (any, error) {
				return s.Order(ctx, cart.OrderInput{ID: order.ID})
			}),
			answers("Order-bare", bare, func(ctx context.Context, s S) (any, error) {
				return s.Order(ctx, cart.OrderInput{ID: order.ID})
			}),
			fails("Order-unknown", cart.ErrOrderNotFound, func(ctx context.Context, s S) (any, error) {
				return s.Order(ctx, cart.OrderInput{ID: order.ID})
			}),
			answers("ListOrders", page.Page[cart.Order]{Items: []cart.Order{order}, Next: "more", Total: &quantity}, func(ctx context.Context, s S) (any, error) {
				return s.ListOrders(ctx, cart.ListOrdersInput{
					UserID: user, State: cart.OrderShipped, InvoiceID: invoice, Page: page.Request{Limit: 1, Cursor: "here", CountExact: true},
				})
			}),
			answers("ListOrders-all", page.Page[cart.Order]{Items: []cart.Order{}}, func(ctx context.Context, s S) (any, error) {
				return s.ListOrders(ctx, cart.ListOrdersInput{Page: page.Request{Limit: page.DefaultLimit}})
			}),
			answers("PackOrder", order, func(ctx context.Context, s S) (any, error) {
				return s.PackOrder(ctx, cart.PackOrderInput{ID: order.ID, IfVersion: 2})
			}),
			fails("PackOrder-state", cart.ErrOrderState.WithField("state", "shipped"), func(ctx context.Context, s S) (any, error) {
				return s.PackOrder(ctx, cart.PackOrderInput{ID: order.ID})
			}),
			answers("ShipOrder", order, func(ctx context.Context, s S) (any, error) {
				return s.ShipOrder(ctx, cart.ShipOrderInput{ID: order.ID, IfVersion: 2, Carrier: "DHL", Tracking: "0034"})
			}),
			answers("DeliverOrder", order, func(ctx context.Context, s S) (any, error) {
				return s.DeliverOrder(ctx, cart.DeliverOrderInput{ID: order.ID, IfVersion: 3})
			}),
			answers("CancelOrder", order, func(ctx context.Context, s S) (any, error) {
				return s.CancelOrder(ctx, cart.CancelOrderInput{ID: order.ID, IfVersion: 2, Reason: "ordered twice"})
			}),
			answers("Verify", audit.Report{
				Checked:  map[string]int64{"cart.order_of_invoice": 7},
				Findings: []audit.Finding{{Check: "cart.order_of_invoice", Subject: invoice.String(), Want: "an order", Got: "none", Repaired: true}},
			}, func(ctx context.Context, s S) (any, error) {
				return s.Verify(ctx, audit.Input{Repair: true, MinAge: time.Minute})
			}),
			answers("Checkout-whole", cart.Checkout{ID: checkout, InvoiceID: invoice, Number: "2026-000001", Total: money.Of(2500, "EUR")}, func(ctx context.Context, s S) (any, error) {
				total := money.Of(2500, "EUR")
				return s.Checkout(ctx, cart.CheckoutInput{
					Key: idempotency.NewKey("key-6"), UserID: user, ExpectedTotal: &total, DiscountCode: "SPRING",
					Contact: &cart.Contact{Email: "ada@example.com", Name: "Ada"},
					ShipTo:  &cart.Address{Name: "Ada", Line1: "12 Example Street", PostalCode: "10115", City: "Berlin", Country: "DE"},
				})
			}),
			fails("Checkout-total", cart.ErrTotalChanged.WithNumber("body.expected_total", "was 25.00 EUR", 2500).WithNumber("total", "is 26.00 EUR", 2600), func(ctx context.Context, s S) (any, error) {
				total := money.Of(2500, "EUR")
				return s.Checkout(ctx, cart.CheckoutInput{Key: idempotency.NewKey("key-7"), UserID: user, ExpectedTotal: &total})
			}),
			answers("Quote", quote, func(ctx context.Context, s S) (any, error) {
				return s.Quote(ctx, cart.QuoteInput{UserID: user, DiscountCode: "SPRING"})
			}),
			answers("Merge", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Merge(ctx, cart.MergeInput{From: user, To: other})
			}),
			answers("CreateDiscount", discount, func(ctx context.Context, s S) (any, error) {
				return s.CreateDiscount(ctx, cart.CreateDiscountInput{Key: idempotency.NewKey("key-8"), Code: "SPRING", DiscountTerms: discount.DiscountTerms})
			}),
			answers("Discount", percentage, func(ctx context.Context, s S) (any, error) {
				return s.Discount(ctx, cart.DiscountInput{ID: discount.ID})
			}),
			answers("ListDiscounts", page.Page[cart.Discount]{Items: []cart.Discount{discount}, Next: "next"}, func(ctx context.Context, s S) (any, error) {
				return s.ListDiscounts(ctx, cart.ListDiscountsInput{Page: page.Request{Limit: 1}})
			}),
			answers("UpdateDiscount", percentage, func(ctx context.Context, s S) (any, error) {
				return s.UpdateDiscount(ctx, cart.UpdateDiscountInput{ID: discount.ID, IfVersion: 1, DiscountTerms: percentage.DiscountTerms})
			}),
			answers("DeleteDiscount", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.DeleteDiscount(ctx, cart.DeleteDiscountInput{ID: discount.ID, IfVersion: 2})
			}),
			answers("Receive", nil, func(ctx context.Context, s S) (any, error) {
				return nil, s.Receive(ctx, event.Envelope{
					ID: eventID, Name: users.EventRemoved, Version: 1, Key: user.String(), At: at,
					TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
					Payload:     json.RawMessage(`{"user_id":"` + user.String() + `"}`),
				})
			}),
		},
	})
}
