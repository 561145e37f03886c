package byhand

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the driver

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
)

// sqlite has one connection that writes and a pool that reads, all statements
// prepared. Ids are stored as 16 bytes, times as microseconds.
//
// Statements run on contexts that cannot end: the driver starts a goroutine for
// each statement on one that can, and none here is worth interrupting.
type sqlite struct {
	reads, writes *sql.DB
	st            statements
	writing       sync.Mutex
}

var _ store = (*sqlite)(nil)

func openSQLite(ctx context.Context, options yardstick.Options) (store, error) {
	s := &sqlite{}
	var err error
	if s.writes, err = sql.Open("sqlite", options.SQLiteDSN()); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if s.reads, err = sql.Open("sqlite", options.SQLiteDSN()); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), s.writes.Close())
	}
	s.writes.SetMaxOpenConns(1)
	s.reads.SetMaxOpenConns(options.Pool)
	s.reads.SetMaxIdleConns(options.Pool)
	if err = s.st.prepare(ctx, s.reads, s.writes); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *sqlite) close() error { return errors.Join(s.reads.Close(), s.writes.Close()) }

func fillSQLite(ctx context.Context, options yardstick.Options, products []dataset.Product) (err error) {
	db, err := sql.Open("sqlite", options.SQLiteDSN())
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err = db.ExecContext(ctx, yardstick.SQLiteSchema); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := insertProducts(ctx, tx, products); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func insertProducts(ctx context.Context, tx *sql.Tx, products []dataset.Product) (err error) {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO products (id, sku, name, description, price_amount,
		price_currency, stock, category, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	now := time.Now().UnixMicro()
	for _, p := range products {
		id, err := newID()
		if err != nil {
			return err
		}
		_, err = insert.ExecContext(ctx, id[:], p.SKU, p.Name, p.Description, p.Amount, dataset.Currency,
			dataset.Stock, p.Category, now, now)
		if err != nil {
			return fmt.Errorf("load a product: %w", err)
		}
	}
	return nil
}

func (s *sqlite) product(ctx context.Context, id uuid.UUID) (yardstick.Product, error) {
	var v yardstick.Product
	ctx = context.WithoutCancel(ctx)
	err := scanSQLiteProduct(s.st.product.QueryRowContext(ctx, id[:]), &v)
	if errors.Is(err, sql.ErrNoRows) {
		return v, errNotFound
	}
	if err != nil {
		return v, fmt.Errorf("read the product: %w", err)
	}
	return v, nil
}

func (s *sqlite) page(ctx context.Context, after uuid.UUID) ([]yardstick.Product, error) {
	return products(ctx, s.st.page, after[:], yardstick.PageSize)
}

func (s *sqlite) search(ctx context.Context, query string) ([]yardstick.Product, error) {
	return products(ctx, s.st.search, query, yardstick.PageSize)
}

func products(ctx context.Context, statement *sql.Stmt, args ...any) ([]yardstick.Product, error) {
	rows, err := statement.QueryContext(context.WithoutCancel(ctx), args...)
	if err != nil {
		return nil, fmt.Errorf("read the products: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is the one of rows.Err
	found := make([]yardstick.Product, 0, yardstick.PageSize)
	for rows.Next() {
		found = append(found, yardstick.Product{})
		if err := scanSQLiteProduct(rows, &found[len(found)-1]); err != nil {
			return nil, fmt.Errorf("read a product: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the products: %w", err)
	}
	return found, nil
}

func (s *sqlite) addToCart(
	ctx context.Context, user uuid.UUID, in yardstick.CartInput,
) (yardstick.CartItem, error) {
	item := yardstick.CartItem{ProductID: in.ProductID}
	id, err := newID()
	if err != nil {
		return item, err
	}
	now := time.Now().UnixMicro()
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.st.addToCart.QueryRowContext(context.WithoutCancel(ctx), id[:], user[:], in.ProductID[:], in.Quantity, now, now).
		Scan(&item.ID, &item.Quantity)
	if err != nil {
		return item, fmt.Errorf("put the product in the cart: %w", err)
	}
	return item, nil
}

func (s *sqlite) emptyCart(ctx context.Context, user uuid.UUID) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, err := s.st.emptyCart.ExecContext(context.WithoutCancel(ctx), user[:]); err != nil {
		return fmt.Errorf("empty the cart: %w", err)
	}
	return nil
}

func (s *sqlite) log(ctx context.Context, entries []yardstick.LogEntry) error {
	return s.inTx(ctx, func(ctx context.Context) error {
		for _, e := range entries {
			id, err := newID()
			if err != nil {
				return err
			}
			_, err = s.st.insertLog.ExecContext(ctx, id[:], e.UserID[:], e.Action, string(e.Data), e.At.UnixMicro())
			if err != nil {
				return fmt.Errorf("record an entry: %w", err)
			}
		}
		return nil
	})
}

// inTx keeps the one connection for the statements between begin and commit,
// which are prepared on it as all others are.
func (s *sqlite) inTx(ctx context.Context, do func(context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, err := s.st.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := do(ctx)
	if err == nil {
		if _, err = s.st.commit.ExecContext(ctx); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	_, rollbackErr := s.st.rollback.ExecContext(ctx)
	return errors.Join(err, rollbackErr)
}

func scanSQLiteProduct(row scanner, v *yardstick.Product) error {
	var created, updated int64
	err := row.Scan(&v.ID, &v.SKU, &v.Name, &v.Description, &v.Price.Amount, &v.Price.Currency, &v.Stock, &v.Category,
		(*[]byte)(&v.Attributes), (*[]byte)(&v.Images), &v.Version, &created, &updated)
	v.CreatedAt, v.UpdatedAt = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	return err
}
