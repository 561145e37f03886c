// Package catalogtest says what a catalog must do, once, for every
// implementation of catalog.Service, and offers one in memory.
package catalogtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
	"shop/platform/page"
)

// Run runs the suite; newService makes an empty catalog for each test.
func Run(t *testing.T, newService func(t *testing.T) catalog.Service) {
	t.Helper()
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
		"Reserve/takes once by key":          reserveOnce,
		"Reserve/ErrOutOfStock names lines":  reserveShort,
		"Reserve/never oversells":            reserveContended,
		"Reserve/only services":              reserveServices,
		"Release/gives back once":            releaseOnce,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newService(t))
		})
	}
}

func admin(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
}

func service(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{Service: "cart"})
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
	read, err := s.Product(t.Context(), catalog.ProductInput{ID: created.ID})
	require.NoError(t, err)
	require.Equal(t, created, read)
	require.Equal(t, in, catalog.CreateProductInput{
		SKU: read.SKU, Name: read.Name, Description: read.Description, Price: read.Price, Stock: read.Stock,
		Category: read.Category, Attributes: read.Attributes, Images: read.Images,
	})
}

func createSKUTaken(t *testing.T, s catalog.Service) {
	_, err := s.CreateProduct(admin(t), mug())
	require.NoError(t, err)
	_, err = s.CreateProduct(admin(t), mug())
	require.ErrorIs(t, err, catalog.ErrSKUTaken)
	list, err := s.ListProducts(t.Context(), catalog.ListProductsInput{})
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
	list, err := s.ListProducts(t.Context(), catalog.ListProductsInput{})
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
	_, err := s.Product(t.Context(), catalog.ProductInput{ID: id.NewProduct()})
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
}

func productOwned(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	for range 2 {
		read, err := s.Product(t.Context(), catalog.ProductInput{ID: p.ID})
		require.NoError(t, err)
		require.Equal(t, "blue", read.Attributes["colour"])
		read.Attributes["colour"], read.Images[0] = "spoilt", "spoilt"
	}
}

func productsMany(t *testing.T, s catalog.Service) {
	a := create(t, s, func(*catalog.CreateProductInput) {})
	b := create(t, s, func(*catalog.CreateProductInput) {})
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: b.ID}))
	found, err := s.Products(t.Context(), catalog.ProductsInput{IDs: []id.Product{a.ID, b.ID, id.NewProduct()}})
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
	read, err := s.Product(t.Context(), catalog.ProductInput{ID: before.ID})
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
	read, err := s.Product(t.Context(), catalog.ProductInput{ID: b.ID})
	require.NoError(t, err)
	require.Equal(t, b, read, "a refused change leaves nothing behind")
}

func deleteReadable(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: p.ID}))
	read, err := s.Product(t.Context(), catalog.ProductInput{ID: p.ID})
	require.NoError(t, err)
	require.False(t, read.DeletedAt.IsZero())
	require.Zero(t, read.Stock)
	require.Equal(t, p.Name, read.Name)
	list, err := s.ListProducts(t.Context(), catalog.ListProductsInput{})
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

func listOrders(t *testing.T, s catalog.Service) {
	names := []string{"delta", "Alpha", "charlie", "Bravo", "alpha"}
	prices := []int64{300, 100, 200, 100, 500}
	for i := range names {
		create(t, s, func(in *catalog.CreateProductInput) { in.Name, in.Price = names[i], money.Of(prices[i], "EUR") })
	}
	for sort, want := range map[catalog.Sort][]string{
		"":                    {"alpha", "Bravo", "charlie", "Alpha", "delta"},
		catalog.SortNewest:    {"alpha", "Bravo", "charlie", "Alpha", "delta"},
		catalog.SortOldest:    {"delta", "Alpha", "charlie", "Bravo", "alpha"},
		catalog.SortName:      {"Alpha", "alpha", "Bravo", "charlie", "delta"},
		catalog.SortNameDown:  {"delta", "charlie", "Bravo", "alpha", "Alpha"},
		catalog.SortPrice:     {"Alpha", "Bravo", "charlie", "delta", "alpha"},
		catalog.SortPriceDown: {"alpha", "delta", "charlie", "Bravo", "Alpha"},
	} {
		for _, limit := range []int{1, 2, 5, 100} {
			got, pages := all(t, s, catalog.ListProductsInput{Sort: sort, Page: page.Request{Limit: limit, CountExact: true}})
			require.Equal(t, want, got, "%s by %d", sort, limit)
			require.Equal(t, (len(want)+limit-1)/limit, pages)
		}
	}
}

