package app

import (
	"context"
	"strconv"

	"shop/modules/catalog"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
)

// ImportProducts implements catalog.Service.
func (s *Service) ImportProducts(ctx context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.ImportResult{}, err
	}
	wanted, err := s.validImport(in)
	if err != nil {
		return catalog.ImportResult{}, err
	}
	var touched []id.Product
	result, err := sqlstore.Do(ctx, s.idempotency, in.Key, catalog.MethodImportProducts.String(), in,
		func(ctx context.Context) (catalog.ImportResult, error) {
			var err error
			var result catalog.ImportResult
			result, touched, err = s.merge(ctx, wanted)
			return result, err
		})
	if err != nil {
		return catalog.ImportResult{}, err
	}
	s.cache.edited(touched...)
	return result, nil
}

func (s *Service) validImport(in catalog.ImportProductsInput) ([]catalog.Product, error) {
	if len(in.Products) == 0 || len(in.Products) > catalog.MaxProducts {
		return nil, fault.InvalidField("body.products", "must be 1 to "+strconv.Itoa(catalog.MaxProducts))
	}
	var check findings
	seen := map[string]bool{}
	products := make([]catalog.Product, len(in.Products))
	for i, p := range in.Products {
		products[i] = s.newProduct(p)
		check.prefix = "body.products[" + strconv.Itoa(i) + "]."
		check.product(products[i])
		if seen[p.SKU] {
			check.add("sku", "occurs twice in this batch")
		}
		seen[p.SKU] = true
	}
	return products, check.err()
}

// merge inserts the products whose SKU is new and updates the others.
func (s *Service) merge(ctx context.Context, wanted []catalog.Product) (catalog.ImportResult, []id.Product, error) {
	skus := make([]string, len(wanted))
	for i, p := range wanted {
		skus[i] = p.SKU
	}
	found, err := s.store.FindBySKU(ctx, skus)
	if err != nil {
		return catalog.ImportResult{}, nil, err
	}
	known := make(map[string]catalog.Product, len(found))
	for _, p := range found {
		known[p.SKU] = p
	}
	var added []catalog.Product
	var touched []id.Product
	var events []event.Event
	for _, p := range wanted {
		before, exists := known[p.SKU]
		if !exists {
			added = append(added, p)
			touched = append(touched, p.ID)
			events = append(events, catalog.ProductCreated{ProductID: p.ID, Version: p.Version})
			continue
		}
		touched = append(touched, before.ID)
		events = append(events, catalog.ProductChanged{ProductID: before.ID, Version: before.Version + 1})
		if err := s.overwrite(ctx, before, p); err != nil {
			return catalog.ImportResult{}, nil, err
		}
	}
	if err := s.store.Insert(ctx, added); err != nil {
		return catalog.ImportResult{}, nil, err
	}
	if err := s.outbox.Append(ctx, events...); err != nil {
		return catalog.ImportResult{}, nil, err
	}
	return catalog.ImportResult{Created: len(added), Updated: len(found)}, touched, nil
}

func (s *Service) overwrite(ctx context.Context, before, p catalog.Product) error {
	p.ID, p.CreatedAt, p.Version = before.ID, before.CreatedAt, before.Version+1
	if p.Stock != before.Stock {
		if err := s.store.SetStock(ctx, p.ID, p.Stock, p.UpdatedAt); err != nil {
			return err
		}
	}
	return s.store.Update(ctx, p)
}
