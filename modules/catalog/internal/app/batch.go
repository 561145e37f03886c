package app

import (
	"context"
	"errors"

	"shop/modules/catalog"
	"shop/platform/id"
)

// batchTries bounds how often a batch is put together anew because somebody else
// was faster; then its calls are made one by one.
const batchTries = 4

// take answers the calls of a batch. As a rule everything is there and one
// transaction takes it for all. Otherwise those are told apart that had been
// answered before, or ask for more than there is, and the others are tried again
// without them: none spoils it for another.
func (s *Service) take(ctx context.Context, batch []*call) {
	open, repeats := distinctKeys(batch)
	for try := 0; len(open) > 1 && try < batchTries; try++ {
		all, err := s.store.Take(ctx, takingsOf(open), s.clock())
		if err == nil && all {
			s.taken(open)
			open = nil
			break
		}
		if err != nil && !errors.Is(err, ErrTaken) {
			break
		}
		if open, err = s.sift(ctx, open); err != nil {
			break
		}
	}
	for _, c := range append(open, repeats...) {
		s.takeAlone(ctx, c)
	}
}

// distinctKeys are the first calls with a key each, and the others.
func distinctKeys(batch []*call) (first, repeats []*call) {
	if len(batch) == 1 {
		return batch, nil
	}
	seen := make(map[id.Checkout]bool, len(batch))
	for _, c := range batch {
		if seen[c.Key] {
			repeats = append(repeats, c)
			continue
		}
		seen[c.Key] = true
		first = append(first, c)
	}
	return first, repeats
}

func takingsOf(calls []*call) []Taking {
	takings := make([]Taking, len(calls))
	for i, c := range calls {
		takings[i] = c.Taking
	}
	return takings
}

// taken answers calls whose stock was taken.
func (s *Service) taken(calls []*call) {
	var products []id.Product
	for _, c := range calls {
		c.result = catalog.Reservation{Key: c.Key, Lines: c.Lines, State: catalog.StateReserved, ExpiresAt: c.ExpiresAt}
		c.err = nil
		products = append(products, productsOf(c.Lines)...)
	}
	s.cache.moved(products...)
}

// takeAlone answers one call by itself.
func (s *Service) takeAlone(ctx context.Context, c *call) {
	all, err := s.store.Take(ctx, []Taking{c.Taking}, s.clock())
	switch {
	case err == nil && all:
		s.taken([]*call{c})
	case err != nil && !errors.Is(err, ErrTaken):
		c.err = err
	default:
		c.result, c.err = s.reservedBefore(ctx, c.Taking)
	}
}

// sift answers the calls that cannot be served, and takes as many of the others
// as there is stock for. It returns those that are still open.
func (s *Service) sift(ctx context.Context, calls []*call) ([]*call, error) {
	keys := make([]id.Checkout, len(calls))
	var products []id.Product
	for i, c := range calls {
		keys[i] = c.Key
		products = append(products, productsOf(c.Lines)...)
	}
	known, err := s.store.Known(ctx, keys)
	if err != nil {
		return calls, err
	}
	found, err := s.store.Find(ctx, distinct(products))
	if err != nil {
		return calls, err
	}
	left := make(map[id.Product]int64, len(found))
	for _, p := range found {
		left[p.ID] = p.Stock
	}
	var fit, open []*call
	for _, c := range calls {
		short := CheckStock(c.Lines, found)
		switch {
		case known[c.Key]:
			c.result, c.err = s.reservedBefore(ctx, c.Taking)
		case short != nil:
			c.err = short
		case fits(c.Lines, left):
			fit = append(fit, c)
		default: // what is left goes to those before it, unless they fail
			open = append(open, c)
		}
	}
	if len(fit) == 0 {
		return open, nil
	}
	all, err := s.store.Take(ctx, takingsOf(fit), s.clock())
	if err == nil && all {
		s.taken(fit)
		return open, nil
	}
	if errors.Is(err, ErrTaken) { // somebody else has just made one of them
		err = nil
	}
	return append(fit, open...), err
}

// fits takes lines from what is left, if all of them are there.
func fits(lines []catalog.ReserveLine, left map[id.Product]int64) bool {
	for _, line := range lines {
		if left[line.Product] < line.Quantity {
			return false
		}
	}
	for _, line := range lines {
		left[line.Product] -= line.Quantity
	}
	return true
}
