package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/money"
)

// AddItem implements cart.Service.
func (s *Service) AddItem(ctx context.Context, in cart.AddItemInput) (cart.Item, error) {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return cart.Item{}, err
	}
	if err := checkAdd(in); err != nil {
		return cart.Item{}, err
	}
	product, refusal := s.onSale(ctx, in.ProductID)
	if refusal != nil && !errors.Is(refusal, cart.ErrProductNotFound) {
		return cart.Item{}, refusal
	}
	add := func(ctx context.Context) (cart.Item, error) {
		// Only here, because a repeat gets its answer also when the product is gone.
		if refusal != nil {
			return cart.Item{}, refusal
		}
		now := s.clock()
		row, err := s.store.Add(ctx, Item{
			ID: id.NewCartItem(), UserID: in.UserID, ProductID: in.ProductID, Currency: product.Price.Currency,
			Quantity: in.Quantity, Version: 1, CreatedAt: now, UpdatedAt: now,
		})
		if err != nil {
			return cart.Item{}, err
		}
		return itemOf(row, product)
	}
	once := s.once.AddItem
	if in.Key == nil {
		once = straight
	}
	for {
		item, err := once(ctx, in, add)
		// Whoever changed the cart meanwhile got on, so this ends.
		if errors.Is(err, ErrChanged) && ctx.Err() == nil {
			continue
		}
		return item, err
	}
}

// straight adds an item without a record: one statement commits by itself, and
// there is no transaction to begin and end.
func straight(ctx context.Context, _ cart.AddItemInput, add func(context.Context) (cart.Item, error)) (cart.Item, error) {
	return add(ctx)
}

// checkAdd names every field that cannot be accepted.
func checkAdd(in cart.AddItemInput) error {
	if !in.ProductID.IsZero() {
		return checkQuantity(in.Quantity)
	}
	refusal := fault.InvalidField("body.product_id", "must be a product's identifier")
	if checkQuantity(in.Quantity) != nil {
		refusal = refusal.WithField(quantityField, quantityRule())
	}
	return refusal
}

func checkQuantity(quantity int64) error {
	if quantity < 1 || quantity > cart.MaxQuantity {
		return fault.InvalidField(quantityField, quantityRule())
	}
	return nil
}

const quantityField = "body.quantity"

func quantityRule() string { return "must be from 1 to " + strconv.Itoa(cart.MaxQuantity) }

// onSale reads a product that can be put in a cart. Errors:
// cart.ErrProductNotFound.
func (s *Service) onSale(ctx context.Context, product id.Product) (catalog.Product, error) {
	p, err := s.catalog.Product(outside(ctx), catalog.ProductInput{ID: product})
	switch {
	case errors.Is(err, catalog.ErrProductNotFound):
		return catalog.Product{}, cart.ErrProductNotFound
	case err != nil:
		return catalog.Product{}, fmt.Errorf("read the product: %w", err)
	case !p.DeletedAt.IsZero():
		return catalog.Product{}, cart.ErrProductNotFound
	}
	return p, nil
}

// Item implements cart.Service.
func (s *Service) Item(ctx context.Context, in cart.ItemInput) (cart.Item, error) {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return cart.Item{}, err
	}
	row, err := s.store.Item(ctx, in.UserID, in.ID)
	if err != nil {
		return cart.Item{}, err
	}
	return s.item(ctx, row)
}

// UpdateItem implements cart.Service.
func (s *Service) UpdateItem(ctx context.Context, in cart.UpdateItemInput) (cart.Item, error) {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return cart.Item{}, err
	}
	if in.Quantity == nil {
		return s.unchanged(ctx, in)
	}
	if err := checkQuantity(*in.Quantity); err != nil {
		return cart.Item{}, err
	}
	row, err := s.store.SetQuantity(ctx, in, *in.Quantity, s.clock())
	if err != nil {
		return cart.Item{}, err
	}
	return s.item(ctx, row)
}

// unchanged answers a change that changes nothing.
func (s *Service) unchanged(ctx context.Context, in cart.UpdateItemInput) (cart.Item, error) {
	row, err := s.store.Item(ctx, in.UserID, in.ID)
	if err != nil {
		return cart.Item{}, err
	}
	if in.IfVersion != 0 && in.IfVersion != row.Version {
		return cart.Item{}, fault.ErrPrecondition
	}
	return s.item(ctx, row)
}

// RemoveItem implements cart.Service.
func (s *Service) RemoveItem(ctx context.Context, in cart.RemoveItemInput) error {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return err
	}
	return s.store.Remove(ctx, in)
}

// item is what a row is together with its product.
func (s *Service) item(ctx context.Context, row Item) (cart.Item, error) {
	product, err := s.catalog.Product(outside(ctx), catalog.ProductInput{ID: row.ProductID})
	if err != nil && !errors.Is(err, catalog.ErrProductNotFound) {
		return cart.Item{}, fmt.Errorf("read the product: %w", err)
	}
	return itemOf(row, product)
}

// itemOf joins a row and its product, which is the zero Product when the
// catalog does not know it.
func itemOf(row Item, product catalog.Product) (cart.Item, error) {
	price := product.Price
	if price.Currency == "" {
		price = money.Of(0, row.Currency)
	}
	total, err := price.Times(row.Quantity)
	if err != nil {
		return cart.Item{}, fmt.Errorf("multiply the price of %s: %w", row.ProductID, err)
	}
	return cart.Item{
		ID: row.ID, UserID: row.UserID, ProductID: row.ProductID, Name: product.Name, Quantity: row.Quantity,
		UnitPrice: price, LineTotal: total, Available: available(row, product),
		Version: row.Version, ProductRevision: product.Revision, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}, nil
}

// shortage says why a row cannot be bought as it is, and how many can; nothing
// when it can.
func shortage(row Item, product catalog.Product) (why string, stock int64) {
	switch {
	case product.ID.IsZero() || !product.DeletedAt.IsZero():
		return row.ProductID.String() + " is not on sale", 0
	case product.Price.Currency != row.Currency:
		return row.ProductID.String() + " is now priced in another currency than the cart", 0
	case product.Stock < row.Quantity:
		return left(row.ProductID, product.Stock), product.Stock
	default:
		return "", 0
	}
}

func available(row Item, product catalog.Product) bool {
	why, _ := shortage(row, product)
	return why == ""
}
