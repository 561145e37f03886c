package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/money"
)

// Payment and invoice change together, each only from the states that the
// statement names, so that of several who try at once one succeeds. PostgreSQL
// does all of it in one statement; SQLite, which has no such statement and no
// round trip to save, in several. The triggers of the tables refuse what is forbidden
// even so.

const reserveInvoice = `UPDATE invoices SET status = 'paying', version = version + 1, updated_at = ?
  WHERE id = ? AND status = 'open'`

const insertPayment = `INSERT INTO payments
  (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at) `

// reserved is what a payment needs to know of the invoice that it has reserved.
type reserved struct {
	UserID    id.User
	Total     int64
	Currency  money.Currency
	Reference string
	Series    *string
	Number    *int64
}

// reservedColumns are those of reserved.
const reservedColumns = `user_id, total, currency, reference, series, number`

// Begin implements app.Store.
func (s *Store) Begin(ctx context.Context, a app.Attempt, owner id.User, guard *sqlstore.Guard) (app.Attempt, bool, error) {
	reserve := database.SQL(reserveInvoice, a.CreatedAt, a.InvoiceID)
	if !owner.IsZero() {
		reserve.SQL, reserve.Args = reserve.SQL+` AND user_id = ?`, append(reserve.Args, owner)
	}
	begin := s.beginSQLite
	if s.db.Dialect() == database.Postgres {
		begin = s.beginPostgres
	}
	rows, err := begin(ctx, a, reserve, guard)
	if err != nil {
		return a, false, fmt.Errorf("begin payment: %w", err)
	}
	if len(rows) == 0 {
		return a, false, nil
	}
	r := rows[0]
	a.UserID, a.Amount, a.Reference, a.Number = r.UserID, money.Of(r.Total, r.Currency), r.Reference, number(r.Series, r.Number)
	return a, true, nil
}

func (s *Store) beginPostgres(
	ctx context.Context, a app.Attempt, reserve database.Part, guard *sqlstore.Guard,
) (rows []reserved, err error) {
	var turn, free, record database.Part
	if guard != nil {
		turn, record = guard.Turn(), guard.Record("reserved")
		turn.SQL, record.SQL = `turn AS MATERIALIZED (`+turn.SQL+`), `, `, record AS (`+record.SQL+`)`
		free = database.SQL(` AND (SELECT turn.free FROM turn)`)
	}
	statement, args := database.Compose(
		database.SQL(`WITH `), turn, database.SQL(`reserved AS (`), reserve, free, database.SQL(` RETURNING `+reservedColumns+`), attempt AS (`+
			insertPayment+`SELECT ?, ?, ?, ?, total, currency, ?, '', ?, ?, ?, ? FROM reserved)`,
			a.ID, a.InvoiceID, a.Provider, a.Method, a.State, a.Claims, a.DueAt, a.CreatedAt, a.CreatedAt),
		record, database.SQL(` SELECT `+reservedColumns+` FROM reserved`),
	)
	rows = make([]reserved, 0, 1) // else GORM makes room for 20
	err = s.db.Write(ctx).Raw(statement, args...).Find(&rows).Error
	return rows, err
}

func (s *Store) beginSQLite(
	ctx context.Context, a app.Attempt, reserve database.Part, _ *sqlstore.Guard,
) (rows []reserved, err error) {
	tx := s.db.Write(ctx)
	err = tx.Raw(reserve.SQL+` RETURNING `+reservedColumns, reserve.Args...).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	err = tx.Exec(
		insertPayment+`VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)`,
		a.ID, a.InvoiceID, a.Provider, a.Method, rows[0].Total, rows[0].Currency, a.State, a.Claims,
		a.DueAt, a.CreatedAt, a.CreatedAt,
	).Error
	return rows, err
}

