package app

import (
	"context"
	"slices"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
)

// CreateProduct implements catalog.Service.
func (s *Service) CreateProduct(ctx context.Context, in catalog.CreateProductInput) (catalog.Product, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Product{}, err
	}
	product := s.newProduct(in)
	if err := CheckProduct("body.", product); err != nil {
		return catalog.Product{}, err
	}
	created, err := sqlstore.Do(ctx, s.idempotency, in.Key, catalog.MethodCreateProduct.String(), in,
		func(ctx context.Context) (catalog.Product, error) {
			if err := s.store.Insert(ctx, []catalog.Product{product}); err != nil {
				return catalog.Product{}, err
			}
			return product, s.outbox.Append(ctx, catalog.ProductCreated{ProductID: product.ID, Version: product.Version})
		})
	if err != nil {
		return catalog.Product{}, err
	}
	s.cache.edited(created.ID)
	return created, nil
}

func (s *Service) newProduct(in catalog.CreateProductInput) catalog.Product {
	now := s.clock()
	return catalog.Product{
		ID: id.NewProduct(), SKU: in.SKU, Name: in.Name, Description: in.Description, Price: in.Price,
		Stock: in.Stock, Category: in.Category, Attributes: in.Attributes, Images: in.Images,
		Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// Product implements catalog.Service.
func (s *Service) Product(ctx context.Context, in catalog.ProductInput) (catalog.Product, error) {
	return s.cache.product(ctx, in.ID)
}

// Products implements catalog.Service.
func (s *Service) Products(ctx context.Context, in catalog.ProductsInput) ([]catalog.Product, error) {
	if len(in.IDs) > catalog.MaxProducts {
		return nil, fault.InvalidField("body.ids", "must be at most 1000")
	}
	return s.cache.list(ctx, in.IDs)
}

// UpdateProduct implements catalog.Service.
func (s *Service) UpdateProduct(ctx context.Context, in catalog.UpdateProductInput) (catalog.Product, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Product{}, err
	}
	var changed catalog.Product
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		before, err := s.store.Lock(ctx, in.ID)
		if err != nil {
			return err
		}
		if in.IfVersion != 0 && in.IfVersion != before.Version {
			return fault.ErrPrecondition
		}
		changed = Apply(before, in)
		if err := CheckProduct("body.", changed); err != nil {
			return err
		}
		changed.Version++
		changed.Revision++
		changed.UpdatedAt = s.clock()
		if changed.Stock != before.Stock {
			changed.Revision++
			if err := s.store.SetStock(ctx, in.ID, changed.Stock, changed.UpdatedAt); err != nil {
				return err
			}
		}
		if err := s.store.Update(ctx, changed); err != nil {
			return err
		}
		return s.outbox.Append(ctx, catalog.ProductChanged{ProductID: in.ID, Version: changed.Version})
	})
	if err != nil {
		return catalog.Product{}, err
	}
	s.cache.edited(in.ID)
	return changed, nil
}

// Apply is the product with the input's changes.
func Apply(p catalog.Product, in catalog.UpdateProductInput) catalog.Product {
	set(&p.SKU, in.SKU)
	set(&p.Name, in.Name)
	set(&p.Description, in.Description)
	set(&p.Price, in.Price)
	set(&p.Stock, in.Stock)
	set(&p.Category, in.Category)
	set(&p.Attributes, in.Attributes)
	set(&p.Images, in.Images)
	return p
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// DeleteProduct implements catalog.Service.
func (s *Service) DeleteProduct(ctx context.Context, in catalog.DeleteProductInput) error {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return err
	}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		product, err := s.store.Lock(ctx, in.ID)
		if err != nil {
			return err
		}
		if in.IfVersion != 0 && in.IfVersion != product.Version {
			return fault.ErrPrecondition
		}
		product.Version++
		product.UpdatedAt = s.clock()
		product.DeletedAt = product.UpdatedAt
		if err := s.store.Update(ctx, product); err != nil {
			return err
		}
		return s.outbox.Append(ctx, catalog.ProductDeleted{ProductID: in.ID, Version: product.Version})
	})
	if err != nil {
		return err
	}
	s.cache.edited(in.ID)
	return nil
}

// Categories implements catalog.Service.
func (s *Service) Categories(ctx context.Context, _ catalog.CategoriesInput) ([]catalog.Category, error) {
	return s.store.Categories(ctx)
}

// distinct is ids without repetitions, in ascending order.
func distinct(ids []id.Product) []id.Product {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, compare)
	return slices.Compact(sorted)
}

func compare(a, b id.Product) int { return slices.Compare(a[:], b[:]) }
