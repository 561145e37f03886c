package gormstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/modules/catalog"
	"shop/platform/database"
	"shop/platform/id"
)

// found is a line of a reservation and what has become of that.
type found struct {
	Reference id.Checkout
	ProductID id.Product
	Quantity  int64
	State     catalog.ReservationState
	ExpiresAt *time.Time
}

// Reservation implements app.Store.
func (s *Store) Reservation(ctx context.Context, key id.Checkout) (catalog.Reservation, bool, error) {
	found, err := s.Reservations(ctx, []id.Checkout{key})
	if err != nil || len(found) == 0 {
		return catalog.Reservation{}, false, err
	}
	return found[0], true, nil
}

// Reservations implements app.Store. One that the release before has made is its
// movements alone.
func (s *Store) Reservations(ctx context.Context, keys []id.Checkout) ([]catalog.Reservation, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var rows []found
	err := s.db.Read(ctx).Raw(
		`SELECT m.reference, m.product_id, -m.delta AS quantity, r.expires_at, coalesce(r.state, CASE WHEN EXISTS (
		          SELECT 1 FROM stock_movements b WHERE b.reference = m.reference AND b.product_id = m.product_id AND b.reason = ?)
		        THEN ? ELSE ? END) AS state
		   FROM stock_movements m LEFT JOIN reservations r ON r.reference = m.reference
		  WHERE m.reference IN ? AND m.reason = ? ORDER BY m.reference, m.product_id`,
		released, string(catalog.StateReleased), string(catalog.StateReserved), keys, reserved).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read reservations: %w", err)
	}
	var all []catalog.Reservation
	for _, row := range rows {
		if len(all) == 0 || all[len(all)-1].Key != row.Reference {
			r := catalog.Reservation{Key: row.Reference, State: row.State}
			if row.ExpiresAt != nil {
				r.ExpiresAt = row.ExpiresAt.UTC()
			}
			all = append(all, r)
		}
		last := &all[len(all)-1]
		last.Lines = append(last.Lines, catalog.ReserveLine{Product: row.ProductID, Quantity: row.Quantity})
	}
	return all, nil
}

// Known implements app.Store.
func (s *Store) Known(ctx context.Context, keys []id.Checkout) (map[id.Checkout]bool, error) {
	var found []id.Checkout
	err := s.db.Read(ctx).Raw(
		`SELECT DISTINCT reference FROM stock_movements WHERE reference IN ?`, keys).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("look for reservations: %w", err)
	}
	known := make(map[id.Checkout]bool, len(found))
	for _, key := range found {
		known[key] = true
	}
	return known, nil
}

// Extend implements app.Store.
func (s *Store) Extend(ctx context.Context, key id.Checkout, until, at time.Time) error {
	later, expiry := "expires_at < ?", []any{until}
	if until.IsZero() {
		later, expiry = "expires_at IS NOT NULL", nil
	}
	args := append([]any{pointer(until), at, key, catalog.StateReserved}, expiry...)
	err := s.db.Write(ctx).Exec(
		`UPDATE reservations SET expires_at = ?, updated_at = ? WHERE reference = ? AND state = ? AND `+later, args...).Error
	if err != nil {
		return fmt.Errorf("extend reservation: %w", err)
	}
	return nil
}

// pointer is nil for the zero time, which is NULL.
func pointer(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// Commit implements app.Store.
func (s *Store) Commit(ctx context.Context, key id.Checkout, at time.Time) (bool, error) {
	done := s.db.Write(ctx).Exec(
		`UPDATE reservations SET state = ?, updated_at = ? WHERE reference = ? AND state = ?`,
		catalog.StateCommitted, at, key, catalog.StateReserved)
	if done.Error != nil {
		return false, fmt.Errorf("commit reservation: %w", done.Error)
	}
	if done.RowsAffected > 0 {
		return true, nil
	}
	return s.adopt(ctx, key, catalog.StateCommitted, at)
}

// adopt makes the row of a reservation that the release before has made and not
// released, and says whether there was one.
func (s *Store) adopt(ctx context.Context, key id.Checkout, state catalog.ReservationState, at time.Time) (bool, error) {
	tx := s.db.Write(ctx)
	made := tx.Exec(
		`INSERT INTO reservations (reference, state, created_at, updated_at)
		 SELECT reference, `+s.textCast()+`, min(at), `+s.timeCast()+` FROM stock_movements
		  WHERE reference = ? GROUP BY reference HAVING sum(delta) < 0
		 ON CONFLICT (reference) DO NOTHING`, string(state), at, key)
	if made.Error != nil {
		return false, fmt.Errorf("adopt reservation: %w", made.Error)
	}
	return made.RowsAffected > 0, nil
}

// textCast and timeCast are placeholders among the columns of a SELECT, whose
// types PostgreSQL would have to guess.
func (s *Store) textCast() string { return s.cast("text") }
func (s *Store) timeCast() string { return s.cast("timestamptz") }

func (s *Store) cast(kind string) string {
	if s.db.Dialect() == database.SQLite {
		return "?"
	}
	return "?::" + kind
}

// Retake implements app.Store.
func (s *Store) Retake(ctx context.Context, key id.Checkout, at time.Time) (products []id.Product, done bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		products, done = nil, false
		var lines []held
		err := s.db.Write(ctx).Raw(
			`SELECT reference, product_id, -delta AS quantity FROM stock_movements
			  WHERE reference = ? AND reason = ? ORDER BY product_id`, key, reserved).Find(&lines).Error
		if err != nil {
			return fmt.Errorf("read reservation: %w", err)
		}
		if err := s.lockLevels(ctx, lines); err != nil {
			return err
		}
		committed := s.db.Write(ctx).Exec(
			`UPDATE reservations SET state = ?, updated_at = ? WHERE reference = ? AND state = ?`,
			catalog.StateCommitted, at, key, catalog.StateExpired)
		if committed.Error != nil {
			return fmt.Errorf("commit reservation: %w", committed.Error)
		}
		if committed.RowsAffected == 0 {
			return nil
		}
		done = true
		products, err = s.move(ctx, lines, retaken, -1, at)
		return err
	})
	if errors.Is(err, errShort) {
		return nil, false, nil
	}
	return products, done, err
}

