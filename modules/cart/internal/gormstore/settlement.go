package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// SettleCheckout implements app.SettlementStore.
func (s *Store) SettleCheckout(ctx context.Context, checkout id.Checkout, to app.Settlement, at time.Time) error {
	if to != app.ReleaseDue {
		_, err := s.decide(ctx, checkout, to, at)
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		// The use goes back before the checkout changes, as in Fail; it is not taken
		// back when there is nothing to decide, for then it is gone, or the sale's.
		released, err := s.releasable(ctx, checkout)
		if err != nil || !released {
			return err
		}
		if err := s.giveUseBack(ctx, checkout); err != nil {
			return err
		}
		decided, err := s.decide(ctx, checkout, to, at)
		if err == nil && !decided {
			err = fmt.Errorf("release %s: %w", checkout, app.ErrChanged)
		}
		return err
	})
}

// releasable says whether the stock of a checkout may be released yet.
func (s *Store) releasable(ctx context.Context, checkout id.Checkout) (bool, error) {
	var n int64
	err := s.db.Write(ctx).Raw(
		`SELECT count(*) FROM checkouts WHERE id = ? AND settlement = 'unsettled' AND state <> 'failed'`, checkout).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("read a settlement: %w", err)
	}
	return n > 0, nil
}

func (s *Store) decide(ctx context.Context, checkout id.Checkout, to app.Settlement, at time.Time) (bool, error) {
	decision := decision(checkout, to, at)
	decided := s.db.Write(ctx).Exec(decision.SQL, decision.Args...)
	if decided.Error != nil {
		return false, fmt.Errorf("decide over the stock of a checkout: %w", decided.Error)
	}
	return decided.RowsAffected > 0, nil
}

// decision decides over the stock of a checkout, once.
func decision(checkout id.Checkout, to app.Settlement, at time.Time) database.Part {
	return database.SQL(
		`UPDATE checkouts SET settlement = ?, settle_at = ? WHERE id = ? AND settlement = 'unsettled' AND state <> 'failed'`,
		string(to), at, checkout)
}

// Unsettled implements app.SettlementStore. It looks before it takes, so that
// nothing is written while there is nothing to do.
func (s *Store) Unsettled(ctx context.Context, now, until time.Time, limit int) ([]app.Checkout, error) {
	const due = ` FROM checkouts WHERE state = 'done' AND settle_at IS NOT NULL AND settle_at <= ?`
	var some bool
	err := s.db.Read(ctx).Raw(`SELECT EXISTS (SELECT 1`+due+`)`, now).Scan(&some).Error
	if err != nil {
		return nil, fmt.Errorf("look for unsettled checkouts: %w", err)
	}
	if !some {
		return nil, nil
	}
	skip := ""
	if s.db.Dialect() == database.Postgres {
		skip = ` FOR UPDATE SKIP LOCKED`
	}
	var rows []checkout
	err = s.db.Write(ctx).Raw(
		`UPDATE checkouts SET settle_at = ? WHERE id IN (SELECT id`+due+` ORDER BY settle_at LIMIT ?`+skip+`)
		 RETURNING `+checkoutColumns, until, now, limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("take unsettled checkouts in hand: %w", err)
	}
	return checkoutsOf(rows)
}

// Settled implements app.SettlementStore.
func (s *Store) Settled(ctx context.Context, checkouts []id.Checkout) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE checkouts SET settlement = CASE settlement WHEN 'commit' THEN 'committed' ELSE 'released' END, settle_at = NULL
		  WHERE id IN ? AND settlement IN ('commit', 'release')`, checkouts).Error
	if err != nil {
		return fmt.Errorf("settle checkouts: %w", err)
	}
	return nil
}

// Postpone implements app.SettlementStore.
func (s *Store) Postpone(ctx context.Context, checkout id.Checkout, until time.Time) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE checkouts SET settle_at = ? WHERE id = ? AND settlement = 'unsettled'`, until, checkout).Error
	if err != nil {
		return fmt.Errorf("postpone a settlement: %w", err)
	}
	return nil
}

// standing is a row of Standings.
type standing struct {
	ID         id.Checkout
	InvoiceID  id.Invoice
	UpdatedAt  time.Time
	OrderState string
	Short      bool
}

// Standings implements app.SettlementStore.
func (s *Store) Standings(ctx context.Context, checkouts []id.Checkout) ([]app.Standing, error) {
	var rows []standing
	err := s.db.Read(ctx).Raw(
		`SELECT c.id, c.invoice_id, c.updated_at, coalesce(o.state, '') AS order_state, coalesce(o.short, FALSE) AS short
		   FROM checkouts c LEFT JOIN orders o ON o.checkout_id = c.id
		  WHERE c.id IN ? AND c.state = 'done' AND c.terms IS NOT NULL`, checkouts).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read where checkouts stand: %w", err)
	}
	all := make([]app.Standing, len(rows))
	for i, row := range rows {
		all[i] = app.Standing{
			Checkout: row.ID, Invoice: row.InvoiceID, UpdatedAt: row.UpdatedAt.UTC(),
			OrderState: cart.OrderState(row.OrderState), Short: row.Short,
		}
	}
	return all, nil
}
