package byhand

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
)

const productColumns = `id, sku, name, description, price_amount, price_currency, stock, category,
	attributes, images, version, created_at, updated_at`

type postgres struct{ pool *pgxpool.Pool }

var _ store = postgres{}

func openPostgres(ctx context.Context, options yardstick.Options) (store, error) {
	config, err := pgxpool.ParseConfig(options.Database)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	config.MaxConns, config.MinConns = int32(options.Pool), int32(options.Pool)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the pool: %w", err)
	}
	return postgres{pool: pool}, nil
}

func (p postgres) close() error {
	p.pool.Close()
	return nil
}

func fillPostgres(ctx context.Context, options yardstick.Options, products []dataset.Product) (err error) {
	db, err := pgx.Connect(ctx, options.Database)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	if _, err = db.Exec(ctx, yardstick.PostgresSchema); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	now := time.Now().UTC()
	columns := []string{
		"id", "sku", "name", "description", "price_amount", "price_currency", "stock", "category", "created_at", "updated_at",
	}
	_, err = db.CopyFrom(ctx, pgx.Identifier{"products"}, columns,
		pgx.CopyFromSlice(len(products), func(i int) ([]any, error) {
			id, idErr := newID()
			v := products[i]
			return []any{
				id, v.SKU, v.Name, v.Description, v.Amount, dataset.Currency, int64(dataset.Stock), v.Category, now, now,
			}, idErr
		}))
	if err != nil {
		return fmt.Errorf("load the products: %w", err)
	}
	return nil
}

func (p postgres) product(ctx context.Context, id uuid.UUID) (yardstick.Product, error) {
	var v yardstick.Product
	row := p.pool.QueryRow(ctx, `SELECT `+productColumns+` FROM products WHERE id = $1`, id)
	if err := scanProduct(row, &v); errors.Is(err, pgx.ErrNoRows) {
		return v, errNotFound
	} else if err != nil {
		return v, fmt.Errorf("read the product: %w", err)
	}
	return v, nil
}

func (p postgres) page(ctx context.Context, after uuid.UUID) ([]yardstick.Product, error) {
	return p.products(ctx, `SELECT `+productColumns+` FROM products WHERE id > $1 ORDER BY id LIMIT $2`,
		after, yardstick.PageSize)
}

func (p postgres) search(ctx context.Context, query string) ([]yardstick.Product, error) {
	return p.products(ctx, `SELECT `+productColumns+` FROM products
		WHERE search @@ websearch_to_tsquery('simple', $1)
		ORDER BY ts_rank(search, websearch_to_tsquery('simple', $1)) DESC, id LIMIT $2`, query, yardstick.PageSize)
}

func (p postgres) products(ctx context.Context, statement string, args ...any) ([]yardstick.Product, error) {
	rows, err := p.pool.Query(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("read the products: %w", err)
	}
	defer rows.Close()
	products := make([]yardstick.Product, 0, yardstick.PageSize)
	for rows.Next() {
		products = append(products, yardstick.Product{})
		if err := scanProduct(rows, &products[len(products)-1]); err != nil {
			return nil, fmt.Errorf("read a product: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the products: %w", err)
	}
	return products, nil
}

func (p postgres) addToCart(
	ctx context.Context, user uuid.UUID, in yardstick.CartInput,
) (yardstick.CartItem, error) {
	id, err := newID()
	if err != nil {
		return yardstick.CartItem{}, err
	}
	item := yardstick.CartItem{ProductID: in.ProductID}
	err = p.pool.QueryRow(ctx, `INSERT INTO cart_items (id, user_id, product_id, quantity, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = cart_items.quantity + excluded.quantity,
			version = cart_items.version + 1, updated_at = excluded.updated_at
		RETURNING id, quantity`,
		id, user, in.ProductID, in.Quantity, time.Now().UTC()).Scan(&item.ID, &item.Quantity)
	if err != nil {
		return item, fmt.Errorf("put the product in the cart: %w", err)
	}
	return item, nil
}

func (p postgres) emptyCart(ctx context.Context, user uuid.UUID) error {
	if _, err := p.pool.Exec(ctx, `DELETE FROM cart_items WHERE user_id = $1`, user); err != nil {
		return fmt.Errorf("empty the cart: %w", err)
	}
	return nil
}

func (p postgres) log(ctx context.Context, entries []yardstick.LogEntry) error {
	if len(entries) == 1 {
		id, err := newID()
		if err != nil {
			return err
		}
		e := entries[0]
		_, err = p.pool.Exec(ctx, `INSERT INTO log_entries (id, user_id, action, data, at) VALUES ($1, $2, $3, $4, $5)`,
			id, e.UserID, e.Action, e.Data, e.At.UTC())
		if err != nil {
			return fmt.Errorf("record the entry: %w", err)
		}
		return nil
	}
	_, err := p.pool.CopyFrom(ctx, pgx.Identifier{"log_entries"}, []string{"id", "user_id", "action", "data", "at"},
		pgx.CopyFromSlice(len(entries), func(i int) ([]any, error) {
			id, err := newID()
			e := entries[i]
			return []any{id, e.UserID, e.Action, e.Data, e.At.UTC()}, err
		}))
	if err != nil {
		return fmt.Errorf("record the entries: %w", err)
	}
	return nil
}

// scanner is a row of either driver.
type scanner interface{ Scan(into ...any) error }

func scanProduct(row scanner, v *yardstick.Product) error {
	return row.Scan(&v.ID, &v.SKU, &v.Name, &v.Description, &v.Price.Amount, &v.Price.Currency, &v.Stock, &v.Category,
		&v.Attributes, &v.Images, &v.Version, &v.CreatedAt, &v.UpdatedAt)
}
