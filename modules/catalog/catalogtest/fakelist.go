package catalogtest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/page"
)

// ListProducts implements catalog.Service.
func (f *Fake) ListProducts(_ context.Context, in catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	q, err := app.ParseQuery(in)
	if err != nil {
		return page.Page[catalog.Product]{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	matches := []app.Listed{}
	for _, p := range f.products {
		if rank, ok := match(p, q, in.Query); ok {
			matches = append(matches, app.Listed{
				Product: own(p),
				Place:   app.Place{Name: strings.ToLower(p.Name), Price: p.Price.Minor, Rank: rank, ID: p.ID},
			})
		}
	}
	order := ordering(q.Sort)
	slices.SortFunc(matches, func(a, b app.Listed) int { return order(a.Place, b.Place) })
	total := int64(len(matches))
	if q.After != nil {
		matches = slices.DeleteFunc(matches, func(l app.Listed) bool { return order(l.Place, *q.After) <= 0 })
	}
	cut := page.Cut(matches[:min(len(matches), q.Limit+1)], q.Limit, app.CursorOf(q.Sort))
	result := page.Page[catalog.Product]{Items: make([]catalog.Product, len(cut.Items)), Next: cut.Next}
	for i, l := range cut.Items {
		result.Items[i] = l.Product
	}
	if in.Page.CountExact {
		result.Total = &total
	}
	return result, nil
}

// match says whether a query finds a product, and how well.
func match(p catalog.Product, q app.Query, text string) (float64, bool) {
	switch {
	case !p.DeletedAt.IsZero(), q.InStock && p.Stock == 0, q.Category != "" && q.Category != p.Category,
		q.PriceMin != nil && p.Price.Minor < *q.PriceMin, q.PriceMax != nil && p.Price.Minor > *q.PriceMax,
		text != "" && len(q.Words) == 0:
		return 0, false
	}
	var rank float64
	for _, word := range q.Words {
		best := 0.0
		for field, weight := range map[string]float64{p.Name: 10, p.SKU: 10, p.Category: 4, p.Description: 1} {
			if hasPrefix(field, word) {
				best = max(best, weight)
			}
		}
		if best == 0 {
			return 0, false
		}
		rank += best
	}
	return rank, true
}

func hasPrefix(text, word string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, word) })
}

func ordering(sort catalog.Sort) func(a, b app.Place) int {
	byID := func(a, b app.Place) int { return slices.Compare(a.ID[:], b.ID[:]) }
	up := map[catalog.Sort]func(a, b app.Place) int{
		catalog.SortOldest: byID,
		catalog.SortName:   func(a, b app.Place) int { return cmp.Or(strings.Compare(a.Name, b.Name), byID(a, b)) },
		catalog.SortPrice:  func(a, b app.Place) int { return cmp.Or(cmp.Compare(a.Price, b.Price), byID(a, b)) },
	}
	up[catalog.SortRelevance] = func(a, b app.Place) int { return -cmp.Or(cmp.Compare(a.Rank, b.Rank), byID(a, b)) }
	if rising, ok := up[sort]; ok {
		return rising
	}
	falling := map[catalog.Sort]catalog.Sort{
		catalog.SortNewest: catalog.SortOldest, catalog.SortNameDown: catalog.SortName, catalog.SortPriceDown: catalog.SortPrice,
	}
	rising := up[falling[sort]]
	return func(a, b app.Place) int { return rising(b, a) }
}
