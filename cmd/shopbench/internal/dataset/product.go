// Package dataset makes the products that all servers are filled with: the same
// ones in every run, so that figures can be compared.
package dataset

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Currency of all prices.
const Currency = "EUR"

// Stock of every product: more than any run can sell.
const Stock = 1_000_000

// Product is what a shop knows of a product when it is first entered.
type Product struct {
	SKU         string
	Name        string
	Description string
	Amount      int64 // price in minor units of Currency
	Category    string
}

// Products returns the first n products.
func Products(n int) []Product {
	rng := rand.New(rand.NewPCG(2, 10_000)) //nolint:gosec // the same products in every run
	products := make([]Product, n)
	for i := range products {
		material, thing := pick(rng, materials), pick(rng, things)
		products[i] = Product{
			SKU:         fmt.Sprintf("BENCH-%05d", i),
			Name:        strings.Join([]string{pick(rng, adjectives), material, thing}, " "),
			Description: description(rng, thing),
			Amount:      199 + rng.Int64N(50_000),
			Category:    pick(rng, categories),
		}
	}
	return products
}

// Query returns what a visitor might search for: mostly two words that meet in
// few products, every fourth time one word that many have.
func Query(rng *rand.Rand) string {
	if rng.IntN(4) == 0 {
		return pick(rng, materials)
	}
	return pick(rng, materials) + " " + pick(rng, things)
}

func description(rng *rand.Rand, thing string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "A %s %s for the %s.", pick(rng, adjectives), thing, pick(rng, places))
	for range 4 {
		text.WriteByte(' ')
		text.WriteString(pick(rng, sentences))
	}
	return text.String()
}

func pick(rng *rand.Rand, words []string) string { return words[rng.IntN(len(words))] }
