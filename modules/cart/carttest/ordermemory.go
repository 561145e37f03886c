package carttest

import (
	"bytes"
	"context"
	"slices"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/event"
	"shop/platform/id"
)

// stored is an order as memory keeps it. Attempts and due are those of a
// cancellation.
type stored struct {
	cart.Order
	attempts int64
	due      time.Time
}

// own is the order as its receiver's own.
func (o stored) own() cart.Order {
	o.Lines = slices.Clone(o.Lines)
	return o.Order
}

// PlaceOrder implements app.OrderStore.
func (m *memory) PlaceOrder(ctx context.Context, o cart.Order, at time.Time, placed event.Event) error {
	m.addOrder(o, at, placed)
	return m.SettleCheckout(ctx, o.CheckoutID, app.CommitDue, at)
}

func (m *memory) addOrder(o cart.Order, at time.Time, placed event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.orders {
		if other.InvoiceID == o.InvoiceID {
			return
		}
	}
	m.orders[o.ID] = stored{Order: o, due: at}
	m.published = append(m.published, placed)
}

// Order implements app.OrderStore.
func (m *memory) Order(_ context.Context, order id.Order) (cart.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, found := m.orders[order]
	if !found {
		return cart.Order{}, cart.ErrOrderNotFound
	}
	return o.own(), nil
}

// ListOrders implements app.OrderStore.
func (m *memory) ListOrders(_ context.Context, q app.OrderQuery) ([]cart.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []cart.Order{}
	for _, o := range m.orders {
		if matches(o, q) && (q.Before.IsZero() || bytes.Compare(o.ID[:], q.Before[:]) < 0) {
			list = append(list, o.own())
		}
	}
	slices.SortFunc(list, func(a, b cart.Order) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	return list[:min(q.Limit, len(list))], nil
}

// CountOrders implements app.OrderStore.
func (m *memory) CountOrders(_ context.Context, q app.OrderQuery) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var count int64
	for _, o := range m.orders {
		if matches(o, q) {
			count++
		}
	}
	return count, nil
}

// InvoicesWithoutOrder implements app.OrderStore.
func (m *memory) InvoicesWithoutOrder(_ context.Context, invoices []id.Invoice) ([]id.Invoice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	has := map[id.Invoice]bool{}
	for _, o := range m.orders {
		has[o.InvoiceID] = true
	}
	return slices.DeleteFunc(slices.Clone(invoices), func(i id.Invoice) bool { return has[i] }), nil
}

func matches(o stored, q app.OrderQuery) bool {
	return (q.UserID.IsZero() || o.UserID == q.UserID) && (q.State == "" || o.State == q.State) &&
		(q.InvoiceID.IsZero() || o.InvoiceID == q.InvoiceID)
}

// MoveOrder implements app.OrderStore.
func (m *memory) MoveOrder(_ context.Context, move app.OrderMove, told event.Event) (cart.Order, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, found := m.orders[move.ID]
	if !found || !slices.Contains(move.From, o.State) || move.IfVersion != 0 && move.IfVersion != o.Version {
		return cart.Order{}, false, nil
	}
	o.State = move.To
	o.Version++
	switch move.To {
	case cart.OrderPacked:
		o.PackedAt = move.At
	case cart.OrderShipped:
		o.ShippedAt, o.Carrier, o.Tracking = move.At, move.Carrier, move.Tracking
	case cart.OrderDelivered:
		o.DeliveredAt = move.At
	case cart.OrderCancelling:
		o.CancelReason, o.attempts, o.due = move.Reason, move.Attempts, move.Due
	case cart.OrderCancelled:
		o.CancelledAt, o.CancelError = move.At, ""
	case cart.OrderPaid: // where every order begins: no move leads there
	}
	m.orders[move.ID] = o
	if told != nil {
		m.published = append(m.published, told)
	}
	return o.own(), true, nil
}

// MarkShort implements app.OrderStore.
func (m *memory) MarkShort(_ context.Context, checkout id.Checkout, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n, o := range m.orders {
		if o.CheckoutID == checkout && !o.Short && o.State != cart.OrderCancelled {
			o.Short = true
			o.Version++
			m.orders[n] = o
		}
	}
	return nil
}

// DueCancellations implements app.OrderStore.
func (m *memory) DueCancellations(_ context.Context, now time.Time, limit int) ([]app.Cancellation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []app.Cancellation
	for _, o := range m.orders {
		if o.State == cart.OrderCancelling && !o.due.After(now) {
			due = append(due, app.Cancellation{Order: o.own(), Attempts: o.attempts})
		}
	}
	return due[:min(limit, len(due))], nil
}

// ClaimCancellation implements app.OrderStore.
func (m *memory) ClaimCancellation(_ context.Context, c app.Cancellation, until time.Time) (bool, error) {
	return m.changeCancellation(c, func(o *stored) {
		o.attempts++
		o.due = until
	}), nil
}

// DeferCancellation implements app.OrderStore.
func (m *memory) DeferCancellation(_ context.Context, c app.Cancellation, _, due time.Time, met string) error {
	m.changeCancellation(c, func(o *stored) {
		o.due = due
		if o.CancelError != met {
			o.CancelError = met
			o.Version++
		}
	})
	return nil
}

// changeCancellation changes an order that is being cancelled and that nobody
// has claimed since.
func (m *memory) changeCancellation(c app.Cancellation, fn func(*stored)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.orders[c.Order.ID]
	if o.State != cart.OrderCancelling || o.attempts != c.Attempts {
		return false
	}
	fn(&o)
	m.orders[c.Order.ID] = o
	return true
}
