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
	ID          id.Checkout
	UserID      id.User
	State       string
	Lines       []byte
	Terms       []byte
	Buyer       []byte
	InvoiceID   id.Invoice
	Number      string
	Settlement  string
	SettleAt    *time.Time
	Scope       *string
	Key         *string
	Fingerprint *string
	Claims      int64
	HeldUntil   time.Time
	DueAt       time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

const checkoutColumns = `id, user_id, state, lines, terms, buyer, invoice_id, number, settlement, settle_at,
	scope, key, fingerprint, claims, held_until, due_at, created_at, updated_at`

func (r checkout) value() (app.Checkout, error) {
	c := app.Checkout{
		ID: r.ID, UserID: r.UserID, State: app.State(r.State), InvoiceID: r.InvoiceID, Number: r.Number,
		Settlement: app.Settlement(r.Settlement), Claims: r.Claims,
		HeldUntil: r.HeldUntil.UTC(), DueAt: r.DueAt.UTC(), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	if r.Scope != nil && r.Key != nil {
		c.Key = app.Key{Scope: *r.Scope, Text: *r.Key}
		if r.Fingerprint != nil {
			c.Key.Fingerprint = *r.Fingerprint
		}
	}
	if r.SettleAt != nil {
		c.SettleAt = r.SettleAt.UTC()
	}
	for _, column := range []struct {
		text []byte
		into any
	}{{r.Lines, &c.Lines}, {r.Terms, &c.Terms}, {r.Buyer, &c.Buyer}} {
		if len(column.text) == 0 {
			continue
		}
		if err := json.Unmarshal(column.text, column.into); err != nil {
			return app.Checkout{}, fmt.Errorf("decode %s: %w", r.ID, err)
		}
	}
	return c, nil
}

// Start implements app.Store. Without a discount it is one statement.
func (s *Store) Start(ctx context.Context, c app.Checkout) error {
	if c.Terms == nil || c.Terms.Use == nil {
		return s.start(ctx, c)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.takeUse(ctx, c); err != nil {
			return err
		}
		return s.start(ctx, c)
	})
}

// start adds the checkout. The cart's rows are locked before: else one that was
// waiting for the checkout before it, on the unique index, would go on with the
// rows that this one has just removed.
func (s *Store) start(ctx context.Context, c app.Checkout) error {
	lines, err := json.Marshal(c.Lines)
	if err != nil {
		return fmt.Errorf("encode the lines of a checkout: %w", err)
	}
	terms, err := jsonOrNull(c.Terms, c.Terms == nil)
	if err != nil {
		return err
	}
	buyer, err := jsonOrNull(c.Buyer, c.Buyer == app.Buyer{})
	if err != nil {
		return err
	}
	var scope, key, fingerprint *string
	if c.Key != (app.Key{}) {
		scope, key, fingerprint = &c.Key.Scope, &c.Key.Text, &c.Key.Fingerprint
	}
	pairs := make([]any, 0, 2*len(c.Lines)+18)
	for _, line := range c.Lines {
		pairs = append(pairs, line.ItemID, line.Version)
	}
	started := s.db.Write(ctx).Exec(
		`WITH seen (id, version) AS (`+s.values(len(c.Lines))+`),
		 locked AS (SELECT id, version FROM cart_items WHERE user_id = ? ORDER BY id`+s.forUpdate()+`)
		 INSERT INTO checkouts (id, user_id, state, lines, terms, buyer, settlement, scope, key, fingerprint,
		   claims, held_until, due_at, created_at, updated_at)
		 SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
		  WHERE (SELECT count(*) FROM locked) = ?
		    AND (SELECT count(*) FROM locked JOIN seen ON seen.id = locked.id AND seen.version = locked.version) = ?`,
		append(pairs, c.UserID,
			c.ID, c.UserID, string(c.State), string(lines), terms, buyer, string(c.Settlement), scope, key, fingerprint,
			c.Claims, c.HeldUntil, c.DueAt, c.CreatedAt, c.UpdatedAt,
			len(c.Lines), len(c.Lines))...)
	if err := started.Error; err != nil {
		return fmt.Errorf("start a checkout: %w", translateStart(err))
	}
	if started.RowsAffected == 0 {
		return app.ErrChanged
	}
	return nil
}

// jsonOrNull is the text of a column that may be empty.
func jsonOrNull(value any, empty bool) (*string, error) {
	if empty {
		return nil, nil //nolint:nilnil // NULL is a value
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode a checkout: %w", err)
	}
	text := string(encoded)
	return &text, nil
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
	return checkoutsOf(rows)
}

func checkoutsOf(rows []checkout) ([]app.Checkout, error) {
	found := make([]app.Checkout, len(rows))
	for i, row := range rows {
		var err error
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
	err := s.db.Write(ctx).Exec(`UPDATE checkouts SET scope = NULL, key = NULL, fingerprint = NULL WHERE `+which, args...).Error
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

// GiveUp implements app.Store.
func (s *Store) GiveUp(ctx context.Context, c app.Checkout, until time.Time) (bool, error) {
	given := s.db.Write(ctx).Exec(
		`UPDATE checkouts SET claims = claims + 1, held_until = ?, due_at = ?, settlement = 'release'
		  WHERE id = ? AND state = 'started' AND claims = ? AND settlement IN ('unsettled', 'release')`,
		until, until, c.ID, c.Claims)
	if given.Error != nil {
		return false, fmt.Errorf("give up a checkout: %w", given.Error)
	}
	return given.RowsAffected > 0, nil
}

// errNothing takes a transaction back that has nothing to do.
var errNothing = errors.New("nothing to do")

// Fail implements app.Store. The use of the discount is given back first, as all
// do who change both: see giveUseBack.
func (s *Store) Fail(ctx context.Context, c app.Checkout, at time.Time) (bool, error) {
	const failed = `state = 'failed', buyer = NULL, updated_at = ?`
	if c.Terms == nil || c.Terms.Use == nil {
		return s.change(ctx, c, failed, at)
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.giveUseBack(ctx, c.ID); err != nil {
			return err
		}
		changed, err := s.change(ctx, c, failed, at)
		if err == nil && !changed {
			err = errNothing
		}
		return err
	})
	if errors.Is(err, errNothing) {
		return false, nil
	}
	return err == nil, err
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
