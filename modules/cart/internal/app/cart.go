package app

import (
	"context"
	"fmt"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/platform/id"
	"shop/platform/money"
)

// Cart implements cart.Service.
func (s *Service) Cart(ctx context.Context, in cart.CartInput) (cart.Cart, error) {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return cart.Cart{}, err
	}
	rows, products, err := s.read(ctx, in.UserID)
	if err != nil || len(rows) == 0 {
		return cart.Cart{Items: []cart.Item{}}, err
	}
	result := cart.Cart{Items: make([]cart.Item, len(rows)), Total: money.Of(0, rows[0].Currency)}
	for i, row := range rows {
		item, err := itemOf(row, products[row.ProductID])
		if err != nil {
			return cart.Cart{}, err
		}
		item.Available = item.Available && row.Currency == rows[0].Currency
		if item.Available {
			if result.Total, err = result.Total.Add(item.LineTotal); err != nil {
				return cart.Cart{}, fmt.Errorf("add the cart up: %w", err)
			}
		}
		result.Count += item.Quantity
		result.Items[i] = item
	}
	return result, nil
}

// read reads a cart and its products, both at once however many there are.
func (s *Service) read(ctx context.Context, user id.User) ([]Item, map[id.Product]catalog.Product, error) {
	rows, err := s.store.Items(ctx, user)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	ids := make([]id.Product, len(rows))
	for i, row := range rows {
		ids[i] = row.ProductID
	}
	list, err := s.catalog.Products(outside(ctx), catalog.ProductsInput{IDs: ids})
	if err != nil {
		return nil, nil, fmt.Errorf("read the products: %w", err)
	}
	products := make(map[id.Product]catalog.Product, len(list))
	for _, p := range list {
		products[p.ID] = p
	}
	return rows, products, nil
}

// Empty implements cart.Service.
func (s *Service) Empty(ctx context.Context, in cart.EmptyInput) error {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return err
	}
	return s.store.Clear(ctx, in.UserID)
}
