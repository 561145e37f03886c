package app

import (
	"context"
	"slices"

	"shop/modules/cart"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// Order implements cart.Service.
func (s *Service) Order(ctx context.Context, in cart.OrderInput) (cart.Order, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return cart.Order{}, err
	}
	o, err := s.visibleOrder(ctx, in.ID)
	return shown(ctx, o), err
}

// visibleOrder reads an order that the actor may know of.
func (s *Service) visibleOrder(ctx context.Context, order id.Order) (cart.Order, error) {
	o, err := s.store.Order(ctx, order)
	if err != nil {
		return cart.Order{}, err
	}
	if a := identity.From(ctx); !a.IsPrivileged() && a.User != o.UserID {
		return cart.Order{}, cart.ErrOrderNotFound
	}
	return o, nil
}

// shown is an order as the actor may see it.
func shown(ctx context.Context, o cart.Order) cart.Order {
	if !identity.From(ctx).IsPrivileged() {
		o.CancelError = ""
	}
	return o
}

// newestOrders names the one order of the list in its cursors.
const newestOrders = "newest"

// ListOrders implements cart.Service.
func (s *Service) ListOrders(ctx context.Context, in cart.ListOrdersInput) (page.Page[cart.Order], error) {
	none := page.Page[cart.Order]{}
	q, err := orderQuery(ctx, in)
	if err != nil {
		return none, err
	}
	rows, err := s.store.ListOrders(ctx, q)
	if err != nil {
		return none, err
	}
	for i, o := range rows {
		rows[i] = shown(ctx, o)
	}
	cut := page.Cut(rows, in.Page.Size(), func(o cart.Order) page.Cursor {
		return page.Cursor{Sort: newestOrders, ID: o.ID.String()}
	})
	if in.Page.CountExact {
		total, err := s.store.CountOrders(ctx, q)
		if err != nil {
			return none, err
		}
		cut.Total = &total
	}
	return cut, nil
}

// orderQuery is what is asked for, as far as the actor may. Errors: those of
// ListOrders.
func orderQuery(ctx context.Context, in cart.ListOrdersInput) (OrderQuery, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return OrderQuery{}, err
	}
	q := OrderQuery{UserID: in.UserID, State: in.State, InvoiceID: in.InvoiceID, Limit: in.Page.Size() + 1}
	if a := identity.From(ctx); !a.IsPrivileged() {
		if !q.UserID.IsZero() && q.UserID != a.User {
			return OrderQuery{}, identity.ErrForbidden
		}
		q.UserID = a.User
	}
	if in.State != "" && !slices.Contains(orderStates(), in.State) {
		return OrderQuery{}, fault.InvalidField("query.state", "must be a state of orders")
	}
	if in.Page.Cursor == "" {
		return q, nil
	}
	cursor, err := page.Decode(in.Page.Cursor, newestOrders)
	if err != nil {
		return OrderQuery{}, err
	}
	if err := q.Before.UnmarshalText([]byte(cursor.ID)); err != nil {
		return OrderQuery{}, page.ErrCursor
	}
	return q, nil
}

func orderStates() []cart.OrderState {
	return []cart.OrderState{
		cart.OrderPaid, cart.OrderPacked, cart.OrderShipped, cart.OrderDelivered, cart.OrderCancelling, cart.OrderCancelled,
	}
}
