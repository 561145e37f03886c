package catalogtest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// reserve reserves pieces of a product until a time.
func reserve(t *testing.T, s Subject, product id.Product, quantity int64, until time.Time) id.Checkout {
	t.Helper()
	key := id.NewCheckout()
	r, err := s.Reserve(service(t), catalog.ReserveInput{
		Key: key, Lines: []catalog.ReserveLine{{Product: product, Quantity: quantity}}, ExpiresAt: until,
	})
	require.NoError(t, err)
	require.Equal(t, catalog.StateReserved, r.State)
	return key
}

func requireState(t *testing.T, s Subject, key id.Checkout, want catalog.ReservationState) catalog.Reservation {
	t.Helper()
	r, err := s.Reservation(service(t), catalog.ReservationInput{Key: key})
	require.NoError(t, err)
	require.Equal(t, want, r.State)
	return r
}

// expire lets reservations expire and waits until all of keys have.
func expire(t *testing.T, s Subject, keys ...id.Checkout) {
	t.Helper()
	if s.Work != nil {
		s.Work(t)
	}
	ctx := service(t)
	require.Eventually(t, func() bool {
		for _, key := range keys {
			r, err := s.Reservation(ctx, catalog.ReservationInput{Key: key})
			if err != nil || r.State != catalog.StateExpired {
				return false
			}
		}
		return true
	}, 5*time.Second, 2*time.Millisecond)
}

// settles waits for a level that another process has changed.
func settles(t *testing.T, s Subject, product id.Product, want int64) {
	t.Helper()
	ctx := visitor(t)
	require.Eventually(t, func() bool {
		p, err := s.Product(ctx, catalog.ProductInput{ID: product})
		return err == nil && p.Stock == want
	}, 5*time.Second, 5*time.Millisecond)
}

func reserveExpires(t *testing.T, s Subject) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	now := time.Now()
	due, later := reserve(t, s, p.ID, 2, now), reserve(t, s, p.ID, 1, now.Add(time.Hour))
	never, sold := reserve(t, s, p.ID, 1, time.Time{}), reserve(t, s, p.ID, 1, now.Add(50*time.Millisecond))
	require.NoError(t, s.Commit(service(t), catalog.CommitInput{Key: sold}))
	expire(t, s, due)
	settles(t, s, p.ID, 4)
	requireState(t, s, later, catalog.StateReserved)
	require.True(t, requireState(t, s, never, catalog.StateReserved).ExpiresAt.IsZero())
	requireState(t, s, sold, catalog.StateCommitted)
	_, err := s.Reserve(service(t), catalog.ReserveInput{Key: due, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 2}}})
	require.ErrorIs(t, err, catalog.ErrReservationGone, "a key takes once")
	settles(t, s, p.ID, 4)
}

func reserveExtends(t *testing.T, s Subject) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	first := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	key := reserve(t, s, p.ID, 2, first)
	for _, step := range []struct{ ask, want time.Time }{
		{first.Add(time.Hour), first.Add(time.Hour)},
		{first, first.Add(time.Hour)},
		{time.Time{}, time.Time{}},
		{first, time.Time{}},
	} {
		r, err := s.Reserve(service(t), catalog.ReserveInput{
			Key: key, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 2}}, ExpiresAt: step.ask,
		})
		require.NoError(t, err)
		require.Equal(t, step.want, r.ExpiresAt)
		require.Equal(t, r, requireState(t, s, key, catalog.StateReserved))
	}
	require.Equal(t, int64(5), stock(t, s, p.ID))
}

