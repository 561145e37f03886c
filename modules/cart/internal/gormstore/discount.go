package gormstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/money"
)

// discount is a row of discounts as it is read.
type discount struct {
	ID             id.Discount
	Code           string
	BasisPoints    int64
	Amount         int64
	MinSubtotal    int64
	Currency       *string
	ValidFrom      *time.Time
	ValidUntil     *time.Time
	MaxUses        int64
	MaxUsesPerUser int64
	Uses           int64
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

const discountColumns = `id, code, basis_points, amount, min_subtotal, currency, valid_from, valid_until,
	max_uses, max_uses_per_user, uses, version, created_at, updated_at`

func (r discount) value() cart.Discount {
	d := cart.Discount{
		ID: r.ID, Code: r.Code, Uses: r.Uses, Version: r.Version, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		DiscountTerms: cart.DiscountTerms{
			BasisPoints: r.BasisPoints, From: instant(r.ValidFrom), Until: instant(r.ValidUntil),
			MaxUses: r.MaxUses, MaxUsesPerUser: r.MaxUsesPerUser,
		},
	}
	if r.Amount > 0 {
		d.Amount = money.Of(r.Amount, money.Currency(*r.Currency))
	}
	if r.MinSubtotal > 0 {
		d.MinSubtotal = money.Of(r.MinSubtotal, money.Currency(*r.Currency))
	}
	return d
}

// termColumns are the columns of terms, and their values.
const termColumns = `basis_points, amount, min_subtotal, currency, valid_from, valid_until, max_uses, max_uses_per_user`

func termValues(t cart.DiscountTerms) []any {
	var currency *string
	for _, amount := range []money.Amount{t.Amount, t.MinSubtotal} {
		if amount.Minor > 0 {
			text := string(amount.Currency)
			currency = &text
		}
	}
	return []any{
		t.BasisPoints, t.Amount.Minor, t.MinSubtotal.Minor, currency, moment(t.From), moment(t.Until),
		t.MaxUses, t.MaxUsesPerUser,
	}
}

// AddDiscount implements app.DiscountStore.
func (s *Store) AddDiscount(ctx context.Context, d cart.Discount) error {
	err := s.db.Write(ctx).Exec(
		`INSERT INTO discounts (`+termColumns+`, id, code, code_folded, uses, version, created_at, updated_at)
		 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(termValues(d.DiscountTerms), d.ID, d.Code, app.FoldCode(d.Code), d.Uses, d.Version, d.CreatedAt, d.UpdatedAt)...).Error
	if errors.Is(err, database.ErrDuplicate) {
		return cart.ErrDiscountCodeTaken
	}
	if err != nil {
		return fmt.Errorf("add a discount: %w", err)
	}
	return nil
}

// Discount implements app.DiscountStore.
func (s *Store) Discount(ctx context.Context, discount id.Discount) (cart.Discount, error) {
	found, err := s.discounts(ctx, `WHERE id = ?`, discount)
	if err == nil && len(found) == 0 {
		err = cart.ErrDiscountNotFound
	}
	if err != nil {
		return cart.Discount{}, err
	}
	return found[0], nil
}

// DiscountOfCode implements app.DiscountStore.
func (s *Store) DiscountOfCode(ctx context.Context, folded string) (cart.Discount, bool, error) {
	found, err := s.discounts(ctx, `WHERE code_folded = ?`, folded)
	if err != nil || len(found) == 0 {
		return cart.Discount{}, false, err
	}
	return found[0], true, nil
}

// Discounts implements app.DiscountStore.
func (s *Store) Discounts(ctx context.Context, before id.Discount, limit int) ([]cart.Discount, error) {
	if before.IsZero() {
		return s.discounts(ctx, `ORDER BY id DESC LIMIT ?`, limit)
	}
	return s.discounts(ctx, `WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit)
}

func (s *Store) discounts(ctx context.Context, which string, args ...any) ([]cart.Discount, error) {
	var rows []discount
	err := s.db.Read(ctx).Raw(`SELECT `+discountColumns+` FROM discounts `+which, args...).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read discounts: %w", err)
	}
	return discountsOf(rows), nil
}

func discountsOf(rows []discount) []cart.Discount {
	found := make([]cart.Discount, len(rows))
	for i, row := range rows {
		found[i] = row.value()
	}
	return found
}

// CountDiscounts implements app.DiscountStore.
func (s *Store) CountDiscounts(ctx context.Context) (n int64, err error) {
	if err = s.db.Read(ctx).Raw(`SELECT count(*) FROM discounts`).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count discounts: %w", err)
	}
	return n, nil
}

// SetDiscount implements app.DiscountStore.
func (s *Store) SetDiscount(ctx context.Context, in cart.UpdateDiscountInput, at time.Time) (cart.Discount, error) {
	var rows []discount
	err := s.db.Write(ctx).Raw(
		`UPDATE discounts SET (`+termColumns+`) = (?, ?, ?, ?, ?, ?, ?, ?), version = version + 1, updated_at = ?
		  WHERE id = ? AND (version = ? OR ? = 0) RETURNING `+discountColumns,
		append(termValues(in.DiscountTerms), at, in.ID, in.IfVersion, in.IfVersion)...).Find(&rows).Error
	if err != nil {
		return cart.Discount{}, fmt.Errorf("change a discount: %w", err)
	}
	if len(rows) == 0 {
		return cart.Discount{}, s.missingDiscount(ctx, in.ID)
	}
	return rows[0].value(), nil
}

// RemoveDiscount implements app.DiscountStore.
func (s *Store) RemoveDiscount(ctx context.Context, in cart.DeleteDiscountInput) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		removed := s.db.Write(ctx).Exec(
			`DELETE FROM discounts WHERE id = ? AND (version = ? OR ? = 0)`, in.ID, in.IfVersion, in.IfVersion)
		if removed.Error != nil {
			return fmt.Errorf("remove a discount: %w", removed.Error)
		}
		if removed.RowsAffected == 0 {
			return s.missingDiscount(ctx, in.ID)
		}
		return nil
	})
}

// missingDiscount says why a discount could not be changed: it is gone, or at
// another version.
func (s *Store) missingDiscount(ctx context.Context, discount id.Discount) error {
	if _, err := s.Discount(ctx, discount); err != nil {
		return err
	}
	return fault.ErrPrecondition
}
