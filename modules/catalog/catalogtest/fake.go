package catalogtest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

// Fake is a catalog in memory, for tests of modules that need one. It passes
// Run.
type Fake struct {
	answers idempotency.Memory

	mu       sync.Mutex
	products map[id.Product]catalog.Product
	reserved map[id.Checkout]catalog.Reservation
}

var _ catalog.Service = (*Fake)(nil)

// NewFake makes an empty catalog.
func NewFake() *Fake {
	return &Fake{
		products: map[id.Product]catalog.Product{},
		reserved: map[id.Checkout]catalog.Reservation{},
	}
}

// CreateProduct implements catalog.Service.
func (f *Fake) CreateProduct(ctx context.Context, in catalog.CreateProductInput) (catalog.Product, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Product{}, err
	}
	return idempotency.DoMemory(ctx, &f.answers, in.Key, "CreateProduct", in, func(context.Context) (catalog.Product, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.create("body.", in)
	})
}

func (f *Fake) create(prefix string, in catalog.CreateProductInput) (catalog.Product, error) {
	now := database.Now()
	p := catalog.Product{
		ID: id.NewProduct(), SKU: in.SKU, Name: in.Name, Description: in.Description, Price: in.Price,
		Stock: in.Stock, Category: in.Category, Attributes: in.Attributes, Images: in.Images,
		Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := app.CheckProduct(prefix, p); err != nil {
		return catalog.Product{}, err
	}
	if _, taken := f.bySKU(p.SKU); taken {
		return catalog.Product{}, catalog.ErrSKUTaken
	}
	f.products[p.ID] = p
	return own(p), nil
}

func (f *Fake) bySKU(sku string) (catalog.Product, bool) {
	for _, p := range f.products {
		if p.SKU == sku && p.DeletedAt.IsZero() {
			return p, true
		}
	}
	return catalog.Product{}, false
}

// Product implements catalog.Service.
func (f *Fake) Product(_ context.Context, in catalog.ProductInput) (catalog.Product, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	p, found := f.products[in.ID]
	if !found {
		return catalog.Product{}, catalog.ErrProductNotFound
	}
	return own(p), nil
}

// Products implements catalog.Service.
func (f *Fake) Products(_ context.Context, in catalog.ProductsInput) ([]catalog.Product, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	if len(in.IDs) > catalog.MaxProducts {
		return nil, fault.InvalidField("body.ids", "must be at most 1000")
	}
	var found []catalog.Product
	for _, product := range in.IDs {
		if p, ok := f.products[product]; ok {
			found = append(found, own(p))
		}
	}
	return found, nil
}

// UpdateProduct implements catalog.Service.
func (f *Fake) UpdateProduct(ctx context.Context, in catalog.UpdateProductInput) (catalog.Product, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Product{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before, err := f.onSale(in.ID, in.IfVersion)
	if err != nil {
		return catalog.Product{}, err
	}
	changed := app.Apply(before, in)
	if err := app.CheckProduct("body.", changed); err != nil {
		return catalog.Product{}, err
	}
	if other, taken := f.bySKU(changed.SKU); taken && other.ID != in.ID {
		return catalog.Product{}, catalog.ErrSKUTaken
	}
	changed.Version++
	changed.Revision += 2
	changed.UpdatedAt = database.Now()
	f.products[in.ID] = changed
	return own(changed), nil
}

func (f *Fake) onSale(product id.Product, ifVersion int64) (catalog.Product, error) {
	p, found := f.products[product]
	if !found || !p.DeletedAt.IsZero() {
		return catalog.Product{}, catalog.ErrProductNotFound
	}
	if ifVersion != 0 && ifVersion != p.Version {
		return catalog.Product{}, fault.ErrPrecondition
	}
	return p, nil
}

// DeleteProduct implements catalog.Service.
func (f *Fake) DeleteProduct(ctx context.Context, in catalog.DeleteProductInput) error {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.onSale(in.ID, in.IfVersion)
	if err != nil {
		return err
	}
	p.Version++
	p.Revision++
	p.Stock = 0
	p.UpdatedAt = database.Now()
	p.DeletedAt = p.UpdatedAt
	f.products[in.ID] = p
	return nil
}

// Categories implements catalog.Service.
func (f *Fake) Categories(context.Context, catalog.CategoriesInput) ([]catalog.Category, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := map[string]int64{}
	for _, p := range f.products {
		if p.DeletedAt.IsZero() && p.Category != "" {
			counts[p.Category]++
		}
	}
	categories := []catalog.Category{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		categories = append(categories, catalog.Category{Name: name, Count: counts[name]})
	}
	return categories, nil
}

// ImportProducts implements catalog.Service.
func (f *Fake) ImportProducts(ctx context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.ImportResult{}, err
	}
	return idempotency.DoMemory(ctx, &f.answers, in.Key, "ImportProducts", in, func(context.Context) (catalog.ImportResult, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		saved := maps.Clone(f.products)
		result, err := f.merge(in.Products)
		if err != nil {
			f.products = saved
		}
		return result, err
	})
}

func (f *Fake) merge(products []catalog.CreateProductInput) (catalog.ImportResult, error) {
	var result catalog.ImportResult
	if len(products) == 0 || len(products) > catalog.MaxProducts {
		return result, fault.InvalidField("body.products", "must be 1 to 1000")
	}
	seen := map[string]bool{}
	for i, in := range products {
		prefix := "body.products[" + strconv.Itoa(i) + "]."
		if seen[in.SKU] {
			return result, fault.InvalidField(prefix+"sku", "occurs twice in this batch")
		}
		seen[in.SKU] = true
		before, known := f.bySKU(in.SKU)
		delete(f.products, before.ID)
		p, err := f.create(prefix, in)
		if err != nil {
			return result, err
		}
		if !known {
			result.Created++
			continue
		}
		result.Updated++
		delete(f.products, p.ID)
		p.ID, p.Version, p.Revision, p.CreatedAt = before.ID, before.Version+1, before.Revision+2, before.CreatedAt
		f.products[p.ID] = p
	}
	return result, nil
}

// own is a copy that shares nothing with p.
func own(p catalog.Product) catalog.Product {
	p.Attributes = maps.Clone(p.Attributes)
	p.Images = slices.Clone(p.Images)
	return p
}