// all reads all pages of a list and returns the names and how many pages there
// were.
func all(t *testing.T, s catalog.Service, in catalog.ListProductsInput) ([]string, int) {
	t.Helper()
	var names []string
	for pages := 1; ; pages++ {
		p, err := s.ListProducts(t.Context(), in)
		require.NoError(t, err)
		require.LessOrEqual(t, len(p.Items), in.Page.Size())
		for _, item := range p.Items {
			names = append(names, item.Name)
		}
		if p.Next == "" {
			if p.Total != nil {
				require.Equal(t, int64(len(names)), *p.Total)
			}
			return names, pages
		}
		in.Page.Cursor = p.Next
	}
}

func listFilters(t *testing.T, s catalog.Service) {
	create(t, s, func(in *catalog.CreateProductInput) { in.Name, in.Category, in.Price.Minor = "pan", "Kitchen", 2000 })
	create(t, s, func(in *catalog.CreateProductInput) {
		in.Name, in.Category, in.Price.Minor, in.Stock = "pot", "Kitchen", 4000, 0
	})
	create(t, s, func(in *catalog.CreateProductInput) { in.Name, in.Category, in.Price.Minor = "lamp", "Light", 3000 })
	bound := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		in   catalog.ListProductsInput
		want []string
	}{
		"category":    {catalog.ListProductsInput{Category: "Kitchen"}, []string{"pot", "pan"}},
		"no category": {catalog.ListProductsInput{Category: "kitchen"}, nil},
		"price from":  {catalog.ListProductsInput{PriceMin: bound(3000)}, []string{"lamp", "pot"}},
		"price to":    {catalog.ListProductsInput{PriceMax: bound(3000)}, []string{"lamp", "pan"}},
		"free only":   {catalog.ListProductsInput{PriceMax: bound(0)}, nil},
		"in stock":    {catalog.ListProductsInput{InStock: true}, []string{"lamp", "pan"}},
		"all of them": {catalog.ListProductsInput{InStock: true, Category: "Kitchen", PriceMin: bound(1), PriceMax: bound(2000)}, []string{"pan"}},
	} {
		c.in.Page = page.Request{Limit: 1, CountExact: true}
		got, _ := all(t, s, c.in)
		require.Equal(t, c.want, got, name)
	}
}

func listSearches(t *testing.T, s catalog.Service) {
	create(t, s, func(in *catalog.CreateProductInput) {
		in.Name, in.Description, in.SKU = "Oak table", "Seats six.", "TAB-6"
	})
	create(t, s, func(in *catalog.CreateProductInput) {
		in.Name, in.Description, in.SKU = "Chair", "Goes with the oak table.", "CHR-1"
	})
	create(t, s, func(in *catalog.CreateProductInput) {
		in.Name, in.Description, in.SKU = "Café lamp", "Brass; 40% off 'today' \"only\" & more | less", "LMP-9"
	})
	for query, want := range map[string][]string{
		"table":                    {"Oak table", "Chair"},
		"TABLE oak":                {"Oak table", "Chair"},
		"tab":                      {"Oak table", "Chair"},
		"oak chair":                {"Chair"},
		"six":                      {"Oak table"},
		"tab-6":                    {"Oak table"},
		"café":                     {"Café lamp"},
		"brass'":                   {"Café lamp"},
		`"only" & | ! ( ) : * < >`: {"Café lamp"},
		"able":                     nil,
		"sofa":                     nil,
		"' OR 1=1 --":              nil,
		"%":                        nil,
	} {
		got, _ := all(t, s, catalog.ListProductsInput{Query: query, Page: page.Request{Limit: 1}})
		require.Equal(t, want, got, query)
	}
	got, _ := all(t, s, catalog.ListProductsInput{Query: "table", Sort: catalog.SortName})
	require.Equal(t, []string{"Chair", "Oak table"}, got)
}