func commitUnknown(t *testing.T, s Subject) {
	key := id.NewCheckout()
	require.ErrorIs(t, s.Commit(service(t), catalog.CommitInput{Key: key}), catalog.ErrReservationNotFound)
	_, err := s.Reservation(service(t), catalog.ReservationInput{Key: key})
	require.ErrorIs(t, err, catalog.ErrReservationNotFound)
	require.NoError(t, s.Return(service(t), catalog.ReturnInput{Key: key}), "nothing to give back is fine")
	require.ErrorIs(t, s.Commit(admin(t), catalog.CommitInput{Key: key}), identity.ErrForbidden)
	require.ErrorIs(t, s.Return(admin(t), catalog.ReturnInput{Key: key}), identity.ErrForbidden)
	_, err = s.Reservation(identity.With(t.Context(), identity.Actor{User: id.NewUser()}), catalog.ReservationInput{Key: key})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func reservationsSeveral(t *testing.T, s Subject) {
	p, q := create(t, s, func(*catalog.CreateProductInput) {}), create(t, s, func(*catalog.CreateProductInput) {})
	both := id.NewCheckout()
	_, err := s.Reserve(service(t), catalog.ReserveInput{Key: both, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}, {Product: q.ID, Quantity: 2}}})
	require.NoError(t, err)
	given := reserve(t, s, p.ID, 1, time.Now().Add(time.Hour))
	require.NoError(t, s.Release(service(t), catalog.ReleaseInput{Key: given}))
	found, err := s.Reservations(admin(t), catalog.ReservationsInput{Keys: []id.Checkout{given, id.NewCheckout(), both}})
	require.NoError(t, err)
	require.ElementsMatch(t, []catalog.Reservation{
		requireState(t, s, both, catalog.StateReserved), requireState(t, s, given, catalog.StateReleased),
	}, found)

	none, err := s.Reservations(service(t), catalog.ReservationsInput{})
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = s.Reservations(service(t), catalog.ReservationsInput{Keys: make([]id.Checkout, catalog.MaxReservations+1)})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = s.Reservations(visitor(t), catalog.ReservationsInput{})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func commitOnce(t *testing.T, s Subject) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	key := reserve(t, s, p.ID, 3, time.Time{})
	for range 2 {
		require.NoError(t, s.Commit(service(t), catalog.CommitInput{Key: key}))
	}
	require.Equal(t, int64(4), stock(t, s, p.ID))
	r := requireState(t, s, key, catalog.StateCommitted)
	require.Equal(t, []catalog.ReserveLine{{Product: p.ID, Quantity: 3}}, r.Lines)
	require.ErrorIs(t, s.Release(service(t), catalog.ReleaseInput{Key: key}), catalog.ErrReservationCommitted)
	again, err := s.Reserve(service(t), catalog.ReserveInput{Key: key, Lines: r.Lines})
	require.NoError(t, err)
	require.Equal(t, r, again)
	require.Equal(t, int64(4), stock(t, s, p.ID))

	given := reserve(t, s, p.ID, 1, time.Time{})
	require.NoError(t, s.Release(service(t), catalog.ReleaseInput{Key: given}))
	require.ErrorIs(t, s.Commit(service(t), catalog.CommitInput{Key: given}), catalog.ErrReservationGone)
	require.Equal(t, int64(4), stock(t, s, p.ID))
}

func commitExpired(t *testing.T, s Subject) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	fits, short := reserve(t, s, p.ID, 3, time.Now()), reserve(t, s, p.ID, 4, time.Now())
	expire(t, s, fits, short)
	ctx := service(t)
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			if err := s.Commit(ctx, catalog.CommitInput{Key: fits}); err != nil {
				t.Errorf("commit: %v", err)
			}
		})
	}
	clients.Wait()
	settles(t, s, p.ID, 4)
	requireState(t, s, fits, catalog.StateCommitted)
	reserve(t, s, p.ID, 1, time.Time{})
	require.ErrorIs(t, s.Commit(ctx, catalog.CommitInput{Key: short}), catalog.ErrReservationGone)
	requireState(t, s, short, catalog.StateExpired)
	settles(t, s, p.ID, 3)
	require.NoError(t, s.Return(ctx, catalog.ReturnInput{Key: fits}))
	settles(t, s, p.ID, 6)
	require.NoError(t, s.Commit(ctx, catalog.CommitInput{Key: short}), "it is there now")
	settles(t, s, p.ID, 2)
}

