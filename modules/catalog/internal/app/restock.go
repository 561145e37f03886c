package app

import (
	"context"
	"strconv"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
)

// Restock implements catalog.Service.
func (s *Service) Restock(ctx context.Context, in catalog.RestockInput) (catalog.Product, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Product{}, err
	}
	if err := CheckRestock(in); err != nil {
		return catalog.Product{}, err
	}
	product, err := sqlstore.Do(ctx, s.idempotency, in.Key, catalog.MethodRestock.String(), in,
		func(ctx context.Context) (catalog.Product, error) { return s.restock(ctx, in) })
	if err != nil {
		return catalog.Product{}, err
	}
	s.cache.moved(in.ProductID)
	return product, nil
}

// restock locks the product first, so that the level that it answers with, or
// refuses by, is the one that is changed.
func (s *Service) restock(ctx context.Context, in catalog.RestockInput) (catalog.Product, error) {
	product, err := s.store.Lock(ctx, in.ProductID)
	if err != nil {
		return catalog.Product{}, err
	}
	if err := CheckRestocked(product.Stock, in.Delta); err != nil {
		return catalog.Product{}, err
	}
	err = s.store.Restock(ctx, Restocking{ProductID: in.ProductID, Delta: in.Delta, Note: in.Reason, At: s.clock()})
	if err != nil {
		return catalog.Product{}, err
	}
	product.Stock += in.Delta
	product.Revision++
	return product, nil
}

// maxNote bounds the words of why an administrator restocked, in characters.
const maxNote = 200

// CheckRestock checks the input of a restock. Errors: invalid fields.
func CheckRestock(in catalog.RestockInput) error {
	check := findings{prefix: "body."}
	if in.Delta == 0 || in.Delta < -catalog.MaxStock || in.Delta > catalog.MaxStock {
		check.add("delta", "must be from -"+strconv.Itoa(catalog.MaxStock)+" to "+strconv.Itoa(catalog.MaxStock)+", and not 0")
	}
	check.line("reason", in.Reason, 0, maxNote)
	return check.err()
}

// CheckRestocked checks the level that a restock would leave. Errors:
// catalog.ErrOutOfStock, an invalid field.
func CheckRestocked(stock, delta int64) error {
	switch {
	case stock+delta < 0:
		return catalog.ErrOutOfStock.WithField("body.delta", "only "+strconv.FormatInt(stock, 10)+" left")
	case stock+delta > catalog.MaxStock:
		return fault.InvalidField("body.delta", "must leave at most "+strconv.Itoa(catalog.MaxStock))
	}
	return nil
}
