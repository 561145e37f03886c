package app

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"shop/modules/catalog"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// ErrTaken is returned by Store.Take for a key that has a reservation.
var ErrTaken = errors.New("there is a reservation with this key")

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
	return s.queue.do(ctx, Taking{Key: in.Key, Lines: lines, ExpiresAt: expiry(in.ExpiresAt)})
}

// expiry is a time as it is stored; the zero time stays.
func expiry(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return database.Timestamp(at)
}

// reservedBefore is the reservation that an earlier call made with the key, or
// what is missing.
func (s *Service) reservedBefore(ctx context.Context, t Taking) (catalog.Reservation, error) {
	r, found, err := s.store.Reservation(ctx, t.Key)
	switch {
	case err != nil:
		return catalog.Reservation{}, err
	case found && r.State == catalog.StateReserved && Extends(t.ExpiresAt, r.ExpiresAt):
		if err := s.store.Extend(ctx, t.Key, t.ExpiresAt, s.clock()); err != nil {
			return catalog.Reservation{}, err
		}
		// What ended meanwhile was not extended.
		r, _, err = s.store.Reservation(ctx, t.Key)
		if err != nil {
			return catalog.Reservation{}, err
		}
	}
	if found && r.State != catalog.StateReleased {
		return r, goneUnlessHeld(r)
	}
	products, err := s.store.Find(ctx, productsOf(t.Lines))
	if err != nil {
		return catalog.Reservation{}, err
	}
	if err := CheckStock(t.Lines, products); err != nil {
		return catalog.Reservation{}, err
	}
	// The key takes nothing again; or enough came back between the two looks, and
	// the caller may try again.
	return catalog.Reservation{}, catalog.ErrOutOfStock
}

// Extends says whether a reservation that expires at the one time would last
// longer than to the other.
func Extends(until, now time.Time) bool {
	return !now.IsZero() && (until.IsZero() || until.After(now))
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
			short = short.WithNumber(location, strconv.FormatInt(stock, 10)+" left of "+line.Product.String(), stock)
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