// Release implements app.Store.
func (s *Store) Release(ctx context.Context, key id.Checkout, at time.Time) (products []id.Product, err error) {
	return s.end(ctx, ending{
		keys: []id.Checkout{key}, from: catalog.StateReserved, to: catalog.StateReleased, why: released, at: at,
	})
}

// Return implements app.Store.
func (s *Store) Return(ctx context.Context, key id.Checkout, at time.Time) (products []id.Product, err error) {
	return s.end(ctx, ending{
		keys: []id.Checkout{key}, from: catalog.StateCommitted, to: catalog.StateReturned, why: returned, at: at,
	})
}

// Waive implements app.Store.
func (s *Store) Waive(ctx context.Context, key id.Checkout, at time.Time) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE reservations SET state = ?, updated_at = ? WHERE reference = ? AND state = ?`,
		catalog.StateReleased, at, key, catalog.StateExpired).Error
	if err != nil {
		return fmt.Errorf("waive reservation: %w", err)
	}
	return nil
}

// Expire implements app.Store. Replicas that look at the same time find the same
// reservations; the conditional update lets one of them end each.
func (s *Store) Expire(ctx context.Context, at time.Time, limit int) (found int, products []id.Product, err error) {
	var due []id.Checkout
	err = s.db.Read(ctx).Raw(
		`SELECT reference FROM reservations WHERE state = 'reserved' AND expires_at <= ? ORDER BY expires_at LIMIT ?`,
		at, limit).Scan(&due).Error
	if err != nil {
		return 0, nil, fmt.Errorf("find reservations that are past their time: %w", err)
	}
	if len(due) == 0 {
		return 0, nil, nil
	}
	products, err = s.end(ctx, ending{
		keys: due, from: catalog.StateReserved, to: catalog.StateExpired, why: released, at: at, overdue: true,
	})
	return len(due), products, err
}

// ending is how reservations end.
type ending struct {
	keys     []id.Checkout
	from, to catalog.ReservationState
	why      reason
	at       time.Time
	// overdue ends those only whose time is past.
	overdue bool
}

// end gives the stock of reservations back, of each once, and returns the
// products that it was of. The levels are locked before the reservations, as
// Take does, so that neither waits for the other.
func (s *Store) end(ctx context.Context, e ending) (products []id.Product, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		products = nil
		var lines []held
		err := s.db.Write(ctx).Raw(
			`SELECT reference, product_id, -sum(delta) AS quantity FROM stock_movements WHERE reference IN ?
			  GROUP BY reference, product_id HAVING sum(delta) < 0 ORDER BY product_id, reference`, e.keys).Find(&lines).Error
		if err != nil {
			return fmt.Errorf("read reservations: %w", err)
		}
		if err := s.lockLevels(ctx, lines); err != nil {
			return err
		}
		ended, err := s.mark(ctx, e)
		if err != nil {
			return err
		}
		mine := lines[:0]
		for _, line := range lines {
			if ended[line.Reference] {
				mine = append(mine, line)
			}
		}
		products, err = s.move(ctx, mine, e.why, 1, e.at)
		return err
	})
	return products, err
}

// mark moves the states of reservations and returns whose it did.
func (s *Store) mark(ctx context.Context, e ending) (map[id.Checkout]bool, error) {
	condition, args := "", []any{e.to, e.at, e.keys, e.from}
	if e.overdue {
		condition, args = " AND expires_at <= ?", append(args, e.at)
	}
	var marked []id.Checkout
	err := s.db.Write(ctx).Raw(
		`UPDATE reservations SET state = ?, updated_at = ? WHERE reference IN ? AND state = ?`+condition+` RETURNING reference`,
		args...).Scan(&marked).Error
	if err != nil {
		return nil, fmt.Errorf("end reservations: %w", err)
	}
	ended := make(map[id.Checkout]bool, len(marked))
	for _, key := range marked {
		ended[key] = true
	}
	if len(ended) == 0 && e.to == catalog.StateReleased {
		if ended[e.keys[0]], err = s.adopt(ctx, e.keys[0], e.to, e.at); err != nil {
			return nil, err
		}
	}
	return ended, nil
}
