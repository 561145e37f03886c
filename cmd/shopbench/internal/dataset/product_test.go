package dataset_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"shop/cmd/shopbench/internal/dataset"
)

func TestProducts(t *testing.T) {
	t.Parallel()
	products := dataset.Products(1000)
	require.Len(t, products, 1000)
	require.Equal(t, products, dataset.Products(1000), "every run has the same products")

	skus := map[string]bool{}
	for _, p := range products {
		skus[p.SKU] = true
		require.NotEmpty(t, p.Name)
		require.Positive(t, p.Amount)
	}
	require.Len(t, skus, 1000)
}
