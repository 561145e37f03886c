package carttest

import (
	"context"
	"slices"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/fault"
	"shop/platform/id"
)

// use is a checkout's use of a discount.
type use struct {
	discount id.Discount
	user     id.User
}

// AddDiscount implements app.DiscountStore.
func (m *memory) AddDiscount(_ context.Context, d cart.Discount) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.discounts, func(o cart.Discount) bool { return app.FoldCode(o.Code) == app.FoldCode(d.Code) }) {
		return cart.ErrDiscountCodeTaken
	}
	m.discounts = append(m.discounts, d)
	return nil
}

// Discount implements app.DiscountStore.
func (m *memory) Discount(_ context.Context, discount id.Discount) (cart.Discount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.discountAt(discount, 0)
	if err != nil {
		return cart.Discount{}, err
	}
	return m.discounts[at], nil
}

// discountAt is the place of a discount that is at ifVersion, unless that is 0.
func (m *memory) discountAt(discount id.Discount, ifVersion int64) (int, error) {
	at := slices.IndexFunc(m.discounts, func(d cart.Discount) bool { return d.ID == discount })
	if at < 0 {
		return 0, cart.ErrDiscountNotFound
	}
	if ifVersion != 0 && ifVersion != m.discounts[at].Version {
		return 0, fault.ErrPrecondition
	}
	return at, nil
}

// DiscountOfCode implements app.DiscountStore.
func (m *memory) DiscountOfCode(_ context.Context, folded string) (cart.Discount, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.discounts {
		if app.FoldCode(d.Code) == folded {
			return d, true, nil
		}
	}
	return cart.Discount{}, false, nil
}

// Discounts implements app.DiscountStore.
func (m *memory) Discounts(_ context.Context, before id.Discount, limit int) ([]cart.Discount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Clone(m.discounts)
	slices.Reverse(list)
	if !before.IsZero() {
		list = slices.DeleteFunc(list, func(d cart.Discount) bool { return slices.Compare(d.ID[:], before[:]) >= 0 })
	}
	return list[:min(limit, len(list))], nil
}

// CountDiscounts implements app.DiscountStore.
func (m *memory) CountDiscounts(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.discounts)), nil
}

// DiscountUses implements app.DiscountStore.
func (m *memory) DiscountUses(_ context.Context, discount id.Discount, user id.User) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usesOf(use{discount, user}), nil
}

func (m *memory) usesOf(what use) (n int64) {
	for _, u := range m.uses {
		if u == what {
			n++
		}
	}
	return n
}

// SetDiscount implements app.DiscountStore.
func (m *memory) SetDiscount(_ context.Context, in cart.UpdateDiscountInput, at time.Time) (cart.Discount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.discountAt(in.ID, in.IfVersion)
	if err != nil {
		return cart.Discount{}, err
	}
	d := &m.discounts[n]
	d.DiscountTerms, d.UpdatedAt = in.DiscountTerms, at
	d.Version++
	return *d, nil
}

// RemoveDiscount implements app.DiscountStore.
func (m *memory) RemoveDiscount(_ context.Context, in cart.DeleteDiscountInput) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.discountAt(in.ID, in.IfVersion)
	if err != nil {
		return err
	}
	m.discounts = slices.Delete(m.discounts, n, n+1)
	return nil
}

// takeUse takes the use of a checkout's discount, if it has one.
func (m *memory) takeUse(c app.Checkout) error {
	if c.Terms == nil || c.Terms.Use == nil {
		return nil
	}
	n, err := m.discountAt(c.Terms.Use.ID, c.Terms.Use.Version)
	if err != nil {
		return app.ErrChanged
	}
	d, own := &m.discounts[n], use{c.Terms.Use.ID, c.UserID}
	if d.MaxUses > 0 && d.Uses >= d.MaxUses || d.MaxUsesPerUser > 0 && m.usesOf(own) >= d.MaxUsesPerUser {
		return cart.ErrDiscountUsedUp.WithField("body.discount_code", "was used as often as it may")
	}
	d.Uses++
	m.uses[c.ID] = own
	return nil
}

func (m *memory) giveUseBack(checkout id.Checkout) {
	own, taken := m.uses[checkout]
	if !taken {
		return
	}
	delete(m.uses, checkout)
	if n, err := m.discountAt(own.discount, 0); err == nil {
		m.discounts[n].Uses--
	}
}
