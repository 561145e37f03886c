package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"shop/modules/catalog"
	"shop/platform/page"
)

// Limits of a search.
const (
	maxQuery = 200 // characters
	maxWords = 10
)

// ListProducts implements catalog.Service.
func (s *Service) ListProducts(ctx context.Context, in catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	q, err := ParseQuery(in)
	if err != nil {
		return page.Page[catalog.Product]{}, err
	}
	if in.Query != "" && len(q.Words) == 0 {
		return page.Page[catalog.Product]{Items: []catalog.Product{}}, nil // only punctuation: nothing has that word
	}
	result, err := s.page(ctx, q)
	if err != nil || !in.Page.CountExact {
		return result, err
	}
	total, err := s.store.Count(ctx, q)
	result.Total = &total
	return result, err
}

// page reads a page, by way of the cache where its members do not depend on
// the stock.
func (s *Service) page(ctx context.Context, q Query) (page.Page[catalog.Product], error) {
	if q.InStock {
		rows, err := s.store.List(ctx, q)
		if err != nil {
			return page.Page[catalog.Product]{}, err
		}
		cut := page.Cut(rows, q.Limit, CursorOf(q.Sort))
		result := page.Page[catalog.Product]{Next: cut.Next, Items: make([]catalog.Product, len(cut.Items))}
		for i, row := range cut.Items {
			result.Items[i] = row.Product
		}
		return result, nil
	}
	return s.cache.page(ctx, q)
}

// cacheKey is a text that is the same for equal queries only.
func (q Query) cacheKey() string {
	bound := func(n *int64) int64 {
		if n == nil {
			return -1
		}
		return *n
	}
	after := Place{}
	if q.After != nil {
		after = *q.After
	}
	return fmt.Sprintf("%q %q %d %d %s %d %q %d %g %s", q.Words, q.Category, bound(q.PriceMin), bound(q.PriceMax),
		q.Sort, q.Limit, after.Name, after.Price, after.Rank, after.ID)
}

// ParseQuery validates what is asked for. Errors: an invalid field, page.ErrCursor.
func ParseQuery(in catalog.ListProductsInput) (Query, error) {
	check := findings{prefix: "query."}
	if len([]rune(in.Query)) > maxQuery {
		check.add("q", "must be at most "+strconv.Itoa(maxQuery)+" characters")
	}
	if in.PriceMin != nil && *in.PriceMin < 0 {
		check.add("price_min", "must not be negative")
	}
	if in.PriceMax != nil && *in.PriceMax < 0 {
		check.add("price_max", "must not be negative")
	}
	if in.PriceMin != nil && in.PriceMax != nil && *in.PriceMin > *in.PriceMax {
		check.add("price_min", "must not be above price_max")
	}
	sort := in.Sort
	switch sort {
	case "":
		sort = catalog.SortNewest
		if in.Query != "" {
			sort = catalog.SortRelevance
		}
	case catalog.SortRelevance:
		if in.Query == "" {
			check.add("sort", "relevance needs a query q")
		}
	case catalog.SortNewest, catalog.SortOldest, catalog.SortName, catalog.SortNameDown, catalog.SortPrice, catalog.SortPriceDown:
	default:
		check.add("sort", "must be one of created_at, -created_at, name, -name, price, -price, relevance")
	}
	if err := check.err(); err != nil {
		return Query{}, err
	}
	q := Query{
		Words: words(in.Query), Category: in.Category, PriceMin: in.PriceMin, PriceMax: in.PriceMax,
		InStock: in.InStock, Sort: sort, Limit: in.Page.Size(),
	}
	if in.Page.Cursor == "" {
		return q, nil
	}
	var err error
	q.After, err = after(in.Page.Cursor, sort)
	return q, err
}

// words splits a query as both databases split the text that they index: at
// whatever is neither letter nor digit.
func words(text string) []string {
	found := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return found[:min(len(found), maxWords)]
}

// CursorOf tells a cursor for each row of an order.
func CursorOf(sort catalog.Sort) func(Listed) page.Cursor {
	return func(l Listed) page.Cursor {
		c := page.Cursor{Sort: string(sort), ID: l.Place.ID.String()}
		switch sort {
		case catalog.SortName, catalog.SortNameDown:
			c.Key = l.Place.Name
		case catalog.SortPrice, catalog.SortPriceDown:
			c.Key = strconv.FormatInt(l.Place.Price, 10)
		case catalog.SortRelevance:
			c.Key = strconv.FormatFloat(l.Place.Rank, 'g', -1, 64)
		case catalog.SortNewest, catalog.SortOldest:
		}
		return c
	}
}

// after reads a cursor that CursorOf made.
func after(cursor string, sort catalog.Sort) (*Place, error) {
	c, err := page.Decode(cursor, string(sort))
	if err != nil {
		return nil, err
	}
	p := Place{Name: c.Key}
	if p.ID.UnmarshalText([]byte(c.ID)) != nil {
		return nil, page.ErrCursor
	}
	switch sort {
	case catalog.SortPrice, catalog.SortPriceDown:
		p.Price, err = strconv.ParseInt(c.Key, 10, 64)
	case catalog.SortRelevance:
		p.Rank, err = strconv.ParseFloat(c.Key, 64)
	case catalog.SortName, catalog.SortNameDown, catalog.SortNewest, catalog.SortOldest:
	}
	if err != nil || p.Rank != p.Rank {
		return nil, page.ErrCursor
	}
	return &p, nil
}
