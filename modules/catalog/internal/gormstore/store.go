package gormstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/outbox"
	"shop/platform/id"
)

// Store implements app.Store. Whatever changes a level writes the movement and
// the event of it as well.
type Store struct {
	db     *database.DB
	outbox *outbox.Outbox
}

var _ app.Store = (*Store)(nil)

// New makes a store over the module's own database and its outbox.
func New(db *database.DB, events *outbox.Outbox) *Store { return &Store{db, events} }

// InTx implements app.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context) error) error {
	return s.db.InTx(ctx, fn)
}

// insertBatch bounds the rows of one statement, so that its parameters stay
// below SQLite's limit of 32,766.
const insertBatch = 1000

// Insert implements app.Store.
func (s *Store) Insert(ctx context.Context, products []catalog.Product) error {
	if len(products) == 0 {
		return nil
	}
	rows := make([]product, len(products))
	levels := make([]level, len(products))
	var movements []movement
	var events []event.Event
	for i, p := range products {
		rows[i] = rowOf(p)
		levels[i] = level{ProductID: p.ID, Quantity: p.Stock}
		if p.Stock > 0 {
			movements = append(movements, movement{
				ID: id.NewStockMovement(), ProductID: p.ID, Delta: p.Stock, Reason: counted, At: p.CreatedAt,
			})
			events = append(events, catalog.StockChanged{
				ProductID: p.ID, Quantity: p.Stock, Delta: p.Stock, Reason: string(counted),
			})
		}
	}
	tx := s.db.Write(ctx)
	if err := tx.CreateInBatches(rows, insertBatch).Error; err != nil {
		return fmt.Errorf("insert products: %w", translate(err))
	}
	if err := tx.CreateInBatches(levels, insertBatch).Error; err != nil {
		return fmt.Errorf("insert stock levels: %w", err)
	}
	if len(movements) > 0 {
		if err := tx.CreateInBatches(movements, insertBatch).Error; err != nil {
			return fmt.Errorf("insert stock movements: %w", err)
		}
	}
	return s.outbox.Append(ctx, events...)
}

// Find implements app.Store.
func (s *Store) Find(ctx context.Context, ids []id.Product) ([]catalog.Product, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []stocked
	err := s.db.Read(ctx).Raw(
		`SELECT `+columns+` FROM products p JOIN stock_levels s ON s.product_id = p.id WHERE p.id IN ?`, ids,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find products: %w", err)
	}
	return values(rows), nil
}

// FindBySKU implements app.Store.
func (s *Store) FindBySKU(ctx context.Context, skus []string) ([]catalog.Product, error) {
	var rows []stocked
	err := s.db.Write(ctx).Raw(
		`SELECT `+columns+` FROM products p JOIN stock_levels s ON s.product_id = p.id
		  WHERE p.sku IN ? AND p.deleted_at IS NULL ORDER BY p.id`+s.forUpdate(), skus,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find products by sku: %w", err)
	}
	return values(rows), nil
}

// Lock implements app.Store.
func (s *Store) Lock(ctx context.Context, product id.Product) (catalog.Product, error) {
	var rows []stocked
	err := s.db.Write(ctx).Raw(
		`SELECT `+columns+` FROM products p JOIN stock_levels s ON s.product_id = p.id
		  WHERE p.id = ? AND p.deleted_at IS NULL`+s.forUpdate(), product,
	).Find(&rows).Error
	if err != nil {
		return catalog.Product{}, fmt.Errorf("lock product: %w", err)
	}
	if len(rows) == 0 {
		return catalog.Product{}, catalog.ErrProductNotFound
	}
	return rows[0].value(), nil
}

// forUpdate locks the rows of a query: SQLite's one writer holds the lock
// already. On PostgreSQL the lock lets others write movements of the product,
// which refer to it: who has its level and writes one would wait for who has the
// product and wants the level.
func (s *Store) forUpdate() string {
	if s.db.Dialect() == database.SQLite {
		return ""
	}
	return " FOR NO KEY UPDATE"
}

// Update implements app.Store.
func (s *Store) Update(ctx context.Context, p catalog.Product) error {
	row := rowOf(p)
	attributes, err := json.Marshal(row.Attributes)
	if err != nil {
		return fmt.Errorf("encode attributes: %w", err)
	}
	images, err := json.Marshal(row.Images)
	if err != nil {
		return fmt.Errorf("encode images: %w", err)
	}
	mark := ""
	if s.db.Dialect() == database.Postgres {
		mark = ", changed_in = pg_current_xact_id()"
	}
	err = s.db.Write(ctx).Exec(
		`UPDATE products SET sku = ?, name = ?, sort_name = ?, description = ?, price_minor = ?, currency = ?,
		   category = ?, attributes = ?, images = ?, version = ?, updated_at = ?, deleted_at = ?`+mark+` WHERE id = ?`,
		row.SKU, row.Name, row.SortName, row.Description, row.PriceMinor, row.Currency,
		row.Category, string(attributes), string(images), row.Version, row.UpdatedAt, row.DeletedAt, row.ID,
	).Error
	if err != nil {
		return fmt.Errorf("update product: %w", translate(err))
	}
	return nil
}

// Categories implements app.Store.
func (s *Store) Categories(ctx context.Context) ([]catalog.Category, error) {
	categories := []catalog.Category{}
	err := s.db.Read(ctx).Raw(
		`SELECT category AS name, count(*) AS count FROM products
		  WHERE deleted_at IS NULL AND category <> '' GROUP BY category ORDER BY category`,
	).Scan(&categories).Error
	if err != nil {
		return nil, fmt.Errorf("count categories: %w", err)
	}
	return categories, nil
}

// translate makes the face's error of a duplicate.
func translate(err error) error {
	var duplicate *database.DuplicateError
	if errors.As(err, &duplicate) && duplicate.Constraint == "products_sku_key" {
		return catalog.ErrSKUTaken.WithCause(err)
	}
	return err
}

// sortName is what products are ordered by when they are ordered by name.
func sortName(name string) string { return strings.ToLower(name) }
