package catalogtest

import (
	"context"
	"maps"
	"slices"
	"time"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/audit"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

// expire gives the stock of reservations back whose time is past. What looks at
// stock calls it first, so that the fake needs no worker.
func (f *Fake) expire() {
	now := time.Now()
	for key, r := range f.reserved {
		if r.State == catalog.StateReserved && !r.ExpiresAt.IsZero() && !now.Before(r.ExpiresAt) {
			f.end(key, catalog.StateExpired)
		}
	}
}

// end gives a reservation's stock back.
func (f *Fake) end(key id.Checkout, state catalog.ReservationState) {
	r := f.reserved[key]
	f.move(r.Lines, 1)
	f.become(key, state)
}

func (f *Fake) become(key id.Checkout, state catalog.ReservationState) {
	r := f.reserved[key]
	r.State = state
	f.reserved[key] = r
}

func (f *Fake) move(lines []catalog.ReserveLine, sign int64) {
	for _, line := range lines {
		p := f.products[line.Product]
		p.Stock += sign * line.Quantity
		p.Revision++
		f.products[line.Product] = p
	}
}

// Restock implements catalog.Service.
func (f *Fake) Restock(ctx context.Context, in catalog.RestockInput) (catalog.Product, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Product{}, err
	}
	if err := app.CheckRestock(in); err != nil {
		return catalog.Product{}, err
	}
	return idempotency.DoMemory(ctx, &f.answers, in.Key, "Restock", in, func(context.Context) (catalog.Product, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.expire()
		p, err := f.onSale(in.ProductID, 0)
		if err != nil {
			return catalog.Product{}, err
		}
		if err := app.CheckRestocked(p.Stock, in.Delta); err != nil {
			return catalog.Product{}, err
		}
		p.Stock += in.Delta
		p.Revision++
		f.products[in.ProductID] = p
		return own(p), nil
	})
}

// Reserve implements catalog.Service.
func (f *Fake) Reserve(ctx context.Context, in catalog.ReserveInput) (catalog.Reservation, error) {
	if err := identity.RequireService(ctx); err != nil {
		return catalog.Reservation{}, err
	}
	lines, err := app.ParseReserve(in)
	if err != nil {
		return catalog.Reservation{}, err
	}
	if !in.ExpiresAt.IsZero() {
		in.ExpiresAt = database.Timestamp(in.ExpiresAt)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	before, done := f.reserved[in.Key]
	switch before.State {
	case catalog.StateReserved:
		if app.Extends(in.ExpiresAt, before.ExpiresAt) {
			before.ExpiresAt = in.ExpiresAt
			f.reserved[in.Key] = before
		}
		return ownReservation(before), nil
	case catalog.StateCommitted:
		return ownReservation(before), nil
	case catalog.StateExpired, catalog.StateReturned:
		return catalog.Reservation{}, catalog.ErrReservationGone
	case catalog.StateReleased:
	}
	if err := app.CheckStock(lines, slices.Collect(maps.Values(f.products))); err != nil {
		return catalog.Reservation{}, err
	}
	if done {
		return catalog.Reservation{}, catalog.ErrOutOfStock // a key takes once
	}
	f.move(lines, -1)
	r := catalog.Reservation{Key: in.Key, Lines: lines, State: catalog.StateReserved, ExpiresAt: in.ExpiresAt}
	f.reserved[in.Key] = r
	return ownReservation(r), nil
}

// Reservation implements catalog.Service.
func (f *Fake) Reservation(ctx context.Context, in catalog.ReservationInput) (catalog.Reservation, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Reservation{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	r, found := f.reserved[in.Key]
	if !found {
		return catalog.Reservation{}, catalog.ErrReservationNotFound
	}
	return ownReservation(r), nil
}

// Reservations implements catalog.Service.
func (f *Fake) Reservations(ctx context.Context, in catalog.ReservationsInput) ([]catalog.Reservation, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return nil, err
	}
	if err := app.CheckReservations(in); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	found := make([]catalog.Reservation, 0, len(in.Keys))
	for _, key := range in.Keys {
		if r, there := f.reserved[key]; there {
			found = append(found, ownReservation(r))
		}
	}
	return found, nil
}

// Commit implements catalog.Service.
func (f *Fake) Commit(ctx context.Context, in catalog.CommitInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	r, found := f.reserved[in.Key]
	if !found {
		return catalog.ErrReservationNotFound
	}
	switch r.State {
	case catalog.StateReleased, catalog.StateReturned:
		return catalog.ErrReservationGone
	case catalog.StateExpired:
		for _, line := range r.Lines {
			if f.products[line.Product].Stock < line.Quantity {
				return catalog.ErrReservationGone
			}
		}
		f.move(r.Lines, -1)
	case catalog.StateReserved, catalog.StateCommitted:
	}
	f.become(in.Key, catalog.StateCommitted)
	return nil
}

// Release implements catalog.Service.
func (f *Fake) Release(ctx context.Context, in catalog.ReleaseInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	return f.release(in.Key)
}

func (f *Fake) release(key id.Checkout) error {
	r := f.reserved[key]
	switch r.State {
	case catalog.StateCommitted:
		return catalog.ErrReservationCommitted
	case catalog.StateReserved:
		f.end(key, catalog.StateReleased)
	case catalog.StateExpired:
		f.become(key, catalog.StateReleased)
	case catalog.StateReleased, catalog.StateReturned:
	}
	return nil
}

// Return implements catalog.Service.
func (f *Fake) Return(ctx context.Context, in catalog.ReturnInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	if f.reserved[in.Key].State == catalog.StateCommitted {
		f.end(in.Key, catalog.StateReturned)
		return nil
	}
	return f.release(in.Key)
}

// Verify implements catalog.Service. There is nothing in the fake that could
// differ.
func (f *Fake) Verify(ctx context.Context, _ audit.Input) (audit.Report, error) {
	var report audit.Report
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire()
	report.Looked("catalog.stock_level", int64(len(f.products)))
	report.Looked("catalog.reservation", int64(len(f.reserved)))
	report.Looked("catalog.reservation_expiry", int64(len(f.reserved)))
	return report, nil
}

// ownReservation is a copy that shares nothing with r.
func ownReservation(r catalog.Reservation) catalog.Reservation {
	r.Lines = slices.Clone(r.Lines)
	return r
}
