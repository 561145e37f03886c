package gormstore

import (
	"context"
	"fmt"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/id"
)

// DiscountUses implements app.DiscountStore.
func (s *Store) DiscountUses(ctx context.Context, discount id.Discount, user id.User) (n int64, err error) {
	err = s.db.Read(ctx).Raw(
		`SELECT count(*) FROM discount_uses WHERE discount_id = ? AND user_id = ?`, discount, user).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count uses of a discount: %w", err)
	}
	return n, nil
}

// takeUse takes a use of a checkout's discount, in the transaction that starts
// the checkout. The discount's row, which the first statement locks, lets one at
// a time through, so that the second one counts what is so.
func (s *Store) takeUse(ctx context.Context, c app.Checkout) error {
	use := c.Terms.Use
	taken := s.db.Write(ctx).Exec(
		`UPDATE discounts SET uses = uses + 1 WHERE id = ? AND version = ? AND (max_uses = 0 OR uses < max_uses)`,
		use.ID, use.Version)
	if taken.Error != nil {
		return fmt.Errorf("take a use of a discount: %w", taken.Error)
	}
	if taken.RowsAffected == 0 {
		d, found, err := s.DiscountOfCode(ctx, app.FoldCode(use.Code))
		switch {
		case err != nil:
			return err
		case !found || d.Version != use.Version:
			return app.ErrChanged
		}
		return usedUp()
	}
	noted := s.db.Write(ctx).Exec(
		`INSERT INTO discount_uses (checkout_id, discount_id, user_id)
		 SELECT ?, id, ? FROM discounts WHERE id = ? AND (max_uses_per_user = 0 OR
		   (SELECT count(*) FROM discount_uses u WHERE u.discount_id = discounts.id AND u.user_id = ?) < max_uses_per_user)`,
		c.ID, c.UserID, use.ID, c.UserID)
	if noted.Error != nil {
		return fmt.Errorf("note the use of a discount: %w", noted.Error)
	}
	if noted.RowsAffected == 0 {
		return usedUp()
	}
	return nil
}

func usedUp() error {
	return cart.ErrDiscountUsedUp.WithField("body.discount_code", "was used as often as it may")
}

// giveUseBack gives a checkout's use of a discount back, once, in the
// transaction that ends the checkout and before the checkout's row is changed:
// all who lock both lock the discount first, so that none waits for another in a
// circle.
func (s *Store) giveUseBack(ctx context.Context, checkout id.Checkout) error {
	var discounts []id.Discount
	err := s.db.Write(ctx).Raw(
		`DELETE FROM discount_uses WHERE checkout_id = ? RETURNING discount_id`, checkout).Scan(&discounts).Error
	if err != nil {
		return fmt.Errorf("give a use of a discount back: %w", err)
	}
	if len(discounts) == 0 {
		return nil
	}
	err = s.db.Write(ctx).Exec(`UPDATE discounts SET uses = uses - 1 WHERE id IN ?`, discounts).Error
	if err != nil {
		return fmt.Errorf("count a use of a discount back: %w", err)
	}
	return nil
}
