package gormstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// placed is an item and its place in the cart.
type placed struct {
	ID        id.CartItem
	UserID    id.User
	ProductID id.Product
	Slot      int
	Quantity  int64
}

// Merge implements app.Store. The rows of both carts are locked in the order in
// which all lock several rows. What comes in meanwhile takes a place or has a
// product that the merge wants, too: the unique indexes tell, and it is done
// again.
func (s *Store) Merge(ctx context.Context, from, to id.User, at time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		var rows []placed
		err := s.db.Write(ctx).Raw(
			`SELECT id, user_id, product_id, slot, quantity FROM cart_items WHERE user_id IN (?, ?) ORDER BY id`+s.forUpdate(),
			from, to).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("lock two carts: %w", err)
		}
		if !slices.ContainsFunc(rows, func(r placed) bool { return r.UserID == from }) {
			return nil
		}
		// Asked with the guest's items locked, which a checkout needs to begin.
		unfinished, err := s.Unfinished(ctx, from)
		if err != nil {
			return err
		}
		if unfinished {
			return app.ErrUnfinished
		}
		return s.moveAll(ctx, rows, to, at)
	})
}

func (s *Store) moveAll(ctx context.Context, rows []placed, to id.User, at time.Time) error {
	taken := map[int]bool{}
	own := map[id.Product]placed{}
	for _, row := range rows {
		if row.UserID == to {
			taken[row.Slot], own[row.ProductID] = true, row
		}
	}
	var raised, moved []any // pairs of identifier and quantity, identifier and place
	var doubles []id.CartItem
	free := 1
	for _, row := range rows {
		if row.UserID == to {
			continue
		}
		if double, found := own[row.ProductID]; found {
			raised = append(raised, double.ID, min(double.Quantity+row.Quantity, cart.MaxQuantity))
			doubles = append(doubles, row.ID)
			continue
		}
		for taken[free] {
			free++
		}
		if free > cart.MaxMergedItems {
			continue // stays where it is
		}
		taken[free] = true
		moved = append(moved, row.ID, free)
	}
	if len(raised) > 0 {
		raise := s.db.Write(ctx).Exec(
			`WITH raised (id, quantity) AS (`+s.values(len(raised)/2)+`)
			 UPDATE cart_items SET quantity = raised.quantity, version = version + 1, updated_at = ?
			   FROM raised WHERE raised.id = cart_items.id`, append(raised, at)...)
		if raise.Error != nil {
			return fmt.Errorf("raise quantities in a cart: %w", raise.Error)
		}
		if err := s.db.Write(ctx).Exec(`DELETE FROM cart_items WHERE id IN ?`, doubles).Error; err != nil {
			return fmt.Errorf("remove merged items: %w", err)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	err := s.db.Write(ctx).Exec(
		`WITH moved (id, slot) AS (`+s.values(len(moved)/2)+`)
		 UPDATE cart_items SET user_id = ?, slot = moved.slot, version = version + 1, updated_at = ?
		   FROM moved WHERE moved.id = cart_items.id`, append(moved, to, at)...).Error
	if errors.Is(err, database.ErrDuplicate) {
		return fmt.Errorf("%w: %w", app.ErrChanged, err)
	}
	if err != nil {
		return fmt.Errorf("move items to a cart: %w", err)
	}
	return nil
}
