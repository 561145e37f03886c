// Package catalog is the face of the catalog: products, their categories and
// what of them can still be bought. Other modules hold a Service and never
// know whether it lives in this process.
package catalog

import (
	"context"
	"time"

	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
	"shop/platform/page"
)

// Contract are the versions of this face on the wire.
var Contract = contract.Versions{Newest: 2, Oldest: 1}

// Service is what the catalog does. Every method may also return a fault of
// kind Unavailable or Timeout.
type Service interface {
	// CreateProduct adds a product. Administrators and services. Safe to repeat
	// with a key. Errors: ErrSKUTaken, an invalid field.
	CreateProduct(ctx context.Context, in CreateProductInput) (Product, error)
	// Product reads one product, also a deleted one (DeletedAt says so): who has
	// it in a cart or on an invoice can still look at it. Everybody. Errors:
	// ErrProductNotFound.
	Product(ctx context.Context, in ProductInput) (Product, error)
	// Products reads several products at once, deleted ones included, in no
	// order; those that never existed are left out. Everybody.
	Products(ctx context.Context, in ProductsInput) ([]Product, error)
	// ListProducts lists products that are not deleted. Everybody. Errors:
	// page.ErrCursor, an invalid field.
	ListProducts(ctx context.Context, in ListProductsInput) (page.Page[Product], error)
	// Categories lists the categories of products that are not deleted, with
	// counts, by name. Everybody.
	Categories(ctx context.Context, in CategoriesInput) ([]Category, error)
	// UpdateProduct changes what the input names. Administrators and services.
	// Errors: ErrProductNotFound, ErrSKUTaken, fault.ErrPrecondition, an invalid
	// field.
	UpdateProduct(ctx context.Context, in UpdateProductInput) (Product, error)
	// DeleteProduct marks a product as deleted: it is gone from lists and cannot
	// be bought. Administrators and services. Errors: ErrProductNotFound,
	// fault.ErrPrecondition.
	DeleteProduct(ctx context.Context, in DeleteProductInput) error
	// ImportProducts adds products and updates those whose SKU is known, all or
	// none. Administrators and services. Errors: an invalid field, named
	// body.products[i]….
	ImportProducts(ctx context.Context, in ImportProductsInput) (ImportResult, error)
	// Restock changes a product's stock by a delta. Administrators and services.
	// Safe to repeat with a key. Errors: ErrProductNotFound, an invalid field,
	// ErrOutOfStock, which says what is left, when the delta takes more than that.
	Restock(ctx context.Context, in RestockInput) (Product, error)
	// Reserve takes stock for a checkout, all lines or none. Services only. The
	// same key takes it once and nothing more; again, it is the same reservation,
	// which a later ExpiresAt extends. Errors: ErrOutOfStock, which names each line,
	// as body.lines[i] of the lines in the order of their products, and what is
	// left, also for a key that was released; ErrReservationGone for one that
	// expired or was returned.
	Reserve(ctx context.Context, in ReserveInput) (Reservation, error)
	// Reservation reads a reservation and what has become of it. Administrators
	// and services. Errors: ErrReservationNotFound.
	Reservation(ctx context.Context, in ReservationInput) (Reservation, error)
	// Reservations reads several reservations at once, in no order; those that
	// there are not are left out. Administrators and services. Errors: an invalid
	// field.
	Reservations(ctx context.Context, in ReservationsInput) ([]Reservation, error)
	// Commit says that a reservation's goods are sold; it no longer expires.
	// Services only. Safe to repeat. The stock of a reservation that expired is
	// taken again, if it is still there. Errors: ErrReservationNotFound,
	// ErrReservationGone.
	Commit(ctx context.Context, in CommitInput) error
	// Release gives a reservation's stock back, once; an unknown key is nothing
	// to give back. Services only. Errors: ErrReservationCommitted.
	Release(ctx context.Context, in ReleaseInput) error
	// Return gives the stock of a reservation back, once, also of a committed one:
	// its order was cancelled. An unknown key is nothing to give back. Services
	// only. Safe to repeat.
	Return(ctx context.Context, in ReturnInput) error
	// Verify compares levels with their movements, and reservations with theirs and
	// with their time, also while customers buy. Administrators and services. With
	// Repair, a level becomes the sum of its movements, and what is past its time
	// is given back.
	Verify(ctx context.Context, in audit.Input) (audit.Report, error)
}

