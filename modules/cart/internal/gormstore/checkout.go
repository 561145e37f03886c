package gormstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"shop/modules/cart/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// checkout is a row of checkouts as it is read.
type checkout struct {
	ID        id.Checkout
	UserID    id.User
	State     string
	Lines     []byte
	InvoiceID id.Invoice
	Scope     *string
	Key       *string
	Claims    int64
	HeldUntil time.Time
	DueAt     time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

const checkoutColumns = `id, user_id, state, lines, invoice_id, scope, key, claims, held_until, due_at, created_at, updated_at`

func (r checkout) value() (app.Checkout, error) {
	c := app.Checkout{
		ID: r.ID, UserID: r.UserID, State: app.State(r.State), InvoiceID: r.InvoiceID, Claims: r.Claims,
		HeldUntil: r.HeldUntil.UTC(), DueAt: r.DueAt.UTC(), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	if r.Scope != nil && r.Key != nil {
		c.Key = app.Key{Scope: *r.Scope, Text: *r.Key}
	}
	if err := json.Unmarshal(r.Lines, &c.Lines); err != nil {
		return app.Checkout{}, fmt.Errorf("decode the lines of %s: %w", r.ID, err)
	}
	return c, nil
}

// Start implements app.Store. The cart's rows are locked before the checkout is
// added: else one that was waiting for the checkout before it, on the unique
// index, would go on with the rows that this one has just removed.
func (s *Store) Start(ctx context.Context, c app.Checkout) error {
	lines, err := json.Marshal(c.Lines)
	if err != nil {
		return fmt.Errorf("encode the lines of a checkout: %w", err)
	}
	var scope, key *string
	if c.Key != (app.Key{}) {
		scope, key = &c.Key.Scope, &c.Key.Text
	}
	pairs := make([]any, 0, 2*len(c.Lines))
	for _, line := range c.Lines {
		pairs = append(pairs, line.ItemID, line.Version)
	}
	started := s.db.Write(ctx).Exec(
		`WITH seen (id, version) AS (`+s.values(len(c.Lines))+`),
		 locked AS (SELECT id, version FROM cart_items WHERE user_id = ? ORDER BY id`+s.forUpdate()+`)
		 INSERT INTO checkouts (`+checkoutColumns+`)
		 SELECT ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?
		  WHERE (SELECT count(*) FROM locked) = ?
		    AND (SELECT count(*) FROM locked JOIN seen ON seen.id = locked.id AND seen.version = locked.version) = ?`,
		append(pairs, c.UserID,
			c.ID, c.UserID, string(c.State), string(lines), scope, key, c.Claims, c.HeldUntil, c.DueAt, c.CreatedAt, c.UpdatedAt,
			len(c.Lines), len(c.Lines))...)
	if err := started.Error; err != nil {
		return fmt.Errorf("start a checkout: %w", translateStart(err))
	}
	if started.RowsAffected == 0 {
		return app.ErrChanged
	}
	return nil
}

func translateStart(err error) error {
	var duplicate *database.DuplicateError
	if !errors.As(err, &duplicate) {
		return err
	}
	switch duplicate.Constraint {
	case "checkouts_user_id_key":
		return fmt.Errorf("%w: %w", app.ErrUnfinished, err)
	case "checkouts_scope_key_key":
		return fmt.Errorf("%w: %w", app.ErrKeyUsed, err)
	default:
		return err
	}
}

// values is a table of n identifiers and numbers.
func (s *Store) values(n int) string {
	row := "(?, ?)"
	if s.db.Dialect() == database.Postgres {
		row = "(?::uuid, ?::bigint)"
	}
	return "VALUES " + strings.Repeat(row+", ", n-1) + row
}

// Checkout implements app.Store.
func (s *Store) Checkout(ctx context.Context, checkout id.Checkout) (app.Checkout, bool, error) {
	return s.checkout(ctx, `WHERE id = ?`, checkout)
}

// CheckoutOfKey implements app.Store.
func (s *Store) CheckoutOfKey(ctx context.Context, key app.Key) (app.Checkout, bool, error) {
	return s.checkout(ctx, `WHERE scope = ? AND key = ? AND key IS NOT NULL AND state <> 'failed'`, key.Scope, key.Text)
}

// Unfinished implements app.Store.
func (s *Store) Unfinished(ctx context.Context, user id.User) (bool, error) {
	_, found, err := s.checkout(ctx, `WHERE user_id = ? AND state = 'started'`, user)
	return found, err
}

func (s *Store) checkout(ctx context.Context, which string, args ...any) (app.Checkout, bool, error) {
	found, err := s.checkouts(ctx, which, args...)
	if err != nil || len(found) == 0 {
		return app.Checkout{}, false, err
	}
	return found[0], true, nil
}

func (s *Store) checkouts(ctx context.Context, which string, args ...any) ([]app.Checkout, error) {
	var rows []checkout
	err := s.db.Read(ctx).Raw(`SELECT `+checkoutColumns+` FROM checkouts `+which, args...).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read checkouts: %w", err)
	}
	found := make([]app.Checkout, len(rows))
	for i, row := range rows {
		if found[i], err = row.value(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// DropKey implements app.Store.
func (s *Store) DropKey(ctx context.Context, key app.Key) error {
	return s.dropKeys(ctx, `scope = ? AND key = ?`, key.Scope, key.Text)
}

// DropKeys implements app.Store.
func (s *Store) DropKeys(ctx context.Context, user id.User) error {
	return s.dropKeys(ctx, `user_id = ? AND key IS NOT NULL`, user)
}

func (s *Store) dropKeys(ctx context.Context, which string, args ...any) error {
	err := s.db.Write(ctx).Exec(`UPDATE checkouts SET scope = NULL, key = NULL WHERE `+which, args...).Error
	if err != nil {
		return fmt.Errorf("drop keys of checkouts: %w", err)
	}
	return nil
}

// Due implements app.Store.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]app.Checkout, error) {
	return s.checkouts(ctx, `WHERE state = 'started' AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

// Claim implements app.Store.
func (s *Store) Claim(ctx context.Context, c app.Checkout, until time.Time) (bool, error) {
	return s.change(ctx, c, `claims = claims + 1, held_until = ?, due_at = ?`, until, until)
}

// Defer implements app.Store.
func (s *Store) Defer(ctx context.Context, c app.Checkout, now, due time.Time) error {
	_, err := s.change(ctx, c, `held_until = ?, due_at = ?`, now, due)
	return err
}

// Fail implements app.Store.
func (s *Store) Fail(ctx context.Context, c app.Checkout, at time.Time) (bool, error) {
	return s.change(ctx, c, `state = 'failed', updated_at = ?`, at)
}

// change changes a started checkout that nobody has claimed since it was read.
func (s *Store) change(ctx context.Context, c app.Checkout, set string, args ...any) (bool, error) {
	changed := s.db.Write(ctx).Exec(
		`UPDATE checkouts SET `+set+` WHERE id = ? AND state = 'started' AND claims = ?`, append(args, c.ID, c.Claims)...)
	if changed.Error != nil {
		return false, fmt.Errorf("change a checkout: %w", changed.Error)
	}
	return changed.RowsAffected > 0, nil
}