func releaseExpired(t *testing.T, s Subject) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	released, cancelled := reserve(t, s, p.ID, 3, time.Now()), reserve(t, s, p.ID, 3, time.Now())
	expire(t, s, released, cancelled)
	require.NoError(t, s.Release(service(t), catalog.ReleaseInput{Key: released}))
	require.NoError(t, s.Return(service(t), catalog.ReturnInput{Key: cancelled}))
	for _, key := range []id.Checkout{released, cancelled} {
		requireState(t, s, key, catalog.StateReleased)
		require.ErrorIs(t, s.Commit(service(t), catalog.CommitInput{Key: key}), catalog.ErrReservationGone)
	}
	settles(t, s, p.ID, 7)
}

func returnOnce(t *testing.T, s Subject) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	sold, open := reserve(t, s, p.ID, 3, time.Time{}), reserve(t, s, p.ID, 2, time.Time{})
	require.NoError(t, s.Commit(service(t), catalog.CommitInput{Key: sold}))
	ctx := service(t)
	var clients sync.WaitGroup
	for range 4 {
		for _, key := range []id.Checkout{sold, open} {
			clients.Go(func() {
				if err := s.Return(ctx, catalog.ReturnInput{Key: key}); err != nil {
					t.Errorf("return: %v", err)
				}
			})
		}
	}
	clients.Wait()
	require.Equal(t, int64(7), stock(t, s, p.ID))
	requireState(t, s, sold, catalog.StateReturned)
	requireState(t, s, open, catalog.StateReleased)
	require.ErrorIs(t, s.Commit(ctx, catalog.CommitInput{Key: sold}), catalog.ErrReservationGone)
	require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: sold}))
	_, err := s.Reserve(ctx, catalog.ReserveInput{Key: sold, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 3}}})
	require.ErrorIs(t, err, catalog.ErrReservationGone)
	require.Equal(t, int64(7), stock(t, s, p.ID))
}

// verifyAgrees looks at reservations in every state while customers buy.
func verifyAgrees(t *testing.T, s Subject) {
	p := create(t, s, func(in *catalog.CreateProductInput) { in.Stock = 100 })
	again := reserve(t, s, p.ID, 4, time.Now())
	expired := reserve(t, s, p.ID, 4, time.Now())
	expire(t, s, again, expired)
	ctx := service(t)
	require.NoError(t, s.Commit(ctx, catalog.CommitInput{Key: again}))
	reserve(t, s, p.ID, 1, time.Now().Add(time.Hour))
	sold, back, given := reserve(t, s, p.ID, 2, time.Time{}), reserve(t, s, p.ID, 3, time.Time{}), reserve(t, s, p.ID, 4, time.Time{})
	for _, key := range []id.Checkout{sold, back} {
		require.NoError(t, s.Commit(ctx, catalog.CommitInput{Key: key}))
	}
	require.NoError(t, s.Return(ctx, catalog.ReturnInput{Key: back}))
	require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: given}))
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range 3 {
				key := id.NewCheckout()
				_, err := s.Reserve(ctx, catalog.ReserveInput{Key: key, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}}})
				if err != nil {
					t.Errorf("reserve: %v", err)
				}
				if err := s.Release(ctx, catalog.ReleaseInput{Key: key}); err != nil {
					t.Errorf("release: %v", err)
				}
			}
		})
		report, err := s.Verify(ctx, audit.Input{Repair: true})
		require.NoError(t, err)
		require.Empty(t, report.Findings)
	}
	clients.Wait()
	report, err := s.Verify(admin(t), audit.Input{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
	require.Equal(t, map[string]int64{
		"catalog.stock_level": 1, "catalog.reservation": 6 + 12, "catalog.reservation_expiry": 6 + 12,
	}, report.Checked)
	_, err = s.Verify(visitor(t), audit.Input{})
	require.ErrorIs(t, err, identity.ErrForbidden)
}