func listCoherent(t *testing.T, s catalog.Service) {
	list := func() []catalog.Product {
		p, err := s.ListProducts(t.Context(), catalog.ListProductsInput{Sort: catalog.SortName})
		require.NoError(t, err)
		return p.Items
	}
	require.Empty(t, list())
	a := create(t, s, func(in *catalog.CreateProductInput) { in.Name = "a" })
	require.Len(t, list(), 1)
	name := "z"
	create(t, s, func(in *catalog.CreateProductInput) { in.Name = "m" })
	_, err := s.UpdateProduct(admin(t), catalog.UpdateProductInput{ID: a.ID, Name: &name})
	require.NoError(t, err)
	require.Equal(t, "z", list()[1].Name)
	_, err = s.Reserve(service(t), catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a.ID, Quantity: 3}}})
	require.NoError(t, err)
	require.Equal(t, int64(4), list()[1].Stock)
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: a.ID}))
	require.Len(t, list(), 1)
}

func listInvalid(t *testing.T, s catalog.Service) {
	low, high := int64(5), int64(-1)
	for field, in := range map[string]catalog.ListProductsInput{
		"query.sort":      {Sort: "colour"},
		"query.price_max": {PriceMax: &high},
		"query.price_min": {PriceMin: &low, PriceMax: new(int64)},
		"query.q":         {Query: strings.Repeat("x", 201)},
		"query.cursor":    {Page: page.Request{Cursor: "nonsense"}},
	} {
		_, err := s.ListProducts(t.Context(), in)
		requireField(t, err, field)
	}
	for i := range 2 {
		create(t, s, func(in *catalog.CreateProductInput) { in.Name = fmt.Sprint(i) })
	}
	p, err := s.ListProducts(t.Context(), catalog.ListProductsInput{Page: page.Request{Limit: 1}})
	require.NoError(t, err)
	_, err = s.ListProducts(t.Context(), catalog.ListProductsInput{Sort: catalog.SortName, Page: page.Request{Cursor: p.Next}})
	require.ErrorIs(t, err, page.ErrCursor, "a cursor belongs to its order")
}

func categoriesCount(t *testing.T, s catalog.Service) {
	for _, category := range []string{"Light", "Kitchen", "Kitchen", ""} {
		create(t, s, func(in *catalog.CreateProductInput) { in.Category = category })
	}
	gone := create(t, s, func(in *catalog.CreateProductInput) { in.Category = "Gone" })
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: gone.ID}))
	got, err := s.Categories(t.Context(), catalog.CategoriesInput{})
	require.NoError(t, err)
	require.Equal(t, []catalog.Category{{Name: "Kitchen", Count: 2}, {Name: "Light", Count: 1}}, got)
}

func importMerges(t *testing.T, s catalog.Service) {
	known := create(t, s, func(in *catalog.CreateProductInput) { in.SKU = "KNOWN" })
	update, add := mug(), mug()
	update.SKU, update.Name, update.Stock = "KNOWN", "New name", 99
	add.SKU = "NEW"
	result, err := s.ImportProducts(admin(t), catalog.ImportProductsInput{Products: []catalog.CreateProductInput{update, add}})
	require.NoError(t, err)
	require.Equal(t, catalog.ImportResult{Created: 1, Updated: 1}, result)
	read, err := s.Product(t.Context(), catalog.ProductInput{ID: known.ID})
	require.NoError(t, err)
	require.Equal(t, "New name", read.Name)
	require.Equal(t, int64(99), read.Stock)
	require.Equal(t, known.Version+1, read.Version)
	require.Equal(t, known.CreatedAt, read.CreatedAt)
}

