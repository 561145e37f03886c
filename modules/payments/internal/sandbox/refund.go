package sandbox

import (
	"context"
	"fmt"
	"strings"

	"shop/modules/payments/internal/provider"
	"shop/platform/database"
	"shop/platform/money"
)

// refundEntry is what the books say about a refund's key.
type refundEntry struct {
	Charge   string
	Amount   int64
	Currency money.Currency
	Outcome  string
	Calls    int64
}

// Refund implements provider.Provider. What is left of a charge is lowered in
// the statement that looks whether enough is left, so that no two refunds
// together give back more than was taken.
func (s *Sandbox) Refund(ctx context.Context, r provider.RefundRequest) (provider.Refund, error) {
	charge, _ := strings.CutPrefix(r.Charge, chargePrefix)
	var e refundEntry
	var method string
	err := s.options.DB.InTx(database.WithoutTransaction(ctx), func(ctx context.Context) (err error) {
		tx := s.options.DB.Write(ctx)
		if err := tx.Raw(
			`INSERT INTO sandbox_refunds (idempotency_key, charge, invoice, amount, currency, outcome, calls, created_at)
			 VALUES (?, ?, ?, ?, ?, ?, 1, ?)
			 ON CONFLICT (idempotency_key) DO UPDATE SET calls = sandbox_refunds.calls + 1
			 RETURNING charge, amount, currency, outcome, calls`,
			r.IdempotencyKey, charge, r.Invoice.String(), r.Amount.Minor, string(r.Amount.Currency), unreached, database.Now(),
		).Find(&e).Error; err != nil {
			return err
		}
		if e.Charge != charge || money.Of(e.Amount, e.Currency) != r.Amount {
			return ErrKeyReused
		}
		if method, err = s.methodOf(ctx, charge); err != nil || e.Outcome != unreached {
			return err
		}
		if method == MethodRefundFlaky && e.Calls == 1 {
			return nil
		}
		if e.Outcome, err = s.take(ctx, charge, method, r.Amount); err != nil {
			return err
		}
		return tx.Exec(`UPDATE sandbox_refunds SET outcome = ? WHERE idempotency_key = ?`, e.Outcome, r.IdempotencyKey).Error
	})
	switch {
	case err != nil:
		return provider.Refund{}, fmt.Errorf("write the sandbox's books: %w", err)
	case e.Outcome == unreached:
		return provider.Refund{}, provider.ErrUnreachable
	case method == MethodRefundTimeout && e.Calls == 1:
		return provider.Refund{}, s.keepSilent(ctx)
	}
	return refund(r.IdempotencyKey, e.Outcome), nil
}

// methodOf is the payment method of a charge; empty when there is none.
func (s *Sandbox) methodOf(ctx context.Context, charge string) (string, error) {
	var found []string
	err := s.options.DB.Write(ctx).Raw(`SELECT method FROM sandbox_charges WHERE idempotency_key = ?`, charge).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// take gives back a part of a charge and says how that ended.
func (s *Sandbox) take(ctx context.Context, charge, method string, amount money.Amount) (outcome string, err error) {
	if method == MethodRefundDeclined || amount.Minor <= 0 {
		return declined, nil
	}
	taken := s.options.DB.Write(ctx).Exec(
		`UPDATE sandbox_charges SET refunded = refunded + ?
		  WHERE idempotency_key = ? AND outcome = ? AND currency = ? AND refunded <= amount - ?`,
		amount.Minor, charge, succeeded, string(amount.Currency), amount.Minor)
	if taken.Error != nil || taken.RowsAffected == 0 {
		return declined, taken.Error
	}
	return succeeded, nil
}

// LookupRefund implements provider.Provider.
func (s *Sandbox) LookupRefund(ctx context.Context, key string) (provider.Refund, bool, error) {
	var found []string
	err := s.options.DB.Read(database.WithoutTransaction(ctx)).Raw(
		`SELECT outcome FROM sandbox_refunds WHERE idempotency_key = ? AND outcome <> ?`, key, unreached,
	).Scan(&found).Error
	if err != nil {
		return provider.Refund{}, false, fmt.Errorf("read the sandbox's books: %w", err)
	}
	if len(found) == 0 {
		return provider.Refund{}, false, nil
	}
	return refund(key, found[0]), true, nil
}

func refund(key, outcome string) provider.Refund {
	return provider.Refund{Reference: refundPrefix + key, Outcome: provider.Outcome(outcome)}
}
