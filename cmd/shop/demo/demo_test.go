package demo_test

import (
	"context"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"shop/cmd/shop/demo"
	"shop/modules/catalog"
	"shop/platform/money"
	"shop/platform/page"
)

// shelf is a catalog that keeps what it is given.
type shelf struct{ products []catalog.CreateProductInput }

func (s *shelf) ImportProducts(_ context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	s.products = append(s.products, in.Products...)
	return catalog.ImportResult{Created: len(in.Products)}, nil
}

func (s *shelf) ListProducts(context.Context, catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	return page.Page[catalog.Product]{Items: make([]catalog.Product, len(s.products))}, nil
}

func TestFill(t *testing.T) {
	t.Parallel()
	var s shelf
	added, err := demo.Fill(t.Context(), &s, "EUR")
	require.NoError(t, err)
	require.Equal(t, len(s.products), added)
	require.GreaterOrEqual(t, added, 60)

	categories := map[string]int{}
	soldOut := 0
	for _, p := range s.products {
		categories[p.Category]++
		require.Equal(t, money.Currency("EUR"), p.Price.Currency, p.SKU)
		require.Greater(t, p.Price.Minor, int64(500), p.SKU)
		require.Greater(t, utf8.RuneCountInString(p.Description), 30, p.SKU)
		require.NotEmpty(t, p.Attributes, p.SKU)
		if p.Stock == 0 {
			soldOut++
		}
	}
	require.GreaterOrEqual(t, len(categories), 6)
	require.Positive(t, soldOut, "one can see what a product looks like that is sold out")

	again, err := demo.Fill(t.Context(), &s, "EUR")
	require.NoError(t, err)
	require.Zero(t, again, "a catalog that has products is left alone")
}

// taken is a catalog that another process fills between the look and the import.
type taken struct{ shelf }

func (*taken) ImportProducts(context.Context, catalog.ImportProductsInput) (catalog.ImportResult, error) {
	return catalog.ImportResult{}, catalog.ErrSKUTaken
}

func TestFillTwiceAtOnce(t *testing.T) {
	t.Parallel()
	added, err := demo.Fill(t.Context(), &taken{}, "EUR")
	require.NoError(t, err)
	require.Zero(t, added)
}
