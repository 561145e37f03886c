package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"shop/modules/payments/internal/provider"
	"shop/platform/audit"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// Names of the checks against the provider's books, and of what does not end.
const (
	checkProvider = "payments.provider_books"
	checkStuck    = "payments.stuck"
)

// Auditing is what the reconciler asks of the store.
type Auditing interface {
	// Audit compares what the database says about itself: ledger, invoices,
	// numbers, payments and credit notes.
	Audit(ctx context.Context, report *audit.Report) error
	// BookedCharges and BookedRefunds are those of the keys that succeeded, with
	// their amounts.
	BookedCharges(ctx context.Context, keys []id.Payment) (map[id.Payment]money.Amount, error)
	BookedRefunds(ctx context.Context, keys []id.CreditNote) (map[id.CreditNote]money.Amount, error)
	// Booked are the charges and refunds of more than nothing with a provider that
	// succeeded and began from since to until, by their keys.
	Booked(ctx context.Context, provider string, since, until time.Time) (map[string]money.Amount, error)
	// Stuck are the payments and refunds without an outcome that began before.
	Stuck(ctx context.Context, before time.Time) ([]string, error)
}

// Verify implements payments.Service. It never enters money movements: to
// repair is to ask the provider how something ended that nobody knows.
func (s *Service) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	var report audit.Report
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	before := s.clock().Add(-10 * in.MinAge)
	stuck, err := s.store.Stuck(ctx, before)
	if err != nil {
		return report, err
	}
	if in.Repair && len(stuck) > 0 {
		if err := s.ResolveDue(ctx); err != nil {
			return report, err
		}
	}
	left, err := s.store.Stuck(ctx, before)
	if err != nil {
		return report, err
	}
	still := map[string]bool{}
	for _, subject := range left {
		still[subject] = true
	}
	report.Looked(checkStuck, int64(len(stuck)))
	for _, subject := range stuck {
		report.Found(audit.Finding{
			Check: checkStuck, Subject: subject, Want: "an outcome", Got: "none", Repaired: !still[subject],
		})
	}
	if err := s.store.Audit(ctx, &report); err != nil {
		return report, err
	}
	if err := s.auditProvider(ctx, &report, s.clock().Add(-in.MinAge)); err != nil {
		return report, err
	}
	return report, nil
}

// bookBatch is how many entries of the provider's are looked up at once.
const bookBatch = 500

// booksReach is how far back the books are compared: a provider lists them page
// by page, and what is older was compared before.
const booksReach = 30 * 24 * time.Hour

// booksSkew is how far the provider's clock may be behind.
const booksSkew = time.Hour

// auditProvider compares the provider's books with what is recorded here. What
// costs nothing is in the books of some providers and not of others.
func (s *Service) auditProvider(ctx context.Context, report *audit.Report, before time.Time) error {
	since := s.clock().Add(-booksReach)
	// Read first: what succeeded by now is in the provider's books already.
	missing, err := s.store.Booked(ctx, s.provider.Name(), since, before)
	if err != nil {
		return err
	}
	report.Looked(checkProvider, 0)
	var batch []provider.BookEntry
	for entry, err := range s.provider.Charges(ctx, since.Add(-booksSkew)) {
		if err != nil {
			return err
		}
		if entry.Outcome != provider.Succeeded || entry.Amount.IsZero() {
			continue
		}
		delete(missing, entry.Key)
		if entry.At.After(before) {
			continue
		}
		if batch = append(batch, entry); len(batch) == bookBatch {
			if err := s.compare(ctx, report, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := s.compare(ctx, report, batch); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		report.Found(audit.Finding{
			Check: checkProvider, Subject: key, Want: missing[key].String(), Got: "not in the books of " + s.provider.Name(),
		})
	}
	return nil
}

// compare looks entries of the provider's up here.
func (s *Service) compare(ctx context.Context, report *audit.Report, entries []provider.BookEntry) error {
	var payments []id.Payment
	var notes []id.CreditNote
	for _, e := range entries {
		var payment id.Payment
		var note id.CreditNote
		switch {
		case e.Kind == provider.KindCharge && payment.UnmarshalText([]byte(e.Key)) == nil:
			payments = append(payments, payment)
		case e.Kind == provider.KindRefund && note.UnmarshalText([]byte(e.Key)) == nil:
			notes = append(notes, note)
		}
	}
	charges, err := s.store.BookedCharges(ctx, payments)
	if err != nil {
		return err
	}
	refunds, err := s.store.BookedRefunds(ctx, notes)
	if err != nil {
		return err
	}
	here := map[string]money.Amount{}
	for payment, amount := range charges {
		here[payment.String()] = amount
	}
	for note, amount := range refunds {
		here[note.String()] = amount
	}
	for _, e := range entries {
		report.Looked(checkProvider, 1)
		amount, found := here[e.Key]
		switch {
		case found && amount == e.Amount:
		case found:
			report.Found(audit.Finding{Check: checkProvider, Subject: e.Key, Want: e.Amount.String(), Got: amount.String()})
		default:
			report.Found(audit.Finding{
				Check: checkProvider, Subject: strings.TrimSpace(e.Key + " " + e.Reference), Want: string(e.Kind) + " of " + e.Amount.String(), Got: "none",
			})
		}
	}
	return nil
}
