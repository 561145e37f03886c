package byhand

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"shop/cmd/shopbench/internal/yardstick"
)

// line is one line of a purchase: what is in the cart, at the product's price.
type line struct {
	productID   uuid.UUID
	description string
	quantity    int64
	unitPrice   int64
	currency    string
}

func total(lines []line) (amount int64) {
	for _, l := range lines {
		amount += l.unitPrice * l.quantity
	}
	return amount
}

func (p postgres) checkOut(ctx context.Context, user uuid.UUID) (uuid.UUID, error) {
	invoice, err := newID()
	if err != nil {
		return uuid.Nil, err
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		lines, readErr := lockCart(ctx, tx, user)
		if readErr != nil {
			return readErr
		}
		if len(lines) == 0 {
			return errConflict
		}
		return sell(ctx, tx, user, invoice, lines)
	})
	return invoice, err
}

// lockCart returns the lines in the order of the products, so that two
// checkouts take the locks on the stock in the same order.
func lockCart(ctx context.Context, tx pgx.Tx, user uuid.UUID) ([]line, error) {
	rows, err := tx.Query(ctx, `SELECT i.product_id, p.name, i.quantity, p.price_amount, p.price_currency
		FROM cart_items i JOIN products p ON p.id = i.product_id
		WHERE i.user_id = $1 ORDER BY i.product_id FOR UPDATE OF i`, user)
	if err != nil {
		return nil, fmt.Errorf("read the cart: %w", err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l line, err error) {
		err = row.Scan(&l.productID, &l.description, &l.quantity, &l.unitPrice, &l.currency)
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the cart: %w", err)
	}
	return lines, nil
}

// sell sends all statements in one round trip.
func sell(ctx context.Context, tx pgx.Tx, user, invoice uuid.UUID, lines []line) error {
	var batch pgx.Batch
	now := time.Now().UTC()
	for _, l := range lines {
		batch.Queue(`UPDATE products SET stock = stock - $2, version = version + 1, updated_at = $3
			WHERE id = $1 AND stock >= $2`, l.productID, l.quantity, now).
			Exec(func(tag pgconn.CommandTag) error {
				if tag.RowsAffected() != 1 {
					return errConflict
				}
				return nil
			})
	}
	batch.Queue(`INSERT INTO invoices (id, user_id, status, total, currency, created_at, updated_at)
		VALUES ($1, $2, 'open', $3, $4, $5, $5)`, invoice, user, total(lines), lines[0].currency, now)
	for _, l := range lines {
		id, err := newID()
		if err != nil {
			return err
		}
		batch.Queue(`INSERT INTO invoice_lines (id, invoice_id, product_id, description, quantity, unit_price)
			VALUES ($1, $2, $3, $4, $5, $6)`, id, invoice, l.productID, l.description, l.quantity, l.unitPrice)
	}
	batch.Queue(`DELETE FROM cart_items WHERE user_id = $1`, user)
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("write the invoice: %w", err)
	}
	return nil
}

func (p postgres) pay(ctx context.Context, invoice uuid.UUID, method string) (yardstick.Invoice, error) {
	v := yardstick.Invoice{ID: invoice, Status: "paid"}
	id, err := newID()
	if err != nil {
		return v, err
	}
	now := time.Now().UTC()
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		err = tx.QueryRow(ctx, `UPDATE invoices SET status = 'paid', version = version + 1, updated_at = $2
			WHERE id = $1 AND status = 'open' RETURNING total, currency`, invoice, now).
			Scan(&v.Total.Amount, &v.Total.Currency)
		if errors.Is(err, pgx.ErrNoRows) {
			return errConflict
		}
		if err != nil {
			return fmt.Errorf("mark the invoice: %w", err)
		}
		_, err = tx.Exec(ctx, `INSERT INTO payments (id, invoice_id, method, amount, currency, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`, id, invoice, method, v.Total.Amount, v.Total.Currency, now)
		if err != nil {
			return fmt.Errorf("record the payment: %w", err)
		}
		return nil
	})
	return v, err
}
