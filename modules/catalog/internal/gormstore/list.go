package gormstore

import (
	"context"
	"fmt"
	"strings"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/database"
)

// statement is a query while it is put together.
type statement struct {
	where []string
	args  []any
}

func (b *statement) and(condition string, args ...any) {
	b.where = append(b.where, condition)
	b.args = append(b.args, args...)
}

// List implements app.Store: keyset paging, so that a deep page costs what the
// first one does.
func (s *Store) List(ctx context.Context, q app.Query) ([]app.Listed, error) {
	sql, args := s.listSQL(q)
	var rows []stocked
	if err := s.db.Read(ctx).Raw(sql, args...).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	listed := make([]app.Listed, len(rows))
	for i, row := range rows {
		listed[i] = app.Listed{
			Product: row.value(),
			Place:   app.Place{Name: row.Row.SortName, Price: row.Row.PriceMinor, Rank: row.Rank, ID: row.Row.ID},
		}
	}
	return listed, nil
}

func (s *Store) listSQL(q app.Query) (string, []any) {
	b := s.filter(q)
	from, rank := s.source(q)
	if q.After != nil {
		s.after(b, q)
	}
	sql := `SELECT ` + columns + rank + ` FROM ` + from + ` JOIN stock_levels s ON s.product_id = p.id
	  WHERE ` + strings.Join(b.where, " AND ") + ` ORDER BY ` + order(q.Sort) + ` LIMIT ?`
	return sql, append(b.args, q.Limit+1)
}

// Count implements app.Store.
func (s *Store) Count(ctx context.Context, q app.Query) (int64, error) {
	b := s.filter(q)
	from, _ := s.source(q)
	if q.InStock {
		from += ` JOIN stock_levels s ON s.product_id = p.id`
	}
	var total int64
	err := s.db.Read(ctx).Raw(`SELECT count(*) FROM `+from+` WHERE `+strings.Join(b.where, " AND "), b.args...).Scan(&total).Error
	if err != nil {
		return 0, fmt.Errorf("count products: %w", err)
	}
	return total, nil
}

// filter is what a product must be to be listed. The first condition, if there
// are words, belongs to the source of the rows.
func (s *Store) filter(q app.Query) *statement {
	b := &statement{}
	if len(q.Words) > 0 {
		if s.db.Dialect() == database.Postgres {
			b.and(`p.search @@ to_tsquery('simple', ?)`, prefixQuery(q.Words, "'", "':*", " & "))
		} else {
			b.and(`f.products_search MATCH ?`, prefixQuery(q.Words, `"`, `"*`, " "))
		}
	}
	b.and(`p.deleted_at IS NULL`)
	if q.Category != "" {
		b.and(`p.category = ?`, q.Category)
	}
	if q.PriceMin != nil {
		b.and(`p.price_minor >= ?`, *q.PriceMin)
	}
	if q.PriceMax != nil {
		b.and(`p.price_minor <= ?`, *q.PriceMax)
	}
	if q.InStock {
		b.and(`s.quantity > 0`)
	}
	return b
}

// prefixQuery asks for all words, each as the beginning of one. Words hold
// letters and digits only, so that nothing needs escaping.
func prefixQuery(words []string, open, end, join string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = open + word + end
	}
	return strings.Join(quoted, join)
}

// source is where the rows come from, and the column that ranks them.
func (s *Store) source(q app.Query) (from, rank string) {
	if len(q.Words) == 0 {
		return `products p`, ``
	}
	if s.db.Dialect() == database.Postgres {
		return `products p`, `, ` + s.rank(q) + ` AS rank`
	}
	return `products_search f JOIN products p ON p.rowid = f.rowid`, `, ` + s.rank(q) + ` AS rank`
}

// rank is how well a product fits, higher is better. The weights favour name
// and SKU, then the category, then the description.
func (s *Store) rank(q app.Query) string {
	if s.db.Dialect() == database.SQLite {
		return `-bm25(products_search, 10.0, 10.0, 4.0, 1.0)`
	}
	// Words hold letters and digits only: the literal cannot end early.
	query := strings.ReplaceAll(prefixQuery(q.Words, "'", "':*", " & "), "'", "''")
	return `ts_rank('{0, 0.1, 0.4, 1.0}', p.search, to_tsquery('simple', '` + query + `'))::float8`
}

// after continues behind the place where the page before ended.
func (s *Store) after(b *statement, q app.Query) {
	at := q.After
	switch q.Sort {
	case catalog.SortOldest:
		b.and(`p.id > ?`, at.ID)
	case catalog.SortName:
		b.and(`(p.sort_name, p.id) > (?, ?)`, at.Name, at.ID)
	case catalog.SortNameDown:
		b.and(`(p.sort_name, p.id) < (?, ?)`, at.Name, at.ID)
	case catalog.SortPrice:
		b.and(`(p.price_minor, p.id) > (?, ?)`, at.Price, at.ID)
	case catalog.SortPriceDown:
		b.and(`(p.price_minor, p.id) < (?, ?)`, at.Price, at.ID)
	case catalog.SortRelevance:
		b.and(`(`+s.rank(q)+`, p.id) < (?, ?)`, at.Rank, at.ID)
	case catalog.SortNewest:
		b.and(`p.id < ?`, at.ID)
	}
}

func order(sort catalog.Sort) string {
	switch sort {
	case catalog.SortOldest:
		return `p.id`
	case catalog.SortName:
		return `p.sort_name, p.id`
	case catalog.SortNameDown:
		return `p.sort_name DESC, p.id DESC`
	case catalog.SortPrice:
		return `p.price_minor, p.id`
	case catalog.SortPriceDown:
		return `p.price_minor DESC, p.id DESC`
	case catalog.SortRelevance:
		return `rank DESC, p.id DESC`
	case catalog.SortNewest:
	}
	return `p.id DESC`
}
