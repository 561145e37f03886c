package carttest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// memory implements app.Store and app.Once in memory.
type memory struct {
	answers *idempotency.Memory

	// handling guards handled, for as long as an event is acted on.
	handling sync.Mutex
	handled  map[id.Event]bool

	mu        sync.Mutex
	items     []app.Item // oldest first
	checkouts map[id.Checkout]app.Checkout
	orders    map[id.Order]stored
	published []event.Event
	discounts []cart.Discount // oldest first
	uses      map[id.Checkout]use
}

var (
	_ app.Store = (*memory)(nil)
	_ app.Once  = (*memory)(nil)
)

func newMemory(now func() time.Time) *memory {
	return &memory{
		answers:   idempotency.NewMemory(now),
		checkouts: map[id.Checkout]app.Checkout{}, handled: map[id.Event]bool{}, orders: map[id.Order]stored{},
		uses: map[id.Checkout]use{},
	}
}

// Add implements app.Store.
func (m *memory) Add(_ context.Context, in app.Item) (app.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own, room := -1, app.Room{}
	for i, item := range m.items {
		switch {
		case item.UserID != in.UserID:
			continue
		case item.ProductID == in.ProductID:
			own, room.Own = i, item.Quantity
		case item.Currency != in.Currency:
			room.Others++
		}
		room.Items++
	}
	if err := room.Check(in); err != nil {
		return app.Item{}, err
	}
	if own < 0 {
		m.items = append(m.items, in)
		return in, nil
	}
	item := &m.items[own]
	item.Quantity += in.Quantity
	item.Currency = in.Currency
	item.Version++
	item.UpdatedAt = in.UpdatedAt
	return *item, nil
}

// find is the place of an item that is at ifVersion, unless that is 0.
func (m *memory) find(user id.User, item id.CartItem, ifVersion int64) (int, error) {
	at := slices.IndexFunc(m.items, func(i app.Item) bool { return i.ID == item && i.UserID == user })
	if at < 0 {
		return 0, cart.ErrItemNotFound
	}
	if ifVersion != 0 && ifVersion != m.items[at].Version {
		return 0, fault.ErrPrecondition
	}
	return at, nil
}

// Item implements app.Store.
func (m *memory) Item(_ context.Context, user id.User, item id.CartItem) (app.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.find(user, item, 0)
	if err != nil {
		return app.Item{}, err
	}
	return m.items[at], nil
}

// Items implements app.Store.
func (m *memory) Items(_ context.Context, user id.User) ([]app.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cart(user), nil
}

func (m *memory) cart(user id.User) []app.Item {
	return slices.DeleteFunc(slices.Clone(m.items), func(i app.Item) bool { return i.UserID != user })
}

// SetQuantity implements app.Store.
func (m *memory) SetQuantity(_ context.Context, in cart.UpdateItemInput, quantity int64, at time.Time) (app.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find(in.UserID, in.ID, in.IfVersion)
	if err != nil {
		return app.Item{}, err
	}
	item := &m.items[n]
	item.Quantity = quantity
	item.Version++
	item.UpdatedAt = at
	return *item, nil
}

// Remove implements app.Store.
func (m *memory) Remove(_ context.Context, in cart.RemoveItemInput) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.find(in.UserID, in.ID, in.IfVersion)
	if err != nil {
		return err
	}
	m.items = slices.Delete(m.items, at, at+1)
	return nil
}

// Clear implements app.Store.
func (m *memory) Clear(_ context.Context, user id.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = slices.DeleteFunc(m.items, func(i app.Item) bool { return i.UserID == user })
	return nil
}

// Start implements app.Store.
func (m *memory) Start(_ context.Context, c app.Checkout) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	unchanged := slices.EqualFunc(m.cart(c.UserID), c.Lines, func(i app.Item, l app.Line) bool {
		return i.ID == l.ItemID && i.Version == l.Version
	})
	if !unchanged {
		return app.ErrChanged
	}
	for _, other := range m.checkouts {
		if other.State == app.Started && other.UserID == c.UserID {
			return app.ErrUnfinished
		}
		if other.State != app.Failed && same(other.Key, c.Key) && c.Key != (app.Key{}) {
			return app.ErrKeyUsed
		}
	}
	if err := m.takeUse(c); err != nil {
		return err
	}
	m.checkouts[c.ID] = c
	return nil
}

// Checkout implements app.Store.
func (m *memory) Checkout(_ context.Context, checkout id.Checkout) (app.Checkout, bool, error) {
	return m.checkout(func(c app.Checkout) bool { return c.ID == checkout })
}

