package byhand

import (
	"context"
	"database/sql"
	"fmt"
)

// statements are prepared once, on the pool that runs them.
type statements struct {
	// reads
	product, page, search *sql.Stmt
	// writes, on the one connection
	begin, commit, rollback                    *sql.Stmt
	addToCart, emptyCart, insertLog            *sql.Stmt
	cart, takeStock, insertInvoice, insertLine *sql.Stmt
	markPaid, insertPayment, insertCharge      *sql.Stmt
	nextNumber, moveStock, moveMoney           *sql.Stmt
	insertOrder, insertEmail, countEntry       *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, reads, writes *sql.DB) error {
	for _, p := range []struct {
		into **sql.Stmt
		on   *sql.DB
		text string
	}{
		{&s.product, reads, `SELECT ` + productColumns + ` FROM products WHERE id = ?`},
		{&s.page, reads, `SELECT ` + productColumns + ` FROM products WHERE id > ? ORDER BY id LIMIT ?`},
		{&s.search, reads, `SELECT ` + productColumns + ` FROM (
				SELECT rowid AS found, rank FROM products_search WHERE products_search MATCH ? ORDER BY rank LIMIT ?
			) JOIN products ON products.rowid = found ORDER BY rank`},
		{&s.begin, writes, `BEGIN IMMEDIATE`},
		{&s.commit, writes, `COMMIT`},
		{&s.rollback, writes, `ROLLBACK`},
		{&s.addToCart, writes, `INSERT INTO cart_items (id, user_id, product_id, quantity, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = quantity + excluded.quantity,
				version = version + 1, updated_at = excluded.updated_at
			RETURNING id, quantity`},
		{&s.emptyCart, writes, `DELETE FROM cart_items WHERE user_id = ?`},
		{&s.insertLog, writes, `INSERT INTO log_entries (id, user_id, action, data, at) VALUES (?, ?, ?, ?, ?)`},
		{&s.cart, writes, `SELECT i.product_id, p.name, i.quantity, p.price_amount, p.price_currency
			FROM cart_items i JOIN products p ON p.id = i.product_id WHERE i.user_id = ? ORDER BY i.product_id`},
		{&s.takeStock, writes, `UPDATE products SET stock = stock - ?2, version = version + 1, updated_at = ?3
			WHERE id = ?1 AND stock >= ?2`},
		{&s.moveStock, writes, `INSERT INTO stock_movements (id, product_id, delta, invoice_id, at) VALUES (?, ?, ?, ?, ?)`},
		{&s.nextNumber, writes, `UPDATE document_series SET last = last + 1 WHERE series = 'invoices' RETURNING last`},
		{&s.insertInvoice, writes, `INSERT INTO invoices (id, user_id, number, status, total, currency, created_at, updated_at)
			VALUES (?1, ?2, ?3, 'open', ?4, ?5, ?6, ?6)`},
		{&s.insertLine, writes, `INSERT INTO invoice_lines (id, invoice_id, product_id, description, quantity, unit_price)
			VALUES (?, ?, ?, ?, ?, ?)`},
		{&s.markPaid, writes, `UPDATE invoices SET status = 'paid', version = version + 1, updated_at = ?2
			WHERE id = ?1 AND status = 'open' RETURNING total, currency, user_id, number`},
		{&s.insertPayment, writes, `INSERT INTO payments (id, invoice_id, method, amount, currency, created_at)
			VALUES (?, ?, ?, ?, ?, ?)`},
		{&s.insertCharge, writes, `INSERT INTO charges (id, invoice_id, amount, currency, outcome, created_at)
			VALUES (?, ?, ?, ?, 'succeeded', ?)`},
		{&s.moveMoney, writes, `INSERT INTO money_movements (id, invoice_id, receivable, cash, at) VALUES (?, ?, ?, ?, ?)`},
		{&s.insertOrder, writes, `INSERT INTO orders (id, invoice_id, user_id, state, lines, total, currency, created_at)
			SELECT ?1, ?2, ?3, 'paid', json_group_array(json_object('product_id', hex(product_id), 'description', description,
			  'quantity', quantity)), ?4, ?5, ?6 FROM invoice_lines WHERE invoice_id = ?2`},
		{&s.insertEmail, writes, `INSERT INTO emails (id, user_id, subject, text_body, html_body, status, created_at)
			VALUES (?, ?, ?, ?, ?, 'queued', ?)`},
		{&s.countEntry, writes, `INSERT INTO log_hours (hour, action, entries) VALUES (?, ?, 1)
			ON CONFLICT (hour, action) DO UPDATE SET entries = entries + 1`},
	} {
		statement, err := p.on.PrepareContext(ctx, p.text) //nolint:sqlclosecheck // closed with its pool
		if err != nil {
			return fmt.Errorf("prepare %q: %w", p.text, err)
		}
		*p.into = statement
	}
	return nil
}
