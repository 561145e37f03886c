package catalog

import (
	"time"

	"shop/platform/id"
	"shop/platform/idempotency"
)

// RestockInput changes the stock of a product by Delta pieces: up when goods
// came, down when some are broken or lost.
type RestockInput struct {
	Key       *idempotency.Key
	ProductID id.Product
	Delta     int64
	// Reason is for those who read the ledger, in words; at most 200 characters.
	Reason string
}

// ReserveInput asks for stock.
type ReserveInput struct {
	// Key names the checkout; reserving again with it takes nothing more.
	Key   id.Checkout
	Lines []ReserveLine
	// ExpiresAt is when the stock goes back by itself unless it was committed; the
	// zero time is never.
	ExpiresAt time.Time
}

// ReserveLine is a number of pieces of one product.
type ReserveLine struct {
	Product  id.Product
	Quantity int64
}

// Reservation is stock that was taken for a checkout.
type Reservation struct {
	Key   id.Checkout
	Lines []ReserveLine
	State ReservationState
	// ExpiresAt is zero for one that never expires.
	ExpiresAt time.Time
}

// ReservationState is what has become of a reservation.
type ReservationState string

// The states of a reservation. The stock of a reserved and of a committed one is
// out of the level, that of the others is back in it. An expired one may still
// be committed.
const (
	StateReserved  ReservationState = "reserved"
	StateCommitted ReservationState = "committed"
	StateReleased  ReservationState = "released"
	StateExpired   ReservationState = "expired"
	StateReturned  ReservationState = "returned"
)

// ReservationInput names a reservation.
type ReservationInput struct{ Key id.Checkout }

// MaxReservations is how many reservations one call may name.
const MaxReservations = 1000

// ReservationsInput names reservations, at most MaxReservations.
type ReservationsInput struct{ Keys []id.Checkout }

// CommitInput names the reservation that is sold.
type CommitInput struct{ Key id.Checkout }

// ReleaseInput names the reservation to give back.
type ReleaseInput struct{ Key id.Checkout }

// ReturnInput names the reservation whose order was cancelled.
type ReturnInput struct{ Key id.Checkout }
