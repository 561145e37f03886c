package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/id"
)

// after continues a list behind a key; the zero key is its beginning.
func after[K interface{ IsZero() bool }](column string, key K) (string, []any) {
	if key.IsZero() {
		return column + " IS NOT NULL", nil
	}
	return column + " > ?", []any{key}
}

// Levels implements app.Store. A level and its movements commit together, so what
// one statement sees of them agrees, whoever is buying.
func (s *Store) Levels(ctx context.Context, behind id.Product, limit int) ([]app.Level, error) {
	condition, args := after("p.id", behind)
	var levels []app.Level
	err := s.db.Read(ctx).Raw(
		`SELECT p.id AS product, coalesce(s.quantity, -1) AS quantity,
		        (SELECT CAST(coalesce(sum(m.delta), 0) AS bigint) FROM stock_movements m WHERE m.product_id = p.id) AS ledger
		   FROM products p LEFT JOIN stock_levels s ON s.product_id = p.id
		  WHERE `+condition+` ORDER BY p.id LIMIT ?`, append(args, limit)...).Find(&levels).Error
	if err != nil {
		return nil, fmt.Errorf("add up stock movements: %w", err)
	}
	return levels, nil
}

// MendLevel implements app.Store. The movement of nothing says that it was done,
// and other processes by it that they have to look again.
func (s *Store) MendLevel(ctx context.Context, product id.Product, at time.Time) (mended bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		mended = false
		tx := s.db.Write(ctx)
		err := tx.Exec(`INSERT INTO stock_levels (product_id, quantity) VALUES (?, 0) ON CONFLICT (product_id) DO NOTHING`, product).Error
		if err != nil {
			return fmt.Errorf("add stock level: %w", err)
		}
		if err := s.lockLevels(ctx, []held{{ProductID: product}}); err != nil {
			return err
		}
		var levels []level
		err = tx.Raw(
			`UPDATE stock_levels SET revision = revision + 1,
			   quantity = (SELECT CAST(coalesce(sum(delta), 0) AS bigint) FROM stock_movements WHERE product_id = ?)
			  WHERE product_id = ? AND (SELECT coalesce(sum(delta), 0) FROM stock_movements WHERE product_id = ?) >= 0
			 RETURNING product_id, quantity`, product, product, product).Find(&levels).Error
		if err != nil {
			return fmt.Errorf("set stock level: %w", err)
		}
		if len(levels) == 0 {
			return nil // no level is below 0: a person has to count
		}
		mended = true
		return s.note(ctx, movement{
			ProductID: product, Reason: counted, At: at, Note: "the level was set to the sum of its movements",
		}, levels[0].Quantity)
	})
	return mended, err
}

// Balances implements app.Store.
func (s *Store) Balances(ctx context.Context, behind id.Checkout, limit int) ([]app.Balance, error) {
	condition, args := after("reference", behind)
	var rows []struct {
		Reference      id.Checkout
		State          catalog.ReservationState
		ExpiresAt      *time.Time
		Products       int64
		Taken, Out     int64
		Missing, Extra int64
	}
	args = append(args, limit)
	arguments := append(append([]any{}, args...), args...)
	err := s.db.Read(ctx).Raw(
		`SELECT b.reference, coalesce(r.state, '') AS state, r.expires_at, b.products, b.taken, b.out, b.missing, b.extra
		   FROM (
		     SELECT reference, CAST(count(product_id) AS bigint) AS products,
		            CAST(coalesce(sum(taken), 0) AS bigint) AS taken, CAST(coalesce(sum(net), 0) AS bigint) AS out,
		            CAST(sum(CASE WHEN net <> taken THEN 1 ELSE 0 END) AS bigint) AS missing,
		            CAST(sum(CASE WHEN net <> 0 THEN 1 ELSE 0 END) AS bigint) AS extra
		       FROM (
		         SELECT k.reference, m.product_id, -sum(m.delta) AS net,
		                -sum(CASE WHEN m.reason = 'reserved' THEN m.delta ELSE 0 END) AS taken
		           FROM (
		             SELECT reference FROM (
		               SELECT DISTINCT reference FROM stock_movements WHERE `+condition+` ORDER BY reference LIMIT ?) AS moved
		             UNION
		             SELECT reference FROM (
		               SELECT reference FROM reservations WHERE `+condition+` ORDER BY reference LIMIT ?) AS made
		             ORDER BY reference LIMIT ?) AS k
		           LEFT JOIN stock_movements m ON m.reference = k.reference
		          GROUP BY k.reference, m.product_id) AS lines
		      GROUP BY reference) AS b
		   LEFT JOIN reservations r ON r.reference = b.reference
		  ORDER BY b.reference`, append(arguments, limit)...).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("add up reservations: %w", err)
	}
	balances := make([]app.Balance, len(rows))
	for i, row := range rows {
		balances[i] = app.Balance{
			Key: row.Reference, State: row.State, Products: row.Products, Taken: row.Taken, Out: row.Out,
			Held: row.Missing == 0, Back: row.Extra == 0,
		}
		if row.ExpiresAt != nil {
			balances[i].ExpiresAt = row.ExpiresAt.UTC()
		}
	}
	return balances, nil
}

// MendReservation implements app.Store.
func (s *Store) MendReservation(ctx context.Context, key id.Checkout, at time.Time) (bool, error) {
	done := s.db.Write(ctx).Exec(
		`UPDATE reservations SET state = ?, updated_at = ? WHERE reference = ? AND state = ? AND NOT EXISTS (
		   SELECT 1 FROM stock_movements m WHERE m.reference = reservations.reference
		    GROUP BY m.product_id HAVING sum(m.delta) <> 0)`,
		catalog.StateReleased, at, key, catalog.StateReserved)
	if done.Error != nil {
		return false, fmt.Errorf("mend reservation: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}
