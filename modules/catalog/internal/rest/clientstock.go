package rest

import (
	"context"
	"net/http"

	"shop/modules/catalog"
	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/remote"
)

// Restock implements catalog.Service.
func (c *Client) Restock(ctx context.Context, in catalog.RestockInput) (catalog.Product, error) {
	var wire Product
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodRestock, Method: http.MethodPost, Path: "/product/" + in.ProductID.PathSegment() + "/stock",
		Key: in.Key, TakesKey: true, Body: Restock{Delta: in.Delta, Reason: in.Reason}, Result: &wire,
	})
	return wire.value(), err
}

const (
	reservations     = "/internal/catalog/reservations"
	findReservations = "/internal/catalog/find_reservations"
)

// Reserve implements catalog.Service.
func (c *Client) Reserve(ctx context.Context, in catalog.ReserveInput) (catalog.Reservation, error) {
	var wire Reservation
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodReserve, Method: http.MethodPost, Path: reservations,
		Body: newReservationOf(in), Result: &wire,
	})
	return wire.value(), err
}

// Reservation implements catalog.Service.
func (c *Client) Reservation(ctx context.Context, in catalog.ReservationInput) (catalog.Reservation, error) {
	var wire Reservation
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodReservation, Method: http.MethodGet, Path: reservationPath(in.Key, ""), Result: &wire,
	})
	return wire.value(), err
}

// Reservations implements catalog.Service.
func (c *Client) Reservations(ctx context.Context, in catalog.ReservationsInput) ([]catalog.Reservation, error) {
	var wire FoundReservations
	_, err := c.remote.Do(ctx, remote.Call{
		Does: catalog.MethodReservations, Method: http.MethodPost, Path: findReservations,
		Body: ReservationKeys{Keys: append([]id.Checkout{}, in.Keys...)}, Result: &wire,
	})
	found := make([]catalog.Reservation, len(wire.Items))
	for i, r := range wire.Items {
		found[i] = r.value()
	}
	return found, err
}

// Commit implements catalog.Service.
func (c *Client) Commit(ctx context.Context, in catalog.CommitInput) error {
	return c.move(ctx, catalog.MethodCommit, http.MethodPost, reservationPath(in.Key, "/commit"))
}

// Release implements catalog.Service.
func (c *Client) Release(ctx context.Context, in catalog.ReleaseInput) error {
	return c.move(ctx, catalog.MethodRelease, http.MethodDelete, reservationPath(in.Key, ""))
}

// Return implements catalog.Service.
func (c *Client) Return(ctx context.Context, in catalog.ReturnInput) error {
	return c.move(ctx, catalog.MethodReturn, http.MethodPost, reservationPath(in.Key, "/return"))
}

// Verify implements catalog.Service.
func (c *Client) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return audit.Call(ctx, c.remote, "catalog", in)
}

func (c *Client) move(ctx context.Context, does contract.Method, method, path string) error {
	_, err := c.remote.Do(ctx, remote.Call{Does: does, Method: method, Path: path})
	return err
}

func reservationPath(key id.Checkout, then string) string {
	return reservations + "/" + key.PathSegment() + then
}
