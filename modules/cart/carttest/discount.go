package carttest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
	"shop/platform/page"
)

func discountsChange(t *testing.T, s shop) {
	admin := asAdministrator(t)
	from := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	terms := cart.DiscountTerms{
		Amount: money.Of(500, "EUR"), MinSubtotal: money.Of(2000, "EUR"), From: from, Until: from.Add(time.Hour),
		MaxUses: 7, MaxUsesPerUser: 2,
	}
	in := cart.CreateDiscountInput{Key: idempotency.NewKey("k"), Code: "Spring_" + id.NewDiscount().String(), DiscountTerms: terms}
	made, err := s.CreateDiscount(admin, in)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(cart.Discount{
		ID: made.ID, Code: in.Code, DiscountTerms: terms, Version: 1, CreatedAt: made.CreatedAt, UpdatedAt: made.CreatedAt,
	}, made))
	again, err := s.CreateDiscount(admin, in)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(made, again), "repeated with its key")
	_, err = s.CreateDiscount(admin, cart.CreateDiscountInput{Code: strings.ToUpper(in.Code), DiscountTerms: terms})
	require.ErrorIs(t, err, cart.ErrDiscountCodeTaken, "whatever the case")
	require.Equal(t, []string{"body.code"}, locations(err))

	change := cart.UpdateDiscountInput{ID: made.ID, IfVersion: 1, DiscountTerms: cart.DiscountTerms{BasisPoints: 1000}}
	changed, err := s.UpdateDiscount(admin, change)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(cart.Discount{
		ID: made.ID, Code: in.Code, DiscountTerms: change.DiscountTerms, Version: 2, CreatedAt: made.CreatedAt, UpdatedAt: changed.UpdatedAt,
	}, changed), "all terms are set")
	read, err := s.Discount(admin, cart.DiscountInput{ID: made.ID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(changed, read))

	_, err = s.UpdateDiscount(admin, change)
	require.ErrorIs(t, err, fault.ErrPrecondition)
	require.ErrorIs(t, s.DeleteDiscount(admin, cart.DeleteDiscountInput{ID: made.ID, IfVersion: 1}), fault.ErrPrecondition)
	require.NoError(t, s.DeleteDiscount(admin, cart.DeleteDiscountInput{ID: made.ID, IfVersion: 2}))
	_, err = s.Discount(admin, cart.DiscountInput{ID: made.ID})
	require.ErrorIs(t, err, cart.ErrDiscountNotFound)
	_, err = s.UpdateDiscount(admin, change)
	require.ErrorIs(t, err, cart.ErrDiscountNotFound)
	require.ErrorIs(t, s.DeleteDiscount(admin, cart.DeleteDiscountInput{ID: made.ID}), cart.ErrDiscountNotFound)
}

func discountsPages(t *testing.T, s shop) {
	admin := asAdministrator(t)
	var newest []id.Discount
	for range 3 {
		newest = append([]id.Discount{s.discount(t, cart.DiscountTerms{BasisPoints: 1000}).ID}, newest...)
	}
	first, err := s.ListDiscounts(admin, cart.ListDiscountsInput{Page: page.Request{Limit: 2, CountExact: true}})
	require.NoError(t, err)
	require.NotNil(t, first.Total)
	require.GreaterOrEqual(t, *first.Total, int64(3))
	second, err := s.ListDiscounts(admin, cart.ListDiscountsInput{Page: page.Request{Limit: 2, Cursor: first.Next}})
	require.NoError(t, err)
	require.Nil(t, second.Total)
	var listed []id.Discount
	for _, d := range append(first.Items, second.Items...) {
		listed = append(listed, d.ID)
	}
	require.Equal(t, newest, listed[:3], "newest first")
	_, err = s.ListDiscounts(admin, cart.ListDiscountsInput{Page: page.Request{Cursor: "none"}})
	require.ErrorIs(t, err, page.ErrCursor)
}

