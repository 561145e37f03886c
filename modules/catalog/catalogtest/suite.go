// Package catalogtest says what a catalog must do, once, for every
// implementation of catalog.Service, and offers one in memory.
package catalogtest

import (
	"context"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

// Subject is a catalog under test.
type Subject struct {
	catalog.Service
	// Work lets what the catalog does in the background begin, until the test
	// ends; nil when it needs none.
	Work func(t *testing.T)
}

// Run runs the suite; newSubject makes an empty catalog for each test.
func Run(t *testing.T, newSubject func(t *testing.T) Subject) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Subject){
		"Reserve/expires":               reserveExpires,
		"Reserve/a later time extends":  reserveExtends,
		"Reservations/several at once":  reservationsSeveral,
		"Commit/ErrReservationNotFound": commitUnknown,
		"Commit/sells once":             commitOnce,
		"Commit/takes again":            commitExpired,
		"Release/decides for good":      releaseExpired,
		"Return/gives back once":        returnOnce,
		"Verify/agrees":                 verifyAgrees,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newSubject(t))
		})
	}
	for name, test := range map[string]func(*testing.T, catalog.Service){
		"CreateProduct/reads back":           createReadsBack,
		"CreateProduct/ErrSKUTaken":          createSKUTaken,
		"CreateProduct/invalid fields":       createInvalid,
		"CreateProduct/repeat with a key":    createRepeated,
		"CreateProduct/only privileged":      createPrivileged,
		"Product/ErrProductNotFound":         productNotFound,
		"Product/caller owns the value":      productOwned,
		"Products/finds many":                productsMany,
		"UpdateProduct/keeps what is absent": updatePartly,
		"UpdateProduct/ErrPrecondition":      updatePrecondition,
		"UpdateProduct/refuses":              updateRefuses,
		"DeleteProduct/gone but readable":    deleteReadable,
		"DeleteProduct/frees the SKU":        deleteFreesSKU,
		"ListProducts/pages in every order":  listOrders,
		"ListProducts/filters":               listFilters,
		"ListProducts/searches":              listSearches,
		"ListProducts/sees changes at once":  listCoherent,
		"ListProducts/invalid fields":        listInvalid,
		"Categories/counts":                  categoriesCount,
		"ImportProducts/creates and updates": importMerges,
		"ImportProducts/all or none":         importAllOrNone,
		"Restock/by a delta":                 restockDelta,
		"Restock/refuses":                    restockRefuses,
		"Reserve/takes once by key":          reserveOnce,
		"Reserve/ErrOutOfStock names lines":  reserveShort,
		"Reserve/never oversells":            reserveContended,
		"Reserve/only services":              reserveServices,
		"Release/gives back once":            releaseOnce,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newSubject(t).Service)
		})
	}
}

// user is who makes all calls of a test, in whatever role: where the service is
// in two places, all of them go to the same one, since only whoever makes a
// change sees it at once.
func user(t *testing.T) id.User {
	sum := sha256.Sum256([]byte(t.Name()))
	return id.User(sum[:16])
}

func admin(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{User: user(t), Administrator: true})
}

func service(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{User: user(t), Service: "cart"})
}

func visitor(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{User: user(t)})
}

func mug() catalog.CreateProductInput {
	return catalog.CreateProductInput{
		SKU: "MUG-1", Name: "Blue mug", Description: "Holds 300 ml.\nDishwasher safe.", Price: money.Of(1250, "EUR"),
		Stock: 7, Category: "Kitchen", Attributes: map[string]string{"colour": "blue"},
		Images: []string{"https://img.example.com/mug.jpg"},
	}
}

func create(t *testing.T, s catalog.Service, change func(*catalog.CreateProductInput)) catalog.Product {
	t.Helper()
	in := mug()
	in.SKU = id.NewProduct().String()
	change(&in)
	p, err := s.CreateProduct(admin(t), in)
	require.NoError(t, err)
	return p
}

