package app

import (
	"context"
	"strconv"
	"strings"

	"shop/modules/cart"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
	"shop/platform/page"
)

// CreateDiscount implements cart.Service.
func (s *Service) CreateDiscount(ctx context.Context, in cart.CreateDiscountInput) (cart.Discount, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return cart.Discount{}, err
	}
	var found findings
	if !validCode(in.Code) {
		found.add("body.code", "must be 1 to "+strconv.Itoa(cart.MaxCodeLength)+" letters, digits, - and _")
	}
	found.terms(in.DiscountTerms)
	if err := found.fault(); err != nil {
		return cart.Discount{}, err
	}
	return s.once.CreateDiscount(ctx, in, func(ctx context.Context) (cart.Discount, error) {
		now := s.clock()
		d := cart.Discount{
			ID: id.NewDiscount(), Code: in.Code, DiscountTerms: stored(in.DiscountTerms), Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		return d, s.store.AddDiscount(ctx, d)
	})
}

// Discount implements cart.Service.
func (s *Service) Discount(ctx context.Context, in cart.DiscountInput) (cart.Discount, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return cart.Discount{}, err
	}
	return s.store.Discount(ctx, in.ID)
}

// ListDiscounts implements cart.Service.
func (s *Service) ListDiscounts(ctx context.Context, in cart.ListDiscountsInput) (page.Page[cart.Discount], error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return page.Page[cart.Discount]{}, err
	}
	var before id.Discount
	if in.Page.Cursor != "" {
		cursor, err := page.Decode(in.Page.Cursor, "")
		if err != nil || before.UnmarshalText([]byte(cursor.ID)) != nil {
			return page.Page[cart.Discount]{}, page.ErrCursor
		}
	}
	rows, err := s.store.Discounts(ctx, before, in.Page.Size()+1)
	if err != nil {
		return page.Page[cart.Discount]{}, err
	}
	p := page.Cut(rows, in.Page.Size(), func(d cart.Discount) page.Cursor { return page.Cursor{ID: d.ID.String()} })
	if in.Page.CountExact {
		total, err := s.store.CountDiscounts(ctx)
		if err != nil {
			return page.Page[cart.Discount]{}, err
		}
		p.Total = &total
	}
	return p, nil
}

// UpdateDiscount implements cart.Service.
func (s *Service) UpdateDiscount(ctx context.Context, in cart.UpdateDiscountInput) (cart.Discount, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return cart.Discount{}, err
	}
	var found findings
	found.terms(in.DiscountTerms)
	if err := found.fault(); err != nil {
		return cart.Discount{}, err
	}
	in.DiscountTerms = stored(in.DiscountTerms)
	return s.store.SetDiscount(ctx, in, s.clock())
}

// DeleteDiscount implements cart.Service.
func (s *Service) DeleteDiscount(ctx context.Context, in cart.DeleteDiscountInput) error {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return err
	}
	return s.store.RemoveDiscount(ctx, in)
}

// FoldCode is a discount code as codes are compared.
func FoldCode(code string) string { return strings.ToLower(code) }

// validCode accepts ASCII only, in which upper and lower case are one thing
// everywhere.
func validCode(code string) bool {
	if code == "" || len(code) > cart.MaxCodeLength {
		return false
	}
	return strings.Trim(FoldCode(code), "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// terms names what is wrong with the terms of a discount.
func (f *findings) terms(t cart.DiscountTerms) {
	switch {
	case t.BasisPoints < 0 || t.BasisPoints > 10_000:
		f.add("body.basis_points", "must be from 1 to 10000")
	case (t.BasisPoints == 0) == (t.Amount.Minor == 0):
		f.add("body.basis_points", "must be there unless amount is, and not beside it")
	}
	f.amount("body.amount", t.Amount)
	f.amount("body.min_subtotal", t.MinSubtotal)
	if t.Amount.Minor > 0 && t.MinSubtotal.Minor > 0 && t.Amount.Currency != t.MinSubtotal.Currency {
		f.add("body.min_subtotal.currency", "must be the one of amount")
	}
	if !t.Until.IsZero() && !t.Until.After(t.From) {
		f.add("body.until", "must be after from")
	}
	f.limit("body.max_uses", t.MaxUses)
	f.limit("body.max_uses_per_user", t.MaxUsesPerUser)
}

// amount accepts an amount of money, or none.
func (f *findings) amount(location string, a money.Amount) {
	if a.Minor < 0 || a.Minor > money.MaxPrice {
		f.add(location+".amount", "must be from 0 to "+strconv.FormatInt(money.MaxPrice, 10))
	}
	if a.Minor != 0 && !a.Currency.Valid() {
		f.add(location+".currency", "must be an ISO 4217 code such as EUR")
	}
}

func (f *findings) limit(location string, n int64) {
	if n < 0 || n > cart.MaxUses {
		f.add(location, "must be from 0, for no limit, to "+strconv.Itoa(cart.MaxUses))
	}
}

// stored are terms as they are kept: nothing has no currency, and times have
// microseconds.
func stored(t cart.DiscountTerms) cart.DiscountTerms {
	for _, a := range []*money.Amount{&t.Amount, &t.MinSubtotal} {
		if a.IsZero() {
			*a = money.Amount{}
		}
	}
	if !t.From.IsZero() {
		t.From = database.Timestamp(t.From)
	}
	if !t.Until.IsZero() {
		t.Until = database.Timestamp(t.Until)
	}
	return t
}
