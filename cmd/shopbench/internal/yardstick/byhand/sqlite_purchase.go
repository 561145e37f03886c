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
	now := time.Now().UnixMicro()
	_, err := s.st.insertInvoice.ExecContext(ctx, invoice[:], user[:], total(lines), lines[0].currency, now)
	if err != nil {
		return fmt.Errorf("write the invoice: %w", err)
	}
	for _, l := range lines {
		taken, err := s.st.takeStock.ExecContext(ctx, l.productID[:], l.quantity, now)
		if err != nil {
			return fmt.Errorf("take from the stock: %w", err)
		}
		if n, countErr := taken.RowsAffected(); countErr != nil || n != 1 {
			return errors.Join(errConflict, countErr)
		}
		id, err := newID()
		if err != nil {
			return err
		}
		_, err = s.st.insertLine.ExecContext(ctx, id[:], invoice[:], l.productID[:], l.description, l.quantity, l.unitPrice)
		if err != nil {
			return fmt.Errorf("write a line: %w", err)
		}
	}
	if _, err := s.st.emptyCart.ExecContext(ctx, user[:]); err != nil {
		return fmt.Errorf("empty the cart: %w", err)
	}
	return nil
}

func (s *sqlite) pay(ctx context.Context, invoice uuid.UUID, method string) (yardstick.Invoice, error) {
	v := yardstick.Invoice{ID: invoice, Status: "paid"}
	id, err := newID()
	if err != nil {
		return v, err
	}
	now := time.Now().UnixMicro()
	err = s.inTx(ctx, func(ctx context.Context) error {
		err = s.st.markPaid.QueryRowContext(ctx, invoice[:], now).
			Scan(&v.Total.Amount, &v.Total.Currency)
		if errors.Is(err, sql.ErrNoRows) {
			return errConflict
		}
		if err != nil {
			return fmt.Errorf("mark the invoice: %w", err)
		}
		_, err = s.st.insertPayment.
			ExecContext(ctx, id[:], invoice[:], method, v.Total.Amount, v.Total.Currency, now)
		if err != nil {
			return fmt.Errorf("record the payment: %w", err)
		}
		return nil
	})
	return v, err
}
