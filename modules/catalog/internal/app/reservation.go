package app

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/identity"
)

// Reservation implements catalog.Service.
func (s *Service) Reservation(ctx context.Context, in catalog.ReservationInput) (catalog.Reservation, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.Reservation{}, err
	}
	r, found, err := s.store.Reservation(ctx, in.Key)
	if err != nil {
		return catalog.Reservation{}, err
	}
	if !found {
		return catalog.Reservation{}, catalog.ErrReservationNotFound
	}
	return r, nil
}

// Reservations implements catalog.Service.
func (s *Service) Reservations(ctx context.Context, in catalog.ReservationsInput) ([]catalog.Reservation, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return nil, err
	}
	if err := CheckReservations(in); err != nil {
		return nil, err
	}
	return s.store.Reservations(ctx, in.Keys)
}

// CheckReservations checks how many reservations are named.
func CheckReservations(in catalog.ReservationsInput) error {
	if len(in.Keys) > catalog.MaxReservations {
		return fault.InvalidField("body.keys", "must be at most "+strconv.Itoa(catalog.MaxReservations))
	}
	return nil
}

// goneUnlessHeld is catalog.ErrReservationGone for a reservation whose stock went
// back.
func goneUnlessHeld(r catalog.Reservation) error {
	if r.State == catalog.StateReserved || r.State == catalog.StateCommitted {
		return nil
	}
	return catalog.ErrReservationGone
}

// Commit implements catalog.Service.
func (s *Service) Commit(ctx context.Context, in catalog.CommitInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	now := s.clock()
	committed, err := s.store.Commit(ctx, in.Key, now)
	if err != nil || committed {
		return err
	}
	r, found, err := s.store.Reservation(ctx, in.Key)
	switch {
	case err != nil:
		return err
	case !found:
		return catalog.ErrReservationNotFound
	case r.State != catalog.StateExpired:
		return goneUnlessHeld(r)
	}
	products, retaken, err := s.store.Retake(ctx, in.Key, now)
	if err != nil {
		return err
	}
	if !retaken {
		// Another call may have been faster, in either way.
		if r, _, err = s.store.Reservation(ctx, in.Key); err != nil {
			return err
		}
		return goneUnlessHeld(r)
	}
	s.cache.moved(products...)
	return nil
}

// Release implements catalog.Service. One that expired is released as well, and
// so not taken again by a late commit.
func (s *Service) Release(ctx context.Context, in catalog.ReleaseInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	state, err := s.release(ctx, in)
	if err != nil {
		return err
	}
	if state == catalog.StateCommitted {
		return catalog.ErrReservationCommitted
	}
	return nil
}

// release gives the stock of a reservation back that is not committed, and tells
// in which state it is then; empty for none.
func (s *Service) release(ctx context.Context, in catalog.ReleaseInput) (catalog.ReservationState, error) {
	products, err := s.store.Release(ctx, in.Key, s.clock())
	if err != nil {
		return "", err
	}
	if len(products) > 0 {
		s.cache.moved(products...)
		return catalog.StateReleased, nil
	}
	r, found, err := s.store.Reservation(ctx, in.Key)
	if err != nil || !found {
		return "", err
	}
	if r.State == catalog.StateExpired {
		return catalog.StateReleased, s.store.Waive(ctx, in.Key, s.clock())
	}
	return r.State, nil
}

// Return implements catalog.Service.
func (s *Service) Return(ctx context.Context, in catalog.ReturnInput) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	products, err := s.store.Return(ctx, in.Key, s.clock())
	if err != nil {
		return err
	}
	if len(products) > 0 {
		s.cache.moved(products...)
		return nil
	}
	state, err := s.release(ctx, catalog.ReleaseInput(in))
	if err != nil || state != catalog.StateCommitted {
		return err
	}
	// It was committed between the two.
	products, err = s.store.Return(ctx, in.Key, s.clock())
	s.cache.moved(products...)
	return err
}

// Expiring.
const (
	expireEvery = 5 * time.Second
	expireBatch = 50
)

// RunExpiry gives the stock of reservations back whose time is past. Every
// replica runs it. It returns when ctx ends.
func (s *Service) RunExpiry(ctx context.Context) error {
	ticker := time.NewTicker(expireEvery)
	defer ticker.Stop()
	for {
		if err := s.ExpireDue(ctx); err != nil && ctx.Err() == nil {
			s.logger.ErrorContext(ctx, "reservations not expired", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// ExpireDue gives the stock of all reservations back whose time is past.
func (s *Service) ExpireDue(ctx context.Context) error {
	for ctx.Err() == nil {
		found, products, err := s.store.Expire(ctx, s.clock(), expireBatch)
		if err != nil {
			return err
		}
		s.cache.moved(products...)
		if found < expireBatch {
			return nil
		}
	}
	return nil
}