// CheckoutOfKey implements app.Store.
func (m *memory) CheckoutOfKey(_ context.Context, key app.Key) (app.Checkout, bool, error) {
	return m.checkout(func(c app.Checkout) bool { return same(c.Key, key) && c.State != app.Failed })
}

// Unfinished implements app.Store.
func (m *memory) Unfinished(_ context.Context, user id.User) (bool, error) {
	_, found, err := m.checkout(func(c app.Checkout) bool { return c.UserID == user && c.State == app.Started })
	return found, err
}

func (m *memory) checkout(which func(app.Checkout) bool) (app.Checkout, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.checkouts {
		if which(c) {
			return c, true, nil
		}
	}
	return app.Checkout{}, false, nil
}

// same compares what is unique of two keys.
func same(a, b app.Key) bool { return a.Scope == b.Scope && a.Text == b.Text }

// DropKey implements app.Store.
func (m *memory) DropKey(_ context.Context, key app.Key) error {
	m.dropKeys(func(c app.Checkout) bool { return same(c.Key, key) })
	return nil
}

// DropKeys implements app.Store.
func (m *memory) DropKeys(_ context.Context, user id.User) error {
	m.dropKeys(func(c app.Checkout) bool { return c.UserID == user })
	return nil
}

func (m *memory) dropKeys(which func(app.Checkout) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n, c := range m.checkouts {
		if which(c) {
			c.Key = app.Key{}
			m.checkouts[n] = c
		}
	}
}

// Due implements app.Store.
func (m *memory) Due(_ context.Context, now time.Time, limit int) ([]app.Checkout, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []app.Checkout
	for _, c := range m.checkouts {
		if c.State == app.Started && !c.DueAt.After(now) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, func(a, b app.Checkout) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return due[:min(limit, len(due))], nil
}

// Claim implements app.Store.
func (m *memory) Claim(_ context.Context, c app.Checkout, until time.Time) (bool, error) {
	return m.change(c, func(c *app.Checkout) {
		c.Claims++
		c.HeldUntil, c.DueAt = until, until
	}), nil
}

// Defer implements app.Store.
func (m *memory) Defer(_ context.Context, c app.Checkout, now, due time.Time) error {
	m.change(c, func(c *app.Checkout) { c.HeldUntil, c.DueAt = now, due })
	return nil
}

// GiveUp implements app.Store.
func (m *memory) GiveUp(_ context.Context, c app.Checkout, until time.Time) (bool, error) {
	given := false
	m.change(c, func(c *app.Checkout) {
		if given = c.Settlement == app.Unsettled || c.Settlement == app.ReleaseDue; given {
			c.Claims++
			c.HeldUntil, c.DueAt, c.Settlement = until, until, app.ReleaseDue
		}
	})
	return given, nil
}

// Fail implements app.Store.
func (m *memory) Fail(_ context.Context, c app.Checkout, at time.Time) (bool, error) {
	return m.change(c, func(c *app.Checkout) {
		c.State, c.UpdatedAt = app.Failed, at
		m.giveUseBack(c.ID)
	}), nil
}

// change changes a started checkout that nobody has claimed since.
func (m *memory) change(c app.Checkout, fn func(*app.Checkout)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.checkouts[c.ID]
	if current.State != app.Started || current.Claims != c.Claims {
		return false
	}
	fn(&current)
	m.checkouts[c.ID] = current
	return true
}

// Finish implements app.Store.
func (m *memory) Finish(_ context.Context, c app.Checkout, e event.Event, at time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.checkouts[c.ID]
	if current.State != app.Started {
		return false, nil
	}
	current.State, current.InvoiceID, current.Number, current.UpdatedAt = app.Done, c.InvoiceID, c.Number, at
	if current.Settlement == app.Unsettled {
		current.SettleAt = c.SettleAt
	}
	m.published = append(m.published, e)
	m.checkouts[c.ID] = current
	bought := map[id.Product]int64{}
	for _, line := range c.Lines {
		bought[line.ProductID] = line.Quantity
	}
	for i := range m.items {
		if item := &m.items[i]; item.UserID == c.UserID && bought[item.ProductID] > 0 {
			item.Quantity -= bought[item.ProductID]
			item.Version++
			item.UpdatedAt = at
		}
	}
	m.items = slices.DeleteFunc(m.items, func(i app.Item) bool { return i.Quantity <= 0 })
	return true, nil
}