func createReadsBack(t *testing.T, s catalog.Service) {
	in := mug()
	created, err := s.CreateProduct(admin(t), in)
	require.NoError(t, err)
	require.False(t, created.ID.IsZero())
	require.Equal(t, int64(1), created.Version)
	read, err := s.Product(visitor(t), catalog.ProductInput{ID: created.ID})
	require.NoError(t, err)
	require.Equal(t, created, read)
	got := catalog.CreateProductInput{
		SKU: read.SKU, Name: read.Name, Description: read.Description, Price: read.Price, Stock: read.Stock,
		Category: read.Category, Attributes: read.Attributes, Images: read.Images,
	}
	require.Equal(t, in, got)
}

func createSKUTaken(t *testing.T, s catalog.Service) {
	_, err := s.CreateProduct(admin(t), mug())
	require.NoError(t, err)
	_, err = s.CreateProduct(admin(t), mug())
	require.ErrorIs(t, err, catalog.ErrSKUTaken)
	list, err := s.ListProducts(visitor(t), catalog.ListProductsInput{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
}

func createInvalid(t *testing.T, s catalog.Service) {
	for field, spoil := range map[string]func(*catalog.CreateProductInput){
		"body.sku":            func(in *catalog.CreateProductInput) { in.SKU = "with space" },
		"body.name":           func(in *catalog.CreateProductInput) { in.Name = "" },
		"body.description":    func(in *catalog.CreateProductInput) { in.Description = strings.Repeat("x", 20_001) },
		"body.category":       func(in *catalog.CreateProductInput) { in.Category = "two\nlines" },
		"body.price.amount":   func(in *catalog.CreateProductInput) { in.Price.Minor = -1 },
		"body.price.currency": func(in *catalog.CreateProductInput) { in.Price.Currency = "EURO" },
		"body.stock":          func(in *catalog.CreateProductInput) { in.Stock = catalog.MaxStock + 1 },
		"body.attributes":     func(in *catalog.CreateProductInput) { in.Attributes = map[string]string{"": "x"} },
		"body.attributes.a":   func(in *catalog.CreateProductInput) { in.Attributes = map[string]string{"a": strings.Repeat("x", 501)} },
		"body.images[0]":      func(in *catalog.CreateProductInput) { in.Images = []string{"javascript:alert(1)"} },
	} {
		in := mug()
		spoil(&in)
		_, err := s.CreateProduct(admin(t), in)
		requireField(t, err, field)
	}
	list, err := s.ListProducts(visitor(t), catalog.ListProductsInput{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

func requireField(t *testing.T, err error, field string) {
	t.Helper()
	require.Equal(t, fault.Invalid, fault.KindOf(err), "%s: %v", field, err)
	for _, f := range fault.From(err).Fields {
		if f.Location == field {
			return
		}
	}
	require.Failf(t, "field not named", "%s is not among %v", field, fault.From(err).Fields)
}

func createRepeated(t *testing.T, s catalog.Service) {
	ctx := admin(t)
	in := mug()
	in.Key = idempotency.NewKey("once")
	first, err := s.CreateProduct(ctx, in)
	require.NoError(t, err)
	require.False(t, in.Key.Replayed())
	in.Key = idempotency.NewKey("once")
	again, err := s.CreateProduct(ctx, in)
	require.NoError(t, err)
	require.True(t, in.Key.Replayed())
	require.Equal(t, first, again)
	in.Key, in.Name = idempotency.NewKey("once"), "Other"
	_, err = s.CreateProduct(ctx, in)
	require.ErrorIs(t, err, idempotency.ErrMismatch)
}

func createPrivileged(t *testing.T, s catalog.Service) {
	_, err := s.CreateProduct(t.Context(), mug())
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	customer := identity.With(t.Context(), identity.Actor{User: id.NewUser()})
	_, err = s.CreateProduct(customer, mug())
	require.ErrorIs(t, err, identity.ErrForbidden)
	p := create(t, s, func(*catalog.CreateProductInput) {})
	_, err = s.UpdateProduct(customer, catalog.UpdateProductInput{ID: p.ID})
	require.ErrorIs(t, err, identity.ErrForbidden)
	require.ErrorIs(t, s.DeleteProduct(customer, catalog.DeleteProductInput{ID: p.ID}), identity.ErrForbidden)
	_, err = s.ImportProducts(customer, catalog.ImportProductsInput{Products: []catalog.CreateProductInput{mug()}})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func productNotFound(t *testing.T, s catalog.Service) {
	_, err := s.Product(visitor(t), catalog.ProductInput{ID: id.NewProduct()})
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
}

func productOwned(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	for range 2 {
		read, err := s.Product(visitor(t), catalog.ProductInput{ID: p.ID})
		require.NoError(t, err)
		require.Equal(t, "blue", read.Attributes["colour"])
		read.Attributes["colour"], read.Images[0] = "spoilt", "spoilt"
	}
}

func productsMany(t *testing.T, s catalog.Service) {
	a := create(t, s, func(*catalog.CreateProductInput) {})
	b := create(t, s, func(*catalog.CreateProductInput) {})
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: b.ID}))
	found, err := s.Products(visitor(t), catalog.ProductsInput{IDs: []id.Product{a.ID, b.ID, id.NewProduct()}})
	require.NoError(t, err)
	var ids []id.Product
	for _, p := range found {
		ids = append(ids, p.ID)
	}
	require.ElementsMatch(t, []id.Product{a.ID, b.ID}, ids)
}

func updatePartly(t *testing.T, s catalog.Service) {
	before := create(t, s, func(*catalog.CreateProductInput) {})
	name, stock := "Red mug", int64(9)
	changed, err := s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: before.ID, Name: &name, Stock: &stock})
	require.NoError(t, err)
	want := before
	want.Name, want.Stock = name, stock
	want.Version, want.Revision, want.UpdatedAt = before.Version+1, changed.Revision, changed.UpdatedAt
	require.Equal(t, want, changed)
	require.Greater(t, changed.Revision, before.Revision)
	read, err := s.Product(visitor(t), catalog.ProductInput{ID: before.ID})
	require.NoError(t, err)
	require.Equal(t, changed, read)
}

func updatePrecondition(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	name := "Changed"
	_, err := s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: p.ID, IfVersion: 1, Name: &name})
	require.NoError(t, err)
	_, err = s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: p.ID, IfVersion: 1, Name: &name})
	require.ErrorIs(t, err, fault.ErrPrecondition)
	require.ErrorIs(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: p.ID, IfVersion: 1}), fault.ErrPrecondition)
	// A sale is no change of the product.
	_, err = s.Reserve(service(t), catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}}})
	require.NoError(t, err)
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: p.ID, IfVersion: 2}))
}

