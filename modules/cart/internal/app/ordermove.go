package app

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shop/modules/cart"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/identity"
)

// PackOrder implements cart.Service.
func (s *Service) PackOrder(ctx context.Context, in cart.PackOrderInput) (cart.Order, error) {
	return s.ship(ctx, OrderMove{
		ID: in.ID, IfVersion: in.IfVersion, From: []cart.OrderState{cart.OrderPaid}, To: cart.OrderPacked,
	}, cart.EventOrderPacked)
}

// ShipOrder implements cart.Service.
func (s *Service) ShipOrder(ctx context.Context, in cart.ShipOrderInput) (cart.Order, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return cart.Order{}, err
	}
	if err := checkShipment(in); err != nil {
		return cart.Order{}, err
	}
	return s.ship(ctx, OrderMove{
		ID: in.ID, IfVersion: in.IfVersion, From: []cart.OrderState{cart.OrderPacked}, To: cart.OrderShipped,
		Carrier: in.Carrier, Tracking: in.Tracking,
	}, cart.EventOrderShipped)
}

// checkShipment names every field that cannot be accepted.
func checkShipment(in cart.ShipOrderInput) error {
	carrier := isLine(in.Carrier) && strings.TrimSpace(in.Carrier) != ""
	switch {
	case carrier && isLine(in.Tracking):
		return nil
	case carrier:
		return fault.InvalidField("body.tracking", lineRule)
	}
	refusal := fault.InvalidField("body.carrier", lineRule+", and not blank")
	if !isLine(in.Tracking) {
		refusal = refusal.WithField("body.tracking", lineRule)
	}
	return refusal
}

// isLine says whether a text is one line of bearable length.
func isLine(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= cart.MaxOrderText &&
		!strings.ContainsFunc(text, unicode.IsControl)
}

var lineRule = "must be one line of at most " + strconv.Itoa(cart.MaxOrderText) + " characters"

// DeliverOrder implements cart.Service.
func (s *Service) DeliverOrder(ctx context.Context, in cart.DeliverOrderInput) (cart.Order, error) {
	return s.ship(ctx, OrderMove{
		ID: in.ID, IfVersion: in.IfVersion, From: []cart.OrderState{cart.OrderShipped}, To: cart.OrderDelivered,
	}, cart.EventOrderDelivered)
}

// ship takes an order one step towards its buyer.
func (s *Service) ship(ctx context.Context, m OrderMove, name string) (cart.Order, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return cart.Order{}, err
	}
	o, err := s.store.Order(ctx, m.ID)
	if err != nil {
		return cart.Order{}, err
	}
	told := orderEvent(name, o)
	told.Carrier, told.Tracking = m.Carrier, m.Tracking
	return s.move(ctx, m, told)
}

// move makes a move or says why it cannot be made. Errors:
// cart.ErrOrderNotFound, cart.ErrOrderState, fault.ErrPrecondition.
func (s *Service) move(ctx context.Context, m OrderMove, told event.Event) (cart.Order, error) {
	m.At = s.clock()
	o, moved, err := s.store.MoveOrder(ctx, m, told)
	if err != nil || moved {
		return o, err
	}
	if o, err = s.store.Order(ctx, m.ID); err != nil {
		return cart.Order{}, err
	}
	return cart.Order{}, m.refusal(o)
}

// refusal says why a move could not be made of an order as it is.
func (m OrderMove) refusal(o cart.Order) error {
	if m.IfVersion != 0 && m.IfVersion != o.Version {
		return fault.ErrPrecondition
	}
	return cart.ErrOrderState.WithField("state", string(o.State))
}

// orderEvent is what happened to an order.
func orderEvent(name string, o cart.Order) cart.OrderEvent {
	return cart.OrderEvent{Name: name, OrderID: o.ID, UserID: o.UserID, InvoiceID: o.InvoiceID, Number: o.Number}
}
