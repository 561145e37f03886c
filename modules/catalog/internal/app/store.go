package app

import (
	"context"
	"time"

	"shop/modules/catalog"
	"shop/platform/id"
)

// Store keeps products and stock. Errors are the face's, or internal ones.
type Store interface {
	// InTx runs fn in a transaction that the other methods join by its context.
	InTx(ctx context.Context, fn func(context.Context) error) error
	// Insert adds products and their stock. Errors: catalog.ErrSKUTaken.
	Insert(ctx context.Context, products []catalog.Product) error
	// Find reads products, deleted ones included, in no order.
	Find(ctx context.Context, ids []id.Product) ([]catalog.Product, error)
	// FindBySKU reads products that are not deleted and locks them until the
	// transaction ends.
	FindBySKU(ctx context.Context, skus []string) ([]catalog.Product, error)
	// Lock reads a product that is not deleted and locks it until the
	// transaction ends. Errors: catalog.ErrProductNotFound.
	Lock(ctx context.Context, product id.Product) (catalog.Product, error)
	// Update writes a product that was locked. Errors: catalog.ErrSKUTaken.
	Update(ctx context.Context, product catalog.Product) error
	// SetStock counts the stock anew and writes the movement.
	SetStock(ctx context.Context, product id.Product, quantity int64, at time.Time) error
	// Restock moves the level of a product that was locked, and writes the
	// movement.
	Restock(ctx context.Context, r Restocking) error
	// List reads a page of products and one more, and where each stands in the
	// order.
	List(ctx context.Context, q Query) ([]Listed, error)
	// Count counts all matches of a query.
	Count(ctx context.Context, q Query) (int64, error)
	// Categories counts the products of each category.
	Categories(ctx context.Context) ([]catalog.Category, error)
	// Take moves stock to reservations, all lines of all of them or none, in a
	// transaction of its own, and tells whether it did: false when less is left of
	// any line, or one is not on sale. Errors: ErrTaken when there is a reservation
	// with one of the keys already.
	Take(ctx context.Context, takings []Taking, at time.Time) (bool, error)
	// Reservation reads a reservation, if there is one.
	Reservation(ctx context.Context, key id.Checkout) (catalog.Reservation, bool, error)
	// Reservations reads those of some reservations that there are.
	Reservations(ctx context.Context, keys []id.Checkout) ([]catalog.Reservation, error)
	// Known tells with which of the keys there is a reservation, ended or not.
	Known(ctx context.Context, keys []id.Checkout) (map[id.Checkout]bool, error)
	// Extend lets a reservation that has not ended expire later, or never.
	Extend(ctx context.Context, key id.Checkout, until, at time.Time) error
	// Commit marks a reserved one as sold, and tells whether it was one.
	Commit(ctx context.Context, key id.Checkout, at time.Time) (bool, error)
	// Retake takes the stock of an expired reservation again and marks it as sold;
	// false when it is none, or less is left.
	Retake(ctx context.Context, key id.Checkout, at time.Time) ([]id.Product, bool, error)
	// Release gives the stock of a reserved one back, once, Return that of a
	// committed one; they return whose.
	Release(ctx context.Context, key id.Checkout, at time.Time) ([]id.Product, error)
	Return(ctx context.Context, key id.Checkout, at time.Time) ([]id.Product, error)
	// Waive makes an expired reservation a released one, which is not taken again.
	Waive(ctx context.Context, key id.Checkout, at time.Time) error
	// Expire gives the stock of reservations back whose time is past, at most as
	// many as limit says; it returns how many it found, and the products.
	Expire(ctx context.Context, at time.Time, limit int) (int, []id.Product, error)
	// Levels reads a page of levels, deleted products included, in the order of
	// products, behind the given one.
	Levels(ctx context.Context, behind id.Product, limit int) ([]Level, error)
	// MendLevel sets a level to the sum of its movements, unless that is below 0.
	MendLevel(ctx context.Context, product id.Product, at time.Time) (bool, error)
	// Balances reads a page of reservations with the sums of their movements, in
	// the order of keys, behind the given one.
	Balances(ctx context.Context, behind id.Checkout, limit int) ([]Balance, error)
	// MendReservation marks a reserved one as released whose stock is back.
	MendReservation(ctx context.Context, key id.Checkout, at time.Time) (bool, error)
	// Changed tells what changed since mark, which an earlier call returned;
	// with the empty mark it only returns one.
	Changed(ctx context.Context, mark string) (Changes, error)
}

// Taking is a reservation to be made.
type Taking struct {
	Key       id.Checkout
	Lines     []catalog.ReserveLine
	ExpiresAt time.Time
}

// Restocking is a change of a level by an administrator.
type Restocking struct {
	ProductID id.Product
	Delta     int64
	Note      string
	At        time.Time
}

// Level is a level and the sum of its movements. Quantity is -1 when there is
// none.
type Level struct {
	Product          id.Product
	Quantity, Ledger int64
}

// Balance is what the movements of a reservation add up to.
type Balance struct {
	Key id.Checkout
	// State is empty for a reservation of the release before.
	State     catalog.ReservationState
	ExpiresAt time.Time
	// Products is of how many products there are movements; Taken how many pieces
	// were reserved, Out how many of them are out of stock now.
	Products, Taken, Out int64
	// Held says that of each product everything that was reserved is out, Back
	// that nothing is.
	Held, Back bool
}

// Query is a validated list: which products, in which order, from where.
type Query struct {
	Words    []string
	Category string
	PriceMin *int64
	PriceMax *int64
	InStock  bool
	Sort     catalog.Sort
	// After is the place where the page before ended; nil for the first.
	After *Place
	Limit int
}

// Place is where a product stands in the order of a list.
type Place struct {
	// Name, Price and Rank hold the sort key of the order in force.
	Name  string
	Price int64
	Rank  float64
	ID    id.Product
}

// Listed is a product and where it stands.
type Listed struct {
	Product catalog.Product
	Place   Place
}

// Changes is what other processes changed. Edited products may have moved in
// or between lists; of Moved ones only the stock is another.
type Changes struct {
	Mark          string
	Edited, Moved []id.Product
}
