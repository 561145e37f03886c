package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"shop/modules/catalog"
	"shop/platform/id"
	"shop/platform/page"
)

// Sizes of the cache, in entries. A product takes about 1 KiB.
const (
	maxCachedProducts = 20_000
	maxCachedPages    = 2_000
)

// staleness bounds how long a change by another process may stay unseen.
const staleness = 250 * time.Millisecond

// cache keeps products and the members of pages in memory. A change is seen at
// once by this process, which tells the cache, and within staleness by others,
// which ask the database what changed since they last asked before they answer
// from memory. There is no timer: an idle process asks nothing.
type cache struct {
	store    Store
	products *otter.Cache[id.Product, catalog.Product]
	pages    *otter.Cache[string, members]
	checking singleflight.Group
	// checked is when mark was read, in Unix nanoseconds.
	checked atomic.Int64

	// mu orders storing what was read before a change against forgetting it.
	mu sync.RWMutex
	// changes counts what was forgotten; edits counts what may have moved in
	// lists.
	changes, edits int64
	mark           string
}

// members is a page by the identifiers of its products.
type members struct {
	edits int64
	ids   []id.Product
	next  string
}

func newCache(store Store) (*cache, error) {
	products, err := otter.New(&otter.Options[id.Product, catalog.Product]{MaximumSize: maxCachedProducts})
	if err != nil {
		return nil, fmt.Errorf("make product cache: %w", err)
	}
	pages, err := otter.New(&otter.Options[string, members]{MaximumSize: maxCachedPages})
	if err != nil {
		return nil, fmt.Errorf("make page cache: %w", err)
	}
	return &cache{store: store, products: products, pages: pages}, nil
}

// edited forgets products that were created, changed or deleted.
func (c *cache) edited(ids ...id.Product) { c.forget(ids, true) }

// moved forgets products whose stock changed.
func (c *cache) moved(ids ...id.Product) { c.forget(ids, false) }

func (c *cache) forget(ids []id.Product, edited bool) {
	if len(ids) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	if edited {
		c.edits++
	}
	for _, product := range ids {
		c.products.Invalidate(product)
	}
}

// check asks what other processes changed, unless that was done a moment ago.
func (c *cache) check(ctx context.Context) error {
	if time.Now().UnixNano()-c.checked.Load() < int64(staleness) {
		return nil
	}
	_, err, _ := c.checking.Do("", func() (any, error) {
		began := time.Now().UnixNano()
		if began-c.checked.Load() < int64(staleness) {
			return nil, nil //nolint:nilnil // another caller has just done it
		}
		// One caller asks for all who wait: its own end must not be theirs.
		changed, err := c.store.Changed(context.WithoutCancel(ctx), c.mark)
		if err != nil {
			return nil, err
		}
		c.moved(changed.Moved...)
		c.edited(changed.Edited...)
		c.mark = changed.Mark
		c.checked.Store(began)
		return nil, nil //nolint:nilnil // there is nothing to return
	})
	return err
}

// product reads one product. Errors: catalog.ErrProductNotFound.
func (c *cache) product(ctx context.Context, product id.Product) (catalog.Product, error) {
	if err := c.check(ctx); err != nil {
		return catalog.Product{}, err
	}
	if p, ok := c.products.GetIfPresent(product); ok {
		return own(p), nil
	}
	found, err := c.list(ctx, []id.Product{product})
	if err != nil {
		return catalog.Product{}, err
	}
	if len(found) == 0 {
		return catalog.Product{}, catalog.ErrProductNotFound
	}
	return found[0], nil
}

// list reads products, in no order, those that exist.
func (c *cache) list(ctx context.Context, ids []id.Product) ([]catalog.Product, error) {
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	found := make([]catalog.Product, 0, len(ids))
	var missing []id.Product
	for _, product := range ids {
		if p, ok := c.products.GetIfPresent(product); ok {
			found = append(found, own(p))
		} else {
			missing = append(missing, product)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	before, _ := c.counts()
	read, err := c.store.Find(ctx, distinct(missing))
	if err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, p := range read {
		if c.changes == before {
			c.products.Set(p.ID, own(p))
		}
	}
	return append(found, read...), nil
}

// page reads a page whose members do not depend on the stock.
func (c *cache) page(ctx context.Context, q Query) (page.Page[catalog.Product], error) {
	if err := c.check(ctx); err != nil {
		return page.Page[catalog.Product]{}, err
	}
	key := q.cacheKey()
	_, edits := c.counts()
	if m, ok := c.pages.GetIfPresent(key); ok && m.edits == edits {
		if p, ok, err := c.assemble(ctx, m); ok || err != nil {
			return p, err
		}
	}
	changes, edits := c.counts()
	rows, err := c.store.List(ctx, q)
	if err != nil {
		return page.Page[catalog.Product]{}, err
	}
	cut := page.Cut(rows, q.Limit, CursorOf(q.Sort))
	m := members{edits: edits, ids: make([]id.Product, len(cut.Items)), next: cut.Next}
	result := page.Page[catalog.Product]{Items: make([]catalog.Product, len(cut.Items)), Next: cut.Next}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, row := range cut.Items {
		m.ids[i], result.Items[i] = row.Product.ID, row.Product
		if c.changes == changes {
			c.products.Set(row.Product.ID, own(row.Product))
		}
	}
	c.pages.Set(key, m) // a page of an older count of edits is never used
	return result, nil
}

// assemble puts a page together from its members; false when one is gone.
func (c *cache) assemble(ctx context.Context, m members) (page.Page[catalog.Product], bool, error) {
	products, err := c.list(ctx, m.ids)
	if err != nil || len(products) != len(m.ids) {
		return page.Page[catalog.Product]{}, false, err
	}
	if !slices.EqualFunc(products, m.ids, func(p catalog.Product, i id.Product) bool { return p.ID == i }) {
		byID := make(map[id.Product]catalog.Product, len(products))
		for _, p := range products {
			byID[p.ID] = p
		}
		for i, product := range m.ids {
			products[i] = byID[product]
		}
	}
	return page.Page[catalog.Product]{Items: products, Next: m.next}, true, nil
}

func (c *cache) counts() (changes, edits int64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.changes, c.edits
}

// own is a copy that shares nothing with p: what the cache keeps and what a
// caller gets are different values.
func own(p catalog.Product) catalog.Product {
	p.Attributes = maps.Clone(p.Attributes)
	p.Images = slices.Clone(p.Images)
	return p
}
