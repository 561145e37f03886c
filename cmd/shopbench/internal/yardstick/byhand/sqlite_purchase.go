package byhand

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"shop/cmd/shopbench/internal/yardstick"
)

func (s *sqlite) checkOut(ctx context.Context, user uuid.UUID) (uuid.UUID, error) {
	invoice, err := newID()
	if err != nil {
		return uuid.Nil, err
	}
	err = s.inTx(ctx, func(ctx context.Context) error {
		lines, readErr := s.cartLines(ctx, user)
		if readErr != nil {
			return readErr
		}
		if len(lines) == 0 {
			return errConflict
		}
		return s.sell(ctx, user, invoice, lines)
	})
	return invoice, err
}

func (s *sqlite) cartLines(ctx context.Context, user uuid.UUID) ([]line, error) {
	rows, err := s.st.cart.QueryContext(ctx, user[:])
	if err != nil {
		return nil, fmt.Errorf("read the cart: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is the one of rows.Err
	var lines []line
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.productID, &l.description, &l.quantity, &l.unitPrice, &l.currency); err != nil {
			return nil, fmt.Errorf("read a line of the cart: %w", err)
		}
		lines = append(lines, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the cart: %w", err)
	}
	return lines, nil
}

func (s *sqlite) sell(ctx context.Context, user, invoice uuid.UUID, lines []line) error {
	now := time.Now()
	ids, err := newIDs(2*len(lines) + 3)
	if err != nil {
		return err
	}
	var number int64
	if err := s.st.nextNumber.QueryRowContext(ctx).Scan(&number); err != nil {
		return fmt.Errorf("take a number: %w", err)
	}
	amount := yardstick.Money{Amount: total(lines), Currency: lines[0].currency}
	at := now.UnixMicro()
	write := writer{ctx: ctx}
	write.row(s.st.insertInvoice, invoice[:], user[:], number, amount.Amount, amount.Currency, at)
	for i, l := range lines {
		if write.row(s.st.takeStock, l.productID[:], l.quantity, at) != 1 && write.err == nil {
			return errConflict
		}
		write.row(s.st.moveStock, ids[2*i][:], l.productID[:], -l.quantity, invoice[:], at)
		write.row(s.st.insertLine, ids[2*i+1][:], invoice[:], l.productID[:], l.description, l.quantity, l.unitPrice)
	}
	write.row(s.st.moveMoney, ids[len(ids)-2][:], invoice[:], amount.Amount, 0, at)
	text, html := yardstick.Letter("Invoice", number, amount)
	write.row(s.st.insertEmail, ids[len(ids)-3][:], user[:], "Invoice", text, html, at)
	s.enter(&write, ids[len(ids)-1], user, "checked_out", invoice, now)
	write.row(s.st.emptyCart, user[:])
	return write.err
}

// writer runs statements until one fails.
type writer struct {
	ctx context.Context //nolint:containedctx // of one transaction
	err error
}

// row runs a statement and returns how many rows it has changed.
func (w *writer) row(statement *sql.Stmt, args ...any) (changed int64) {
	if w.err != nil {
		return 0
	}
	done, err := statement.ExecContext(w.ctx, args...)
	if err == nil {
		changed, err = done.RowsAffected()
	}
	if err != nil {
		w.err = fmt.Errorf("write a row of a purchase: %w", err)
	}
	return changed
}

// enter records an action and counts it.
func (s *sqlite) enter(write *writer, id, user uuid.UUID, action string, invoice uuid.UUID, now time.Time) {
	write.row(s.st.insertLog, id[:], user[:], action, `{"invoice_id":"`+invoice.String()+`"}`, now.UnixMicro())
	write.row(s.st.countEntry, now.Truncate(time.Hour).UnixMicro(), action)
}

func (s *sqlite) pay(ctx context.Context, invoice uuid.UUID, method string) (yardstick.Invoice, error) {
	v := yardstick.Invoice{ID: invoice, Status: "paid"}
	ids, err := newIDs(6)
	if err != nil {
		return v, err
	}
	now := time.Now()
	err = s.inTx(ctx, func(ctx context.Context) error {
		at := now.UnixMicro()
		var user uuid.UUID
		var number int64
		err := s.st.markPaid.QueryRowContext(ctx, invoice[:], at).Scan(&v.Total.Amount, &v.Total.Currency, &user, &number)
		if errors.Is(err, sql.ErrNoRows) {
			return errConflict
		}
		if err != nil {
			return fmt.Errorf("mark the invoice: %w", err)
		}
		write := writer{ctx: ctx}
		write.row(s.st.insertPayment, ids[0][:], invoice[:], method, v.Total.Amount, v.Total.Currency, at)
		write.row(s.st.insertCharge, ids[1][:], invoice[:], v.Total.Amount, v.Total.Currency, at)
		write.row(s.st.moveMoney, ids[2][:], invoice[:], -v.Total.Amount, v.Total.Amount, at)
		write.row(s.st.insertOrder, ids[3][:], invoice[:], user[:], v.Total.Amount, v.Total.Currency, at)
		text, html := yardstick.Letter("Receipt", number, v.Total)
		write.row(s.st.insertEmail, ids[4][:], user[:], "Receipt", text, html, at)
		s.enter(&write, ids[5], user, "paid", invoice, now)
		return write.err
	})
	return v, err
}
