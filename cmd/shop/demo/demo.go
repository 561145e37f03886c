// Package demo fills an empty catalog with products to try the shop with.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"

	"shop/cmd/shop/catalogimport"
	"shop/modules/catalog"
	"shop/platform/money"
	"shop/platform/page"
)

//go:embed products.csv
var products []byte

// Catalog is the part of catalog.Service that the demo needs.
type Catalog interface {
	catalogimport.Catalog
	// ListProducts lists products that are not deleted.
	ListProducts(ctx context.Context, in catalog.ListProductsInput) (page.Page[catalog.Product], error)
}

// Fill adds about 60 products, priced in the given currency, when the catalog
// has none, and returns how many it added. ctx needs an actor who may import.
func Fill(ctx context.Context, to Catalog, currency money.Currency) (int, error) {
	present, err := to.ListProducts(ctx, catalog.ListProductsInput{Page: page.Request{Limit: 1}})
	if err != nil {
		return 0, fmt.Errorf("look for products: %w", err)
	}
	if len(present.Items) > 0 {
		return 0, nil
	}
	result, err := catalogimport.Import(ctx, bytes.NewReader(products), to, catalogimport.Options{
		Format: catalogimport.CSV, Currency: currency,
	})
	if errors.Is(err, catalog.ErrSKUTaken) {
		return 0, nil // another process that starts now was faster, and has added them all
	}
	if err != nil {
		return 0, fmt.Errorf("add demo products: %w", err)
	}
	if len(result.Problems) > 0 {
		return 0, errors.New("add demo products: " + result.Problems[0].String())
	}
	return result.Created, nil
}