func updateRefuses(t *testing.T, s catalog.Service) {
	a := create(t, s, func(*catalog.CreateProductInput) {})
	b := create(t, s, func(*catalog.CreateProductInput) {})
	_, err := s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: b.ID, SKU: &a.SKU})
	require.ErrorIs(t, err, catalog.ErrSKUTaken)
	empty := ""
	_, err = s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: b.ID, Name: &empty})
	requireField(t, err, "body.name")
	_, err = s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: id.NewProduct()})
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
	read, err := s.Product(visitor(t), catalog.ProductInput{ID: b.ID})
	require.NoError(t, err)
	require.Equal(t, b, read, "a refused change leaves nothing behind")
}

func deleteReadable(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: p.ID}))
	read, err := s.Product(visitor(t), catalog.ProductInput{ID: p.ID})
	require.NoError(t, err)
	require.False(t, read.DeletedAt.IsZero())
	require.Zero(t, read.Stock)
	require.Equal(t, p.Name, read.Name)
	list, err := s.ListProducts(visitor(t), catalog.ListProductsInput{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
	require.ErrorIs(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: p.ID}), catalog.ErrProductNotFound)
	_, err = s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: p.ID})
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
	_, err = s.Reserve(service(t), catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}}})
	require.ErrorIs(t, err, catalog.ErrOutOfStock)
}

func deleteFreesSKU(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: p.ID}))
	create(t, s, func(in *catalog.CreateProductInput) { in.SKU = p.SKU })
}
