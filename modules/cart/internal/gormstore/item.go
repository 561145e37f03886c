package gormstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/money"
)

// item is a row of cart_items as it is read.
type item struct {
	ID        id.CartItem
	UserID    id.User
	ProductID id.Product
	Currency  string
	Quantity  int64
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

const itemColumns = `id, user_id, product_id, currency, quantity, version, created_at, updated_at`

func (r item) value() app.Item {
	return app.Item{
		ID: r.ID, UserID: r.UserID, ProductID: r.ProductID, Currency: money.Currency(r.Currency),
		Quantity: r.Quantity, Version: r.Version, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// add takes the lowest free slot of the cart, none when all are taken, unless
// the product has one. Two requests that take the same slot at once collide on
// its unique index, also when each is the first of the cart: so neither the
// bound nor the one currency is passed by. The LIMIT keeps PostgreSQL from
// planning the search once for each mention of the slot.
//
// The parameters are numbered, so that each is sent once: 1 id, 2 user,
// 3 product, 4 currency, 5 quantity, 6 now, 7 slots, 8 the largest quantity.
const add = `
INSERT INTO cart_items AS i (id, user_id, product_id, slot, currency, quantity, version, created_at, updated_at)
SELECT $1, $2, $3, place.slot, $4, $5, 1, $6, $6
  FROM (SELECT coalesce(
         (SELECT own.slot FROM cart_items own WHERE own.user_id = $2 AND own.product_id = $3),
         (SELECT min(taken.slot) + 1
            FROM (SELECT 0 AS slot UNION ALL SELECT slot FROM cart_items WHERE user_id = $2) AS taken
           WHERE taken.slot < $7 AND NOT EXISTS (
             SELECT 1 FROM cart_items next WHERE next.user_id = $2 AND next.slot = taken.slot + 1))) AS slot
        LIMIT 1) AS place
 WHERE place.slot IS NOT NULL
   AND coalesce((SELECT other.currency = $4 FROM cart_items other
                  WHERE other.user_id = $2 AND other.product_id <> $3 LIMIT 1), true)
ON CONFLICT (user_id, product_id) DO UPDATE
  SET quantity = i.quantity + excluded.quantity, currency = excluded.currency,
      version = i.version + 1, updated_at = excluded.updated_at
WHERE i.quantity + excluded.quantity <= $8
RETURNING id, quantity, version, created_at, updated_at`

// raise is what adding comes to for a product that is in the cart already, in
// the currency that it was added in: the usual case, and a third of the work
// of finding a slot for it.
const raise = `
UPDATE cart_items SET quantity = quantity + $1, version = version + 1, updated_at = $2
 WHERE user_id = $3 AND product_id = $4 AND currency = $5 AND quantity + $1 <= $6
RETURNING id, quantity, version, created_at, updated_at`

// Add implements app.Store. It reads its row without GORM's Scan, which costs
// as much as the rest of the client's part.
func (s *Store) Add(ctx context.Context, in app.Item) (app.Item, error) {
	raised, err := scanAdded(s.db.Write(ctx).Raw(
		raise, in.Quantity, in.CreatedAt, in.UserID, in.ProductID, string(in.Currency), cart.MaxQuantity), in)
	if err == nil {
		return raised, nil
	}
	if !errors.Is(err, database.ErrNotFound) {
		return app.Item{}, fmt.Errorf("raise the quantity in the cart: %w", err)
	}
	tx := s.db.Write(ctx).Raw(add, in.ID, in.UserID, in.ProductID, string(in.Currency), in.Quantity, in.CreatedAt,
		cart.MaxItems, cart.MaxQuantity)
	added, err := scanAdded(tx, in)
	switch {
	case errors.Is(err, database.ErrDuplicate):
		return app.Item{}, fmt.Errorf("%w: %w", app.ErrChanged, err)
	case errors.Is(err, database.ErrNotFound):
		return app.Item{}, s.whyNotAdded(ctx, in)
	case err != nil:
		return app.Item{}, fmt.Errorf("add to the cart: %w", err)
	}
	return added, nil
}

// scanAdded is in with what became of it. Errors: database.ErrNotFound when
// nothing was added.
func scanAdded(tx *gorm.DB, in app.Item) (app.Item, error) {
	rows, err := tx.Rows()
	if err != nil {
		return app.Item{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		err = rows.Err()
		if err == nil {
			err = gorm.ErrRecordNotFound
		}
		return app.Item{}, tx.AddError(err) // which translates
	}
	if err := rows.Scan(&in.ID, &in.Quantity, &in.Version, &in.CreatedAt, &in.UpdatedAt); err != nil {
		return app.Item{}, err
	}
	in.CreatedAt, in.UpdatedAt = in.CreatedAt.UTC(), in.UpdatedAt.UTC()
	// A statement is only done, and on SQLite committed, when its rows are closed.
	return in, tx.AddError(rows.Close())
}

// whyNotAdded finds out why nothing was added, and whether that still holds.
func (s *Store) whyNotAdded(ctx context.Context, in app.Item) error {
	var found app.Room
	err := s.db.Write(ctx).Raw(
		`SELECT coalesce(sum(CASE WHEN product_id = ? THEN quantity END), 0) AS own, count(*) AS items,
		        count(CASE WHEN product_id <> ? AND currency <> ? THEN 1 END) AS others
		   FROM cart_items WHERE user_id = ?`,
		in.ProductID, in.ProductID, string(in.Currency), in.UserID,
	).Find(&found).Error
	if err != nil {
		return fmt.Errorf("look why nothing was added to the cart: %w", err)
	}
	if err := found.Check(in); err != nil {
		return err
	}
	return app.ErrChanged
}

// Item implements app.Store.
func (s *Store) Item(ctx context.Context, user id.User, item id.CartItem) (app.Item, error) {
	rows, err := s.items(ctx, `WHERE id = ? AND user_id = ?`, item, user)
	if err != nil {
		return app.Item{}, err
	}
	if len(rows) == 0 {
		return app.Item{}, cart.ErrItemNotFound
	}
	return rows[0], nil
}

// Items implements app.Store.
func (s *Store) Items(ctx context.Context, user id.User) ([]app.Item, error) {
	return s.items(ctx, `WHERE user_id = ? ORDER BY id`, user)
}

func (s *Store) items(ctx context.Context, which string, args ...any) ([]app.Item, error) {
	rows := make([]item, 0, 4) // else GORM makes room for 20
	err := s.db.Read(ctx).Raw(`SELECT `+itemColumns+` FROM cart_items `+which, args...).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read cart items: %w", err)
	}
	items := make([]app.Item, len(rows))
	for i, row := range rows {
		items[i] = row.value()
	}
	return items, nil
}

// SetQuantity implements app.Store.
func (s *Store) SetQuantity(ctx context.Context, in cart.UpdateItemInput, quantity int64, at time.Time) (app.Item, error) {
	var rows []item
	err := s.db.Write(ctx).Raw(
		`UPDATE cart_items SET quantity = ?, version = version + 1, updated_at = ?
		  WHERE id = ? AND user_id = ? AND (version = ? OR ? = 0) RETURNING `+itemColumns,
		quantity, at, in.ID, in.UserID, in.IfVersion, in.IfVersion,
	).Find(&rows).Error
	if err != nil {
		return app.Item{}, fmt.Errorf("change a cart item: %w", err)
	}
	if len(rows) == 0 {
		return app.Item{}, s.missing(ctx, in.UserID, in.ID)
	}
	return rows[0].value(), nil
}

// missing says why an item could not be changed: it is gone, or at another
// version.
func (s *Store) missing(ctx context.Context, user id.User, item id.CartItem) error {
	if _, err := s.Item(ctx, user, item); err != nil {
		return err
	}
	return fault.ErrPrecondition
}

// Remove implements app.Store.
func (s *Store) Remove(ctx context.Context, in cart.RemoveItemInput) error {
	removed := s.db.Write(ctx).Exec(
		`DELETE FROM cart_items WHERE id = ? AND user_id = ? AND (version = ? OR ? = 0)`,
		in.ID, in.UserID, in.IfVersion, in.IfVersion)
	if removed.Error != nil {
		return fmt.Errorf("remove a cart item: %w", removed.Error)
	}
	if removed.RowsAffected == 0 {
		return s.missing(ctx, in.UserID, in.ID)
	}
	return nil
}

// Clear implements app.Store. All who lock several rows of a cart do so in one
// order, so that none waits for another in a circle.
func (s *Store) Clear(ctx context.Context, user id.User) error {
	err := s.db.Write(ctx).Exec(
		`DELETE FROM cart_items WHERE id IN (SELECT id FROM cart_items WHERE user_id = ? ORDER BY id`+s.forUpdate()+`)`,
		user).Error
	if err != nil {
		return fmt.Errorf("empty the cart: %w", err)
	}
	return nil
}
