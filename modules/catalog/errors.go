package catalog

import "shop/platform/fault"

// The failures that a caller can meet.
var (
	// ErrProductNotFound is returned for a product that never existed, or was
	// deleted where it would be changed or bought.
	ErrProductNotFound = fault.New(fault.NotFound, "product_not_found", "there is no such product")
	// ErrSKUTaken is returned when another product has the SKU.
	ErrSKUTaken = fault.New(fault.Conflict, "sku_taken", "another product has this SKU").WithField("body.sku", "is taken")
	// ErrOutOfStock is returned when less is left than was asked for.
	ErrOutOfStock = fault.New(fault.Conflict, "out_of_stock", "not enough is left")
	// ErrReservationNotFound is returned for a key with which nothing was reserved.
	ErrReservationNotFound = fault.New(fault.NotFound, "reservation_not_found", "there is no such reservation")
	// ErrReservationGone is returned when the stock of a reservation went back and
	// is not to be had again with its key.
	ErrReservationGone = fault.New(fault.Conflict, "reservation_gone", "the reservation's stock was given back")
	// ErrReservationCommitted is returned for a reservation that would be released
	// although its goods are sold.
	ErrReservationCommitted = fault.New(fault.Conflict, "reservation_committed", "the reservation's goods are sold")
)