func discountsInvalid(t *testing.T, s shop) {
	eur, dear, now := money.Of(1, "EUR"), money.Of(money.MaxPrice+1, "EUR"), s.Clock.Now()
	for name, test := range map[string]struct {
		code  string
		terms cart.DiscountTerms
		want  []string
	}{
		"no code":           {"", cart.DiscountTerms{BasisPoints: 1}, []string{"body.code"}},
		"long code":         {strings.Repeat("a", cart.MaxCodeLength+1), cart.DiscountTerms{BasisPoints: 1}, []string{"body.code"}},
		"code of others":    {"SOMMER-ÄÖ", cart.DiscountTerms{BasisPoints: 1}, []string{"body.code"}},
		"worth nothing":     {"a", cart.DiscountTerms{}, []string{"body.basis_points"}},
		"worth both":        {"a", cart.DiscountTerms{BasisPoints: 1, Amount: eur}, []string{"body.basis_points"}},
		"more than all":     {"a", cart.DiscountTerms{BasisPoints: 10_001}, []string{"body.basis_points"}},
		"less than nothing": {"a", cart.DiscountTerms{BasisPoints: -1}, []string{"body.basis_points"}},
		"negative":          {"a", cart.DiscountTerms{Amount: money.Of(-1, "EUR")}, []string{"body.amount.amount"}},
		"too much":          {"a", cart.DiscountTerms{Amount: dear}, []string{"body.amount.amount"}},
		"of too much":       {"a", cart.DiscountTerms{BasisPoints: 1, MinSubtotal: dear}, []string{"body.min_subtotal.amount"}},
		"no currency":       {"a", cart.DiscountTerms{Amount: money.Of(1, "eur")}, []string{"body.amount.currency"}},
		"other currency":    {"a", cart.DiscountTerms{Amount: eur, MinSubtotal: money.Of(1, "USD")}, []string{"body.min_subtotal.currency"}},
		"ends before begun": {"a", cart.DiscountTerms{BasisPoints: 1, From: now, Until: now}, []string{"body.until"}},
		"negative limits": {
			"a", cart.DiscountTerms{BasisPoints: 1, MaxUses: -1, MaxUsesPerUser: -1}, []string{"body.max_uses", "body.max_uses_per_user"},
		},
	} {
		_, err := s.CreateDiscount(asAdministrator(t), cart.CreateDiscountInput{Code: test.code, DiscountTerms: test.terms})
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		require.Equal(t, test.want, slices.Compact(locations(err)), name)
		if test.code == "a" {
			_, err := s.UpdateDiscount(asAdministrator(t), cart.UpdateDiscountInput{ID: id.NewDiscount(), DiscountTerms: test.terms})
			require.Equal(t, fault.Invalid, fault.KindOf(err), name)
			require.Equal(t, test.want, slices.Compact(locations(err)), name)
		}
	}
}

func discountsWho(t *testing.T, s shop) {
	d := s.discount(t, cart.DiscountTerms{BasisPoints: 1000})
	for name, method := range map[string]func(identity.Actor) error{
		"CreateDiscount": func(a identity.Actor) error {
			_, err := s.CreateDiscount(identity.With(t.Context(), a), cart.CreateDiscountInput{Code: "a", DiscountTerms: d.DiscountTerms})
			return err
		},
		"Discount": func(a identity.Actor) error {
			_, err := s.Discount(identity.With(t.Context(), a), cart.DiscountInput{ID: d.ID})
			return err
		},
		"ListDiscounts": func(a identity.Actor) error {
			_, err := s.ListDiscounts(identity.With(t.Context(), a), cart.ListDiscountsInput{})
			return err
		},
		"UpdateDiscount": func(a identity.Actor) error {
			_, err := s.UpdateDiscount(identity.With(t.Context(), a), cart.UpdateDiscountInput{ID: d.ID, DiscountTerms: d.DiscountTerms})
			return err
		},
		"DeleteDiscount": func(a identity.Actor) error {
			return s.DeleteDiscount(identity.With(t.Context(), a), cart.DeleteDiscountInput{ID: d.ID})
		},
	} {
		require.ErrorIs(t, method(identity.Actor{}), identity.ErrUnauthenticated, name)
		require.ErrorIs(t, method(identity.Actor{User: id.NewUser()}), identity.ErrForbidden, name)
	}
}
