package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/platform/audit"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/money"
)

// audited is one check: a query of the number of things that it looks at, and
// one of what differs, each a subject with what it should be and what it is.
type audited struct{ name, count, differs string }

// audits are the checks of the database against itself. Each is one statement,
// so that it sees one moment.
var audits = []audited{
	{
		name: "payments.ledger", count: `SELECT count(*) FROM invoices`,
		differs: `SELECT v.id AS invoice, v.owed AS want, v.has AS want_too, coalesce(m.owed, 0) AS got, coalesce(m.has, 0) AS got_too
		  FROM (SELECT id, CASE WHEN status IN ('open', 'paying') THEN total ELSE 0 END AS owed,
		               CASE WHEN status IN ('paid', 'refunded') THEN total - refunded ELSE 0 END AS has FROM invoices) v
		  LEFT JOIN (SELECT invoice_id, sum(receivable) AS owed, sum(cash) AS has FROM money_movements GROUP BY invoice_id) m
		    ON m.invoice_id = v.id
		 WHERE v.owed <> coalesce(m.owed, 0) OR v.has <> coalesce(m.has, 0)`,
	},
	{
		name: "payments.paid", count: `SELECT count(*) FROM payments WHERE state = 'succeeded'`,
		differs: `SELECT i.id AS invoice, CASE WHEN i.status IN ('paid', 'refunded') THEN i.total ELSE 0 END AS want, 0 AS want_too,
		       coalesce(p.amount, 0) AS got, 0 AS got_too
		  FROM invoices i LEFT JOIN payments p ON p.invoice_id = i.id AND p.state = 'succeeded'
		 WHERE (i.status IN ('paid', 'refunded')) <> (p.id IS NOT NULL) OR p.amount <> i.total`,
	},
	{
		name: "payments.refunds", count: `SELECT count(*) FROM credit_notes`,
		differs: `SELECT i.id AS invoice, i.refunded AS want, i.refunding AS want_too, coalesce(n.back, 0) AS got, coalesce(n.pending, 0) AS got_too
		  FROM invoices i LEFT JOIN (
		    SELECT invoice_id, sum(CASE WHEN state = 'succeeded' THEN amount ELSE 0 END) AS back,
		           sum(CASE WHEN state = 'pending' THEN amount ELSE 0 END) AS pending FROM credit_notes GROUP BY invoice_id) n
		    ON n.invoice_id = i.id
		 WHERE i.refunded <> coalesce(n.back, 0) OR i.refunding <> coalesce(n.pending, 0)`,
	},
	{
		name: "payments.lines", count: `SELECT count(*) FROM invoice_lines`,
		differs: `SELECT i.id AS invoice, i.total AS want, 0 AS want_too,
		       coalesce(l.total, 0) + CASE WHEN i.tax_included THEN 0 ELSE i.tax_amount END AS got, 0 AS got_too
		  FROM invoices i LEFT JOIN (SELECT invoice_id, sum(line_total) AS total FROM invoice_lines GROUP BY invoice_id) l
		    ON l.invoice_id = i.id
		 WHERE i.total <> coalesce(l.total, 0) + CASE WHEN i.tax_included THEN 0 ELSE i.tax_amount END`,
	},
	{
		name: "payments.unnumbered", count: `SELECT count(*) FROM invoices`,
		differs: `SELECT id AS invoice, 1 AS want, 0 AS want_too, 0 AS got, 0 AS got_too FROM invoices
		 WHERE number IS NULL AND status NOT IN ('draft', 'void')`,
	},
}

// Audit implements app.Auditing.
func (s *Store) Audit(ctx context.Context, report *audit.Report) error {
	for _, check := range audits {
		var count int64
		if err := s.db.Read(ctx).Raw(check.count).Scan(&count).Error; err != nil {
			return fmt.Errorf("count for %s: %w", check.name, err)
		}
		var rows []struct {
			Invoice                    id.Invoice
			Want, WantToo, Got, GotToo int64
		}
		if err := s.db.Read(ctx).Raw(check.differs).Find(&rows).Error; err != nil {
			return fmt.Errorf("check %s: %w", check.name, err)
		}
		report.Looked(check.name, count)
		for _, row := range rows {
			report.Found(audit.Finding{
				Check: check.name, Subject: row.Invoice.String(),
				Want: fmt.Sprintf("%d and %d", row.Want, row.WantToo), Got: fmt.Sprintf("%d and %d", row.Got, row.GotToo),
			})
		}
	}
	return s.auditNumbers(ctx, report)
}

