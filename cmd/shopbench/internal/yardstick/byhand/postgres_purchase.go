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

// sell sends all statements in one round trip, but for the e-mail, which says the
// number.
func sell(ctx context.Context, tx pgx.Tx, user, invoice uuid.UUID, lines []line) error {
	var batch pgx.Batch
	now := time.Now().UTC()
	ids, err := newIDs(2*len(lines) + 3)
	if err != nil {
		return err
	}
	for i, l := range lines {
		batch.Queue(`UPDATE products SET stock = stock - $2, version = version + 1, updated_at = $3
			WHERE id = $1 AND stock >= $2`, l.productID, l.quantity, now).
			Exec(func(tag pgconn.CommandTag) error {
				if tag.RowsAffected() != 1 {
					return errConflict
				}
				return nil
			})
		batch.Queue(`INSERT INTO stock_movements (id, product_id, delta, invoice_id, at) VALUES ($1, $2, $3, $4, $5)`,
			ids[2*i], l.productID, -l.quantity, invoice, now)
	}
	amount := yardstick.Money{Amount: total(lines), Currency: lines[0].currency}
	batch.Queue(`DELETE FROM cart_items WHERE user_id = $1`, user)
	queueEntry(&batch, ids[len(ids)-1], user, "checked_out", invoice, now)
	var number int64
	batch.Queue(`WITH next AS (UPDATE document_series SET last = last + 1 WHERE series = 'invoices' RETURNING last)
		INSERT INTO invoices (id, user_id, number, status, total, currency, created_at, updated_at)
		SELECT $1, $2, next.last, 'open', $3, $4, $5, $5 FROM next RETURNING number`,
		invoice, user, amount.Amount, amount.Currency, now).
		QueryRow(func(row pgx.Row) error { return row.Scan(&number) })
	for i, l := range lines {
		batch.Queue(`INSERT INTO invoice_lines (id, invoice_id, product_id, description, quantity, unit_price)
			VALUES ($1, $2, $3, $4, $5, $6)`, ids[2*i+1], invoice, l.productID, l.description, l.quantity, l.unitPrice)
	}
	batch.Queue(`INSERT INTO money_movements (id, invoice_id, receivable, cash, at) VALUES ($1, $2, $3, 0, $4)`,
		ids[len(ids)-2], invoice, amount.Amount, now)
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("write the invoice: %w", err)
	}
	text, html := yardstick.Letter("Invoice", number, amount)
	if _, err := tx.Exec(ctx, insertEmail, ids[len(ids)-3], user, "Invoice", text, html, now); err != nil {
		return fmt.Errorf("write the e-mail: %w", err)
	}
	return nil
}

const insertEmail = `INSERT INTO emails (id, user_id, subject, text_body, html_body, status, created_at)
	VALUES ($1, $2, $3, $4, $5, 'queued', $6)`

// queueEntry records an action and counts it.
func queueEntry(batch *pgx.Batch, id, user uuid.UUID, action string, invoice uuid.UUID, now time.Time) {
	batch.Queue(`INSERT INTO log_entries (id, user_id, action, data, at)
		VALUES ($1, $2, $3, jsonb_build_object('invoice_id', $4::uuid), $5)`, id, user, action, invoice, now)
	batch.Queue(`INSERT INTO log_hours (hour, action, entries) VALUES ($1, $2, 1)
		ON CONFLICT (hour, action) DO UPDATE SET entries = log_hours.entries + 1`, now.Truncate(time.Hour), action)
}

func (p postgres) pay(ctx context.Context, invoice uuid.UUID, method string) (yardstick.Invoice, error) {
	v := yardstick.Invoice{ID: invoice, Status: "paid"}
	ids, err := newIDs(6)
	if err != nil {
		return v, err
	}
	now := time.Now().UTC()
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		var user uuid.UUID
		var number int64
		err := tx.QueryRow(ctx, `UPDATE invoices SET status = 'paid', version = version + 1, updated_at = $2
			WHERE id = $1 AND status = 'open' RETURNING total, currency, user_id, number`, invoice, now).
			Scan(&v.Total.Amount, &v.Total.Currency, &user, &number)
		if errors.Is(err, pgx.ErrNoRows) {
			return errConflict
		}
		if err != nil {
			return fmt.Errorf("mark the invoice: %w", err)
		}
		var batch pgx.Batch
		batch.Queue(`INSERT INTO payments (id, invoice_id, method, amount, currency, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`, ids[0], invoice, method, v.Total.Amount, v.Total.Currency, now)
		batch.Queue(`INSERT INTO charges (id, invoice_id, amount, currency, outcome, created_at)
			VALUES ($1, $2, $3, $4, 'succeeded', $5)`, ids[1], invoice, v.Total.Amount, v.Total.Currency, now)
		batch.Queue(`INSERT INTO money_movements (id, invoice_id, receivable, cash, at) VALUES ($1, $2, $3, $4, $5)`,
			ids[2], invoice, -v.Total.Amount, v.Total.Amount, now)
		batch.Queue(`INSERT INTO orders (id, invoice_id, user_id, state, lines, total, currency, created_at)
			SELECT $1, $2, $3, 'paid', jsonb_agg(jsonb_build_object('product_id', product_id, 'description', description,
			  'quantity', quantity)), $4, $5, $6 FROM invoice_lines WHERE invoice_id = $2`,
			ids[3], invoice, user, v.Total.Amount, v.Total.Currency, now)
		text, html := yardstick.Letter("Receipt", number, v.Total)
		batch.Queue(insertEmail, ids[4], user, "Receipt", text, html, now)
		queueEntry(&batch, ids[5], user, "paid", invoice, now)
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return fmt.Errorf("record the payment: %w", err)
		}
		return nil
	})
	return v, err
}