// The methods and what repeating them does.
var (
	MethodCreateProduct  = contract.Method{Module: "catalog", Name: "CreateProduct", Class: contract.IdempotentWrite}
	MethodProduct        = contract.Method{Module: "catalog", Name: "Product", Class: contract.Read}
	MethodProducts       = contract.Method{Module: "catalog", Name: "Products", Class: contract.Read}
	MethodListProducts   = contract.Method{Module: "catalog", Name: "ListProducts", Class: contract.Read}
	MethodCategories     = contract.Method{Module: "catalog", Name: "Categories", Class: contract.Read}
	MethodUpdateProduct  = contract.Method{Module: "catalog", Name: "UpdateProduct", Class: contract.Write}
	MethodDeleteProduct  = contract.Method{Module: "catalog", Name: "DeleteProduct", Class: contract.Write}
	MethodImportProducts = contract.Method{Module: "catalog", Name: "ImportProducts", Class: contract.IdempotentWrite}
	MethodRestock        = contract.Method{Module: "catalog", Name: "Restock", Class: contract.IdempotentWrite}
	MethodReserve        = contract.Method{Module: "catalog", Name: "Reserve", Class: contract.IdempotentWrite}
	MethodReservation    = contract.Method{Module: "catalog", Name: "Reservation", Class: contract.Read}
	MethodReservations   = contract.Method{Module: "catalog", Name: "Reservations", Class: contract.Read}
	MethodCommit         = contract.Method{Module: "catalog", Name: "Commit", Class: contract.IdempotentWrite}
	MethodRelease        = contract.Method{Module: "catalog", Name: "Release", Class: contract.IdempotentWrite}
	MethodReturn         = contract.Method{Module: "catalog", Name: "Return", Class: contract.IdempotentWrite}
	MethodVerify         = contract.Method{Module: "catalog", Name: "Verify", Class: contract.Write}
)

// Product is something that is sold.
type Product struct {
	ID          id.Product
	SKU         string
	Name        string
	Description string
	Price       money.Amount
	// Stock is how many can still be bought.
	Stock      int64
	Category   string
	Attributes map[string]string
	// Images are URLs.
	Images []string
	// Version counts changes by administrators, from 1; Revision counts those
	// and every change of the stock.
	Version, Revision    int64
	CreatedAt, UpdatedAt time.Time
	// DeletedAt is when the product was deleted; zero while it is on sale.
	DeletedAt time.Time
}

// Category is a category and how many products it has.
type Category struct {
	Name  string
	Count int64
}

// CreateProductInput is a new product. SKU, Name and Price are required.
type CreateProductInput struct {
	Key         *idempotency.Key
	SKU         string
	Name        string
	Description string
	Price       money.Amount
	Stock       int64
	Category    string
	Attributes  map[string]string
	Images      []string
}

// ProductInput names a product.
type ProductInput struct{ ID id.Product }

// ProductsInput names products, at most MaxProducts.
type ProductsInput struct{ IDs []id.Product }

// Limits of a catalog.
const (
	// MaxProducts is how many products one call may name or import.
	MaxProducts = 1000
	// MaxStock is the largest stock of a product.
	MaxStock = 1_000_000_000
)

// UpdateProductInput changes the fields that are not nil.
type UpdateProductInput struct {
	ID id.Product
	// IfVersion makes the change only while the product is at that version; 0
	// whatever its version.
	IfVersion   int64
	SKU         *string
	Name        *string
	Description *string
	Price       *money.Amount
	Stock       *int64
	Category    *string
	Attributes  *map[string]string
	Images      *[]string
}

// DeleteProductInput names the product to delete.
type DeleteProductInput struct {
	ID        id.Product
	IfVersion int64
}

// Sort is an order of products; ties are broken by identifier.
type Sort string

// The orders of a list. Relevance needs a query.
const (
	SortNewest    Sort = "-created_at"
	SortOldest    Sort = "created_at"
	SortName      Sort = "name"
	SortNameDown  Sort = "-name"
	SortPrice     Sort = "price"
	SortPriceDown Sort = "-price"
	SortRelevance Sort = "relevance"
)

// ListProductsInput says which products, in which order, which page.
type ListProductsInput struct {
	Page page.Request
	// Query finds products that have all its words, or words that begin with
	// them, in name, SKU, category or description.
	Query string
	// Category keeps one category; empty all.
	Category string
	// PriceMin and PriceMax are bounds in minor units, inclusive; nil for none.
	PriceMin, PriceMax *int64
	// InStock keeps what can be bought now.
	InStock bool
	// Sort is the order; empty means SortRelevance with a query, else SortNewest.
	Sort Sort
}

// CategoriesInput asks for all categories.
type CategoriesInput struct{}

// ImportProductsInput is a batch of products, at most MaxProducts.
type ImportProductsInput struct {
	Key      *idempotency.Key
	Products []CreateProductInput
}

// ImportResult counts what an import did.
type ImportResult struct{ Created, Updated int }