// Revive implements app.Store.
func (s *Store) Revive(ctx context.Context, a app.Attempt, at time.Time) (bool, error) {
	tx := s.db.Write(ctx)
	invoices := tx.Exec(reserveInvoice, at, a.InvoiceID)
	if invoices.Error != nil {
		return false, fmt.Errorf("reserve invoice: %w", invoices.Error)
	}
	if invoices.RowsAffected == 0 {
		return false, nil
	}
	revived := tx.Exec(
		`UPDATE payments SET state = ?, claims = ?, due_at = ?, updated_at = ? WHERE id = ? AND state = ?`,
		app.Pending, a.Claims, a.DueAt, at, a.ID, app.Failed)
	if revived.Error != nil {
		return false, fmt.Errorf("revive payment: %w", revived.Error)
	}
	if revived.RowsAffected == 0 {
		return false, fmt.Errorf("revive payment %s: its invoice was open and it had not failed", a.ID)
	}
	return true, nil
}

// Conclude implements app.Store.
func (s *Store) Conclude(ctx context.Context, c app.Conclusion, told outbox.Entry) (v payments.Invoice, done bool, err error) {
	conclude := database.SQL(
		`UPDATE payments SET state = ?, reference = ?, updated_at = ? WHERE id = ? AND state IN (?, ?)`,
		c.State, c.Reference, c.At, c.Payment, app.Pending, app.Unknown)
	if c.State == app.Failed {
		conclude.SQL, conclude.Args = conclude.SQL+` AND claims = ?`, append(conclude.Args, c.Claims)
	}
	conclude.SQL += ` RETURNING invoice_id`
	run := s.concludeSQLite
	if s.db.Dialect() == database.Postgres {
		run = s.concludePostgres
	}
	if v, done, err = run(ctx, c, conclude, told); err != nil {
		return payments.Invoice{}, false, fmt.Errorf("conclude payment: %w", err)
	}
	return v, done, nil
}

func (s *Store) concludePostgres(
	ctx context.Context, c app.Conclusion, conclude database.Part, told outbox.Entry,
) (payments.Invoice, bool, error) {
	var event database.Part
	if !told.IsZero() {
		event = told.Insert("i")
		event.SQL = `, event AS (` + event.SQL + `)`
	}
	status, paidAt := follows(c)
	statement, args := database.Compose(
		database.SQL(`WITH concluded AS (`), conclude, database.SQL(`),
		 i AS (
		   UPDATE invoices SET status = ?, paid_at = ?, version = version + 1, updated_at = ?
		     FROM concluded WHERE invoices.id = concluded.invoice_id RETURNING invoices.*)`, status, paidAt, c.At),
		event, database.SQL(`
		 SELECT `+billedColumns+` FROM i JOIN invoice_lines l ON l.invoice_id = i.id ORDER BY l.id`),
	)
	rows := make([]billed, 0, 2) // else GORM makes room for 20
	err := s.db.Write(ctx).Raw(statement, args...).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return payments.Invoice{}, false, err
	}
	return whole(rows), true, nil
}

func (s *Store) concludeSQLite(
	ctx context.Context, c app.Conclusion, conclude database.Part, told outbox.Entry,
) (v payments.Invoice, done bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		tx := s.db.Write(ctx)
		var concluded []id.Invoice
		err := tx.Raw(conclude.SQL, conclude.Args...).Find(&concluded).Error
		if done = len(concluded) > 0; err != nil || !done {
			return err
		}
		status, paidAt := follows(c)
		err = tx.Exec(
			`UPDATE invoices SET status = ?, paid_at = ?, version = version + 1, updated_at = ? WHERE id = ?`,
			status, paidAt, c.At, concluded[0],
		).Error
		if err != nil {
			return err
		}
		if err := s.publish(ctx, told); err != nil {
			return err
		}
		v, err = s.Invoice(ctx, concluded[0])
		return err
	})
	return v, done, err
}

// follows is what the invoice becomes.
func follows(c app.Conclusion) (status payments.Status, paidAt *time.Time) {
	if c.State == app.Succeeded {
		return payments.StatusPaid, &c.At
	}
	return payments.StatusOpen, nil
}

// SetUnknown implements app.Store.
func (s *Store) SetUnknown(ctx context.Context, paymentID id.Payment, at, due time.Time) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE payments SET state = ?, due_at = ?, updated_at = ? WHERE id = ? AND state IN (?, ?)`,
		app.Unknown, due, at, paymentID, app.Pending, app.Unknown).Error
	if err != nil {
		return fmt.Errorf("note an unknown outcome: %w", err)
	}
	return nil
}