func importAllOrNone(t *testing.T, s catalog.Service) {
	good, bad := mug(), mug()
	bad.SKU, bad.Name = "BAD", ""
	_, err := s.ImportProducts(admin(t), catalog.ImportProductsInput{Products: []catalog.CreateProductInput{good, bad}})
	requireField(t, err, "body.products[1].name")
	_, err = s.ImportProducts(admin(t), catalog.ImportProductsInput{Products: []catalog.CreateProductInput{good, good}})
	requireField(t, err, "body.products[1].sku")
	_, err = s.ImportProducts(admin(t), catalog.ImportProductsInput{})
	requireField(t, err, "body.products")
	list, err := s.ListProducts(t.Context(), catalog.ListProductsInput{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

func stock(t *testing.T, s catalog.Service, product id.Product) int64 {
	t.Helper()
	p, err := s.Product(t.Context(), catalog.ProductInput{ID: product})
	require.NoError(t, err)
	return p.Stock
}

func reserveOnce(t *testing.T, s catalog.Service) {
	a := create(t, s, func(*catalog.CreateProductInput) {})
	b := create(t, s, func(*catalog.CreateProductInput) {})
	in := catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: b.ID, Quantity: 7}, {Product: a.ID, Quantity: 2}}}
	first, err := s.Reserve(service(t), in)
	require.NoError(t, err)
	again, err := s.Reserve(service(t), in)
	require.NoError(t, err)
	require.ElementsMatch(t, first.Lines, again.Lines)
	require.ElementsMatch(t, in.Lines, first.Lines)
	require.Equal(t, int64(5), stock(t, s, a.ID))
	require.Zero(t, stock(t, s, b.ID))
	for field, spoilt := range map[string]catalog.ReserveInput{
		"body.key":                 {Lines: in.Lines},
		"body.lines":               {Key: id.NewCheckout()},
		"body.lines[0].quantity":   {Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a.ID}}},
		"body.lines[1].product_id": {Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a.ID, Quantity: 1}, {Product: a.ID, Quantity: 1}}},
	} {
		_, err := s.Reserve(service(t), spoilt)
		requireField(t, err, field)
	}
}

func reserveShort(t *testing.T, s catalog.Service) {
	a := create(t, s, func(*catalog.CreateProductInput) {})
	b := create(t, s, func(in *catalog.CreateProductInput) { in.Stock = 1 })
	_, err := s.Reserve(service(t), catalog.ReserveInput{
		Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: a.ID, Quantity: 2}, {Product: b.ID, Quantity: 2}},
	})
	require.ErrorIs(t, err, catalog.ErrOutOfStock)
	require.Len(t, fault.From(err).Fields, 1)
	require.Contains(t, fault.From(err).Fields[0].Message, "1 left of "+b.ID.String())
	require.Equal(t, int64(7), stock(t, s, a.ID), "nothing of a refused reservation is taken")
}

func reserveContended(t *testing.T, s catalog.Service) {
	a := create(t, s, func(in *catalog.CreateProductInput) { in.Stock = 20 })
	b := create(t, s, func(in *catalog.CreateProductInput) { in.Stock = 1000 })
	var sold atomic.Int64
	var clients sync.WaitGroup
	ctx := service(t)
	for i := range 40 {
		clients.Go(func() {
			lines := []catalog.ReserveLine{{Product: a.ID, Quantity: 1}, {Product: b.ID, Quantity: 1}}
			if i%2 == 0 {
				lines[0], lines[1] = lines[1], lines[0]
			}
			_, err := s.Reserve(ctx, catalog.ReserveInput{Key: id.NewCheckout(), Lines: lines})
			if err == nil {
				sold.Add(1)
			} else if fault.From(err).Code != catalog.ErrOutOfStock.Code {
				t.Errorf("reserve: %v", err)
			}
		})
	}
	clients.Wait()
	require.Equal(t, int64(20), sold.Load())
	require.Zero(t, stock(t, s, a.ID))
	require.Equal(t, int64(980), stock(t, s, b.ID))
}

func reserveServices(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	in := catalog.ReserveInput{Key: id.NewCheckout(), Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 1}}}
	_, err := s.Reserve(t.Context(), in)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Reserve(admin(t), in)
	require.ErrorIs(t, err, identity.ErrForbidden)
	require.ErrorIs(t, s.Release(admin(t), catalog.ReleaseInput{Key: in.Key}), identity.ErrForbidden)
}

func releaseOnce(t *testing.T, s catalog.Service) {
	p := create(t, s, func(*catalog.CreateProductInput) {})
	key := id.NewCheckout()
	_, err := s.Reserve(service(t), catalog.ReserveInput{Key: key, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 5}}})
	require.NoError(t, err)
	ctx := service(t)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			if err := s.Release(ctx, catalog.ReleaseInput{Key: key}); err != nil {
				t.Errorf("release: %v", err)
			}
		})
	}
	clients.Wait()
	require.Equal(t, int64(7), stock(t, s, p.ID))
	_, err = s.Reserve(ctx, catalog.ReserveInput{Key: key, Lines: []catalog.ReserveLine{{Product: p.ID, Quantity: 5}}})
	require.ErrorIs(t, err, catalog.ErrOutOfStock, "a key that was released takes nothing again")
	require.Equal(t, int64(7), stock(t, s, p.ID))
	require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: id.NewCheckout()}), "nothing to give back is fine")
}
