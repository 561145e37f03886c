package catalogtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/id"
	"shop/platform/money"
	"shop/platform/page"
)

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
		p, err := s.ListProducts(visitor(t), in)
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
		p, err := s.ListProducts(visitor(t), catalog.ListProductsInput{Sort: catalog.SortName})
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
		_, err := s.ListProducts(visitor(t), in)
		requireField(t, err, field)
	}
	for i := range 2 {
		create(t, s, func(in *catalog.CreateProductInput) { in.Name = fmt.Sprint(i) })
	}
	p, err := s.ListProducts(visitor(t), catalog.ListProductsInput{Page: page.Request{Limit: 1}})
	require.NoError(t, err)
	_, err = s.ListProducts(visitor(t), catalog.ListProductsInput{Sort: catalog.SortName, Page: page.Request{Cursor: p.Next}})
	require.ErrorIs(t, err, page.ErrCursor, "a cursor belongs to its order")
}

func categoriesCount(t *testing.T, s catalog.Service) {
	for _, category := range []string{"Light", "Kitchen", "Kitchen", ""} {
		create(t, s, func(in *catalog.CreateProductInput) { in.Category = category })
	}
	gone := create(t, s, func(in *catalog.CreateProductInput) { in.Category = "Gone" })
	require.NoError(t, s.DeleteProduct(admin(t), catalog.DeleteProductInput{ID: gone.ID}))
	got, err := s.Categories(visitor(t), catalog.CategoriesInput{})
	require.NoError(t, err)
	require.Equal(t, []catalog.Category{{Name: "Kitchen", Count: 2}, {Name: "Light", Count: 1}}, got)
}
