package app

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// ErrTaken is returned by Store.Take for a line that the reservation has.
var ErrTaken = errors.New("the reservation has this line already")

// maxQuantity is the largest quantity of a line; a level cannot be higher.
const maxQuantity = catalog.MaxStock

// Reserve implements catalog.Service.
func (s *Service) Reserve(ctx context.Context, in catalog.ReserveInput) (catalog.Reservation, error) {
	if err := identity.RequireService(ctx); err != nil {
		return catalog.Reservation{}, err
	}
	lines, err := ParseReserve(in)
	if err != nil {
		return catalog.Reservation{}, err
	}
	all, err := s.store.Take(ctx, in.Key, lines, s.clock())
	switch {
	case err != nil && !errors.Is(err, ErrTaken):
		return catalog.Reservation{}, err
	case !all:
		return s.reservedBefore(ctx, in.Key, lines)
	}
	s.cache.moved(productsOf(lines)...)
	return catalog.Reservation{Key: in.Key, Lines: lines}, nil
}

// reservedBefore is the reservation that an earlier call made with the key, or
// what is missing.
func (s *Service) reservedBefore(ctx context.Context, key id.Checkout, lines []catalog.ReserveLine) (catalog.Reservation, error) {
	reserved, err := s.store.Reserved(ctx, key)
	if err != nil {
		return catalog.Reservation{}, err
	}
	if len(reserved) > 0 {
		return catalog.Reservation{Key: key, Lines: reserved}, nil
	}
	products, err := s.store.Find(ctx, productsOf(lines))
	if err != nil {
		return catalog.Reservation{}, err
	}
	if err := CheckStock(lines, products); err != nil {
		return catalog.Reservation{}, err
	}
	// Enough came back between the two looks: the caller may try again.
	return catalog.Reservation{}, catalog.ErrOutOfStock
}

// CheckStock says which lines the products cannot serve. Errors:
// catalog.ErrOutOfStock, which names each.
func CheckStock(lines []catalog.ReserveLine, products []catalog.Product) error {
	left := make(map[id.Product]int64, len(products))
	for _, p := range products {
		if p.DeletedAt.IsZero() {
			left[p.ID] = p.Stock
		}
	}
	short := catalog.ErrOutOfStock
	for i, line := range lines {
		stock, onSale := left[line.Product]
		location := "body.lines[" + strconv.Itoa(i) + "]"
		switch {
		case !onSale:
			short = short.WithField(location, line.Product.String()+" is not on sale")
		case stock < line.Quantity:
			short = short.WithField(location, strconv.FormatInt(stock, 10)+" left of "+line.Product.String())
		}
	}
	if len(short.Fields) == 0 {
		return nil
	}
	return short
}

// ParseReserve is the input's lines by product, so that all reservations lock
// in one order.
func ParseReserve(in catalog.ReserveInput) ([]catalog.ReserveLine, error) {
	if in.Key.IsZero() {
		return nil, fault.InvalidField("body.key", "is missing")
	}
	if len(in.Lines) == 0 || len(in.Lines) > catalog.MaxProducts {
		return nil, fault.InvalidField("body.lines", "must be 1 to "+strconv.Itoa(catalog.MaxProducts))
	}
	lines := slices.Clone(in.Lines)
	slices.SortFunc(lines, func(a, b catalog.ReserveLine) int { return compare(a.Product, b.Product) })
	for i, line := range lines {
		if line.Quantity < 1 || line.Quantity > maxQuantity {
			return nil, fault.InvalidField("body.lines["+strconv.Itoa(i)+"].quantity", "must be from 1 to "+strconv.Itoa(maxQuantity))
		}
		if i > 0 && line.Product == lines[i-1].Product {
			return nil, fault.InvalidField("body.lines["+strconv.Itoa(i)+"].product_id", "occurs twice")
		}
	}
	return lines, nil
}

func productsOf(lines []catalog.ReserveLine) []id.Product {
	ids := make([]id.Product, len(lines))
	for i, line := range lines {
		ids[i] = line.Product
	}
	return ids
}

// Release implements catalog.Service.
func (s *Service) Release(ctx context.Context, in catalog.ReleaseInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	var returned []id.Product
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		returned, err = s.store.GiveBack(ctx, in.Key, s.clock())
		return err
	})
	if err != nil {
		return err
	}
	s.cache.moved(returned...)
	return nil
}
