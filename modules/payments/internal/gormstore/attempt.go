package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/payments/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// Attempt implements app.Store.
func (s *Store) Attempt(ctx context.Context, paymentID id.Payment) (app.Attempt, error) {
	attempts, err := s.attempts(ctx, `p.id = ?`, paymentID)
	if err != nil {
		return app.Attempt{}, err
	}
	if len(attempts) == 0 {
		return app.Attempt{}, fmt.Errorf("read payment %s: %w", paymentID, database.ErrNotFound)
	}
	return attempts[0], nil
}

// LiveAttempt implements app.Store.
func (s *Store) LiveAttempt(ctx context.Context, invoiceID id.Invoice) (app.Attempt, bool, error) {
	attempts, err := s.attempts(ctx, `p.invoice_id = ? AND p.state IN ('pending', 'unknown')`, invoiceID)
	if err != nil || len(attempts) == 0 {
		return app.Attempt{}, false, err
	}
	return attempts[0], true, nil
}

// DueAttempts implements app.Store.
func (s *Store) DueAttempts(ctx context.Context, provider string, now time.Time, limit int) ([]app.Attempt, error) {
	return s.attempts(
		ctx, `p.state IN ('pending', 'unknown') AND p.provider = ? AND p.due_at <= ? ORDER BY p.due_at LIMIT ?`,
		provider, now, limit)
}

// attempts reads the attempts that a condition selects.
func (s *Store) attempts(ctx context.Context, where string, args ...any) ([]app.Attempt, error) {
	var rows []payment
	err := s.db.Read(ctx).Raw(
		`SELECT `+paymentColumns+` FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE `+where, args...,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read payments: %w", err)
	}
	attempts := make([]app.Attempt, len(rows))
	for i, row := range rows {
		attempts[i] = row.value()
	}
	return attempts, nil
}

// Claim implements app.Store.
func (s *Store) Claim(ctx context.Context, a app.Attempt, at, due time.Time) (bool, error) {
	claimed := s.db.Write(ctx).Exec(
		`UPDATE payments SET claims = claims + 1, due_at = ?, updated_at = ?
		  WHERE id = ? AND claims = ? AND (state = 'unknown' OR state = 'pending' AND due_at <= ?)`,
		due, at, a.ID, a.Claims, at)
	if claimed.Error != nil {
		return false, fmt.Errorf("claim payment: %w", claimed.Error)
	}
	return claimed.RowsAffected > 0, nil
}
