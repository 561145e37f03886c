package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/payments/internal/app"
	"shop/modules/payments/internal/provider"
	"shop/platform/id"
)

// webhook is a row of webhooks, without what is not needed to act on it.
type webhook struct {
	ID         id.Webhook
	Provider   string
	EventID    string
	Kind       string
	Payment    string
	Refund     string
	ReceivedAt time.Time
	Attempts   int64
	DueAt      time.Time
}

func (r webhook) value() app.Webhook {
	return app.Webhook{
		Notice:    provider.Notice{ID: r.EventID, Kind: r.Kind, Payment: r.Payment, Refund: r.Refund},
		WebhookID: r.ID, Provider: r.Provider, ReceivedAt: r.ReceivedAt.UTC(), Attempts: r.Attempts, DueAt: r.DueAt.UTC(),
	}
}

// InsertWebhook implements app.Store.
func (s *Store) InsertWebhook(ctx context.Context, w app.Webhook) (bool, error) {
	inserted := s.db.Write(ctx).Exec(
		`INSERT INTO webhooks (id, provider, event_id, kind, payment, refund, body, received_at, attempts, error, due_at)
		 VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?) ON CONFLICT (provider, event_id) DO NOTHING`,
		w.WebhookID, w.Provider, w.ID, w.Kind, w.Payment, w.Refund, w.Body, w.ReceivedAt, w.DueAt)
	if inserted.Error != nil {
		return false, fmt.Errorf("insert webhook: %w", inserted.Error)
	}
	return inserted.RowsAffected > 0, nil
}

// DueWebhooks implements app.Store.
func (s *Store) DueWebhooks(ctx context.Context, from string, now time.Time, limit int) ([]app.Webhook, error) {
	var rows []webhook
	err := s.db.Read(ctx).Raw(
		`SELECT id, provider, event_id, kind, payment, refund, received_at, attempts, due_at FROM webhooks
		  WHERE handled_at IS NULL AND provider = ? AND due_at <= ? ORDER BY due_at LIMIT ?`, from, now, limit,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	due := make([]app.Webhook, len(rows))
	for i, row := range rows {
		due[i] = row.value()
	}
	return due, nil
}

// ClaimWebhook implements app.Store.
func (s *Store) ClaimWebhook(ctx context.Context, w app.Webhook, due time.Time) (bool, error) {
	claimed := s.db.Write(ctx).Exec(
		`UPDATE webhooks SET attempts = attempts + 1, due_at = ? WHERE id = ? AND attempts = ? AND handled_at IS NULL`,
		due, w.WebhookID, w.Attempts)
	if claimed.Error != nil {
		return false, fmt.Errorf("claim webhook: %w", claimed.Error)
	}
	return claimed.RowsAffected > 0, nil
}

// FailWebhook implements app.Store.
func (s *Store) FailWebhook(ctx context.Context, webhook id.Webhook, reason string) error {
	err := s.db.Write(ctx).Exec(`UPDATE webhooks SET error = ? WHERE id = ?`, reason, webhook).Error
	if err != nil {
		return fmt.Errorf("note a failed webhook: %w", err)
	}
	return nil
}

// FinishWebhook implements app.Store.
func (s *Store) FinishWebhook(ctx context.Context, webhook id.Webhook, at time.Time, reason string) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE webhooks SET handled_at = ?, error = ? WHERE id = ? AND handled_at IS NULL`, at, reason, webhook,
	).Error
	if err != nil {
		return fmt.Errorf("note a handled webhook: %w", err)
	}
	return nil
}

// PruneWebhooks implements app.Store.
func (s *Store) PruneWebhooks(ctx context.Context, before time.Time) (int64, error) {
	removed := s.db.Write(ctx).Exec(`DELETE FROM webhooks WHERE handled_at < ?`, before)
	if removed.Error != nil {
		return 0, fmt.Errorf("remove webhooks: %w", removed.Error)
	}
	return removed.RowsAffected, nil
}