// auditNumbers looks whether the numbers of each series are those from 1 to the
// last one. They are unique, so their count tells.
func (s *Store) auditNumbers(ctx context.Context, report *audit.Report) error {
	const name = "payments.numbers"
	var rows []struct {
		Series               string
		Last, Count, Largest int64
	}
	err := s.db.Read(ctx).Raw(
		`SELECT d.series, d.last, count(n.number) AS count, coalesce(max(n.number), 0) AS largest
		   FROM document_series d LEFT JOIN (
		     SELECT 'invoice' AS kind, series, number FROM invoices WHERE number IS NOT NULL
		     UNION ALL SELECT 'credit_note', series, number FROM credit_notes WHERE number IS NOT NULL) n
		     ON n.kind = d.kind AND n.series = d.series
		  GROUP BY d.kind, d.series, d.last`).Find(&rows).Error
	if err != nil {
		return fmt.Errorf("check %s: %w", name, err)
	}
	report.Looked(name, 0)
	for _, row := range rows {
		report.Looked(name, row.Count)
		if row.Count != row.Last || row.Largest != row.Last {
			report.Found(audit.Finding{
				Check: name, Subject: row.Series, Want: fmt.Sprintf("all from 1 to %d", row.Last),
				Got: fmt.Sprintf("%d, the largest %d", row.Count, row.Largest),
			})
		}
	}
	return nil
}

// booked is a charge or a refund that succeeded.
type booked[K any] struct {
	ID       K
	Amount   int64
	Currency money.Currency
}

func bookedOf[K comparable](ctx context.Context, s *Store, query string, args ...any) (map[K]money.Amount, error) {
	var rows []booked[K]
	if err := s.db.Read(ctx).Raw(query, args...).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what succeeded: %w", err)
	}
	found := make(map[K]money.Amount, len(rows))
	for _, row := range rows {
		found[row.ID] = money.Of(row.Amount, row.Currency)
	}
	return found, nil
}

// BookedCharges implements app.Auditing.
func (s *Store) BookedCharges(ctx context.Context, keys []id.Payment) (map[id.Payment]money.Amount, error) {
	return bookedOf[id.Payment](ctx, s, `SELECT id, amount, currency FROM payments WHERE state = 'succeeded' AND id IN ?`, keys)
}

// BookedRefunds implements app.Auditing.
func (s *Store) BookedRefunds(ctx context.Context, keys []id.CreditNote) (map[id.CreditNote]money.Amount, error) {
	return bookedOf[id.CreditNote](ctx, s, `SELECT id, amount, currency FROM credit_notes WHERE state = 'succeeded' AND id IN ?`, keys)
}

// Booked implements app.Auditing.
func (s *Store) Booked(ctx context.Context, provider string, since, until time.Time) (map[string]money.Amount, error) {
	charges, err := bookedOf[id.Payment](ctx, s,
		`SELECT id, amount, currency FROM payments
		  WHERE state = 'succeeded' AND amount > 0 AND provider = ? AND created_at >= ? AND created_at <= ?`, provider, since, until)
	if err != nil {
		return nil, err
	}
	refunds, err := bookedOf[id.CreditNote](ctx, s,
		`SELECT c.id, c.amount, c.currency FROM credit_notes c JOIN payments p ON p.id = c.payment_id
		  WHERE c.state = 'succeeded' AND c.amount > 0 AND p.provider = ? AND c.created_at >= ? AND c.created_at <= ?`, provider, since, until)
	if err != nil {
		return nil, err
	}
	all := make(map[string]money.Amount, len(charges)+len(refunds))
	for payment, amount := range charges {
		all[payment.String()] = amount
	}
	for note, amount := range refunds {
		all[note.String()] = amount
	}
	return all, nil
}

// Stuck implements app.Auditing.
func (s *Store) Stuck(ctx context.Context, before time.Time) ([]string, error) {
	var payments []id.Payment
	err := s.db.Read(ctx).Raw(
		`SELECT id FROM payments WHERE state IN ('pending', 'unknown') AND created_at <= ? ORDER BY id`, before,
	).Find(&payments).Error
	if err != nil {
		return nil, fmt.Errorf("read payments without an outcome: %w", err)
	}
	var notes []id.CreditNote
	err = s.db.Read(ctx).Raw(
		`SELECT id FROM credit_notes WHERE state = 'pending' AND created_at <= ? ORDER BY id`, database.Timestamp(before),
	).Find(&notes).Error
	if err != nil {
		return nil, fmt.Errorf("read refunds without an outcome: %w", err)
	}
	subjects := make([]string, 0, len(payments)+len(notes))
	for _, payment := range payments {
		subjects = append(subjects, payment.String())
	}
	for _, note := range notes {
		subjects = append(subjects, note.String())
	}
	return subjects, nil
}
