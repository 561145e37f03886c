package carttest

import (
	"context"
	"slices"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/id"
)

// SettleCheckout implements app.SettlementStore.
func (m *memory) SettleCheckout(_ context.Context, checkout id.Checkout, to app.Settlement, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, found := m.checkouts[checkout]
	if !found || c.State == app.Failed || c.Settlement != app.Unsettled {
		return nil
	}
	c.Settlement, c.SettleAt = to, at
	m.checkouts[checkout] = c
	if to == app.ReleaseDue {
		m.giveUseBack(checkout)
	}
	return nil
}

// Unsettled implements app.SettlementStore.
func (m *memory) Unsettled(_ context.Context, now, until time.Time, limit int) ([]app.Checkout, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []app.Checkout
	for n, c := range m.checkouts {
		if c.State == app.Done && !c.SettleAt.IsZero() && !c.SettleAt.After(now) && len(due) < limit {
			c.SettleAt = until
			m.checkouts[n] = c
			due = append(due, c)
		}
	}
	return due, nil
}

// Settled implements app.SettlementStore.
func (m *memory) Settled(_ context.Context, checkouts []id.Checkout) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	done := map[app.Settlement]app.Settlement{app.CommitDue: app.Committed, app.ReleaseDue: app.Released}
	for _, n := range checkouts {
		if c := m.checkouts[n]; done[c.Settlement] != "" {
			c.Settlement, c.SettleAt = done[c.Settlement], time.Time{}
			m.checkouts[n] = c
		}
	}
	return nil
}

// Postpone implements app.SettlementStore.
func (m *memory) Postpone(_ context.Context, checkout id.Checkout, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.checkouts[checkout]; c.Settlement == app.Unsettled {
		c.SettleAt = until
		m.checkouts[checkout] = c
	}
	return nil
}

// Standings implements app.SettlementStore.
func (m *memory) Standings(_ context.Context, checkouts []id.Checkout) ([]app.Standing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []app.Standing
	for _, n := range checkouts {
		c, found := m.checkouts[n]
		if !found || c.State != app.Done || c.Terms == nil {
			continue
		}
		standing := app.Standing{Checkout: n, Invoice: c.InvoiceID, UpdatedAt: c.UpdatedAt}
		for _, o := range m.orders {
			if o.CheckoutID == n {
				standing.OrderState, standing.Short = o.State, o.Short
			}
		}
		all = append(all, standing)
	}
	return all, nil
}

// Merge implements app.Store.
func (m *memory) Merge(_ context.Context, from, to id.User, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.cart(from)) == 0 {
		return nil
	}
	for _, c := range m.checkouts {
		if c.UserID == from && c.State == app.Started {
			return app.ErrUnfinished
		}
	}
	count := len(m.cart(to))
	var doubles []id.CartItem
	for i := range m.items {
		item := &m.items[i]
		if item.UserID != from {
			continue
		}
		own := slices.IndexFunc(m.items, func(o app.Item) bool { return o.UserID == to && o.ProductID == item.ProductID })
		switch {
		case own >= 0:
			raised := &m.items[own]
			raised.Quantity = min(raised.Quantity+item.Quantity, cart.MaxQuantity)
			raised.Version++
			raised.UpdatedAt = at
			doubles = append(doubles, item.ID)
		case count < cart.MaxMergedItems:
			count++
			item.UserID, item.UpdatedAt = to, at
			item.Version++
		}
	}
	m.items = slices.DeleteFunc(m.items, func(i app.Item) bool { return slices.Contains(doubles, i.ID) })
	return nil
}
