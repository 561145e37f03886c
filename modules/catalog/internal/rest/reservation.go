package rest

import (
	"context"
	"net/http"
	"time"

	"shop/modules/catalog"
	"shop/platform/httpapi"
	"shop/platform/id"
)

func registerReservations(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "reserve-stock", Method: http.MethodPost, Path: reservations, Module: "catalog",
		Summary: "Take stock for a checkout, all lines or none", Access: httpapi.Internal,
		Description: "The same key takes it once; a later `expires_at` extends the reservation.",
		Errors:      []int{http.StatusConflict},
	}, h.reserve)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-reservation", Method: http.MethodGet, Path: reservations + "/{key}", Module: "catalog",
		Summary: "Read a reservation and what has become of it", Access: httpapi.Internal,
	}, h.reservation)
	httpapi.Handle(api, httpapi.Operation{
		ID: "find-reservations", Method: http.MethodPost, Path: findReservations, Module: "catalog",
		Summary: "Read several reservations at once", Access: httpapi.Internal,
		Description: "Those that there are not are left out.",
	}, h.findReservations)
	httpapi.Handle(api, httpapi.Operation{
		ID: "commit-stock", Method: http.MethodPost, Path: reservations + "/{key}/commit", Module: "catalog",
		Summary: "Say that a reservation's goods are sold", Access: httpapi.Internal,
		Description: "Safe to repeat. The stock of a reservation that expired is taken again, if it is still there.",
		Errors:      []int{http.StatusConflict},
	}, h.commit)
	httpapi.Handle(api, httpapi.Operation{
		ID: "release-stock", Method: http.MethodDelete, Path: reservations + "/{key}", Module: "catalog",
		Summary: "Give a reservation's stock back, once", Access: httpapi.Internal,
		Errors: []int{http.StatusConflict},
	}, h.release)
	httpapi.Handle(api, httpapi.Operation{
		ID: "return-stock", Method: http.MethodPost, Path: reservations + "/{key}/return", Module: "catalog",
		Summary: "Give the stock of a cancelled order back, once", Access: httpapi.Internal,
		Description: "Safe to repeat.",
	}, h.giveBack)
}

// NewReservation asks for stock for a checkout.
type NewReservation struct {
	Key       id.Checkout       `json:"key" pattern:"^chk_[0-7][0-9a-hjkmnp-tv-z]{25}$" example:"chk_01h455vb4pex5vsknk084sn02q"`
	Lines     []ReservationLine `json:"lines" minItems:"1" maxItems:"1000" nullable:"false"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty" doc:"When the stock goes back unless it was sold; never when left out." example:"2026-11-03T09:30:00.000000Z"`
}

// ReservationLine is a number of pieces of one product.
type ReservationLine struct {
	Product  id.Product `json:"product_id" pattern:"^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$" example:"prod_01h455vb4pex5vsknk084sn02q"`
	Quantity int64      `json:"quantity" minimum:"1" maximum:"1000000000" example:"2"`
}

// Reservation is stock that was taken for a checkout.
type Reservation struct {
	Key       id.Checkout       `json:"key" example:"chk_01h455vb4pex5vsknk084sn02q"`
	Lines     []ReservationLine `json:"lines" nullable:"false"`
	State     string            `json:"state" enum:"reserved,committed,released,expired,returned" example:"reserved"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty" doc:"When the stock goes back unless it was sold; missing for never." example:"2026-11-03T09:30:00.000000Z"`
}

// ReservationKeys names reservations.
type ReservationKeys struct {
	Keys []id.Checkout `json:"keys" maxItems:"1000" nullable:"false" example:"[\"chk_01h455vb4pex5vsknk084sn02q\"]"`
}

// FoundReservations are the reservations that there are.
type FoundReservations struct {
	Items []Reservation `json:"items" nullable:"false"`
}

func newReservationOf(in catalog.ReserveInput) NewReservation {
	wire := NewReservation{Key: in.Key, Lines: linesOf(in.Lines)}
	if !in.ExpiresAt.IsZero() {
		wire.ExpiresAt = &in.ExpiresAt
	}
	return wire
}

func (r NewReservation) input() catalog.ReserveInput {
	in := catalog.ReserveInput{Key: r.Key, Lines: valuesOf(r.Lines)}
	if r.ExpiresAt != nil {
		in.ExpiresAt = r.ExpiresAt.UTC()
	}
	return in
}

func reservationOf(r catalog.Reservation) Reservation {
	wire := Reservation{Key: r.Key, Lines: linesOf(r.Lines), State: string(r.State)}
	if !r.ExpiresAt.IsZero() {
		wire.ExpiresAt = &r.ExpiresAt
	}
	return wire
}

// value is the reservation as the face has it. Version 1 of the contract told no
// state: what it answered to a reservation was reserved.
func (r Reservation) value() catalog.Reservation {
	value := catalog.Reservation{Key: r.Key, Lines: valuesOf(r.Lines), State: catalog.ReservationState(r.State)}
	if r.State == "" && !r.Key.IsZero() {
		value.State = catalog.StateReserved
	}
	if r.ExpiresAt != nil {
		value.ExpiresAt = *r.ExpiresAt
	}
	return value
}

func linesOf(lines []catalog.ReserveLine) []ReservationLine {
	wire := make([]ReservationLine, len(lines))
	for i, line := range lines {
		wire[i] = ReservationLine(line)
	}
	return wire
}

func valuesOf(wire []ReservationLine) []catalog.ReserveLine {
	lines := make([]catalog.ReserveLine, len(wire))
	for i, line := range wire {
		lines[i] = catalog.ReserveLine(line)
	}
	return lines
}

type reserveInput struct{ Body NewReservation }

type reservationOutput struct{ Body Reservation }

func (h handlers) reserve(ctx context.Context, in *reserveInput) (*reservationOutput, error) {
	r, err := h.service.Reserve(ctx, in.Body.input())
	if err != nil {
		return nil, err
	}
	return &reservationOutput{reservationOf(r)}, nil
}

type reservationInput struct {
	Key id.Checkout `path:"key" doc:"The checkout that reserved." example:"chk_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) reservation(ctx context.Context, in *reservationInput) (*reservationOutput, error) {
	r, err := h.service.Reservation(ctx, catalog.ReservationInput{Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &reservationOutput{reservationOf(r)}, nil
}

type findReservationsInput struct{ Body ReservationKeys }

type findReservationsOutput struct{ Body FoundReservations }

func (h handlers) findReservations(ctx context.Context, in *findReservationsInput) (*findReservationsOutput, error) {
	found, err := h.service.Reservations(ctx, catalog.ReservationsInput{Keys: in.Body.Keys})
	if err != nil {
		return nil, err
	}
	out := &findReservationsOutput{FoundReservations{Items: make([]Reservation, len(found))}}
	for i, r := range found {
		out.Body.Items[i] = reservationOf(r)
	}
	return out, nil
}

func (h handlers) commit(ctx context.Context, in *reservationInput) (*struct{}, error) {
	return nil, h.service.Commit(ctx, catalog.CommitInput{Key: in.Key})
}

func (h handlers) release(ctx context.Context, in *reservationInput) (*struct{}, error) {
	return nil, h.service.Release(ctx, catalog.ReleaseInput{Key: in.Key})
}

func (h handlers) giveBack(ctx context.Context, in *reservationInput) (*struct{}, error) {
	return nil, h.service.Return(ctx, catalog.ReturnInput{Key: in.Key})
}
