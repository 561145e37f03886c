package sandbox

import (
	"context"
	"fmt"
	"iter"
	"time"

	"shop/modules/payments/internal/provider"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/money"
)

// booksPage is how many entries of the books are read at a time.
const booksPage = 500

// Charges implements provider.Provider.
func (s *Sandbox) Charges(ctx context.Context, since time.Time) iter.Seq2[provider.BookEntry, error] {
	ctx = database.WithoutTransaction(ctx)
	return func(yield func(provider.BookEntry, error) bool) {
		_ = s.entries(ctx, provider.KindCharge, since, yield) &&
			s.entries(ctx, provider.KindRefund, since, yield)
	}
}

// line is a row of the books.
type line struct {
	IdempotencyKey string
	Invoice        string
	Amount         int64
	Currency       money.Currency
	Outcome        string
	CreatedAt      time.Time
}

// entries yields the entries of one kind, in pages by their key, and reports
// whether to go on.
func (s *Sandbox) entries(
	ctx context.Context, kind provider.Kind, since time.Time, yield func(provider.BookEntry, error) bool,
) bool {
	table, prefix := "sandbox_charges", chargePrefix
	if kind == provider.KindRefund {
		table, prefix = "sandbox_refunds", refundPrefix
	}
	for after := ""; ; {
		var lines []line
		err := s.options.DB.Read(ctx).Raw(
			`SELECT idempotency_key, invoice, amount, currency, outcome, created_at FROM `+table+`
			  WHERE idempotency_key > ? AND created_at >= ? AND outcome <> ? ORDER BY idempotency_key LIMIT ?`,
			after, database.Timestamp(since), unreached, booksPage,
		).Find(&lines).Error
		if err != nil {
			yield(provider.BookEntry{}, fmt.Errorf("read the sandbox's books: %w", err))
			return false
		}
		for _, l := range lines {
			if !yield(l.entry(kind, prefix), nil) {
				return false
			}
			after = l.IdempotencyKey
		}
		if len(lines) < booksPage {
			return true
		}
	}
}

func (l line) entry(kind provider.Kind, prefix string) provider.BookEntry {
	e := provider.BookEntry{
		Key: l.IdempotencyKey, Reference: prefix + l.IdempotencyKey, Kind: kind,
		Amount: money.Of(l.Amount, l.Currency), Outcome: provider.Outcome(l.Outcome), At: l.CreatedAt.UTC(),
	}
	var invoice id.Invoice
	if invoice.UnmarshalText([]byte(l.Invoice)) == nil {
		e.Invoice = invoice
	}
	return e
}
