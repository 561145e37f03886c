package cart

import (
	"context"
	"time"

	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/money"
	"shop/platform/page"
)

// Discounts is the part of Service for discount codes. Its methods are for
// administrators and services. Each may also return a fault of kind Unavailable
// or Timeout.
type Discounts interface {
	// CreateDiscount adds a discount code. Safe to repeat with a key. Errors:
	// ErrDiscountCodeTaken, an invalid field.
	CreateDiscount(ctx context.Context, in CreateDiscountInput) (Discount, error)
	// Discount reads a discount code. Errors: ErrDiscountNotFound.
	Discount(ctx context.Context, in DiscountInput) (Discount, error)
	// ListDiscounts lists discount codes, newest first. Errors: page.ErrCursor.
	ListDiscounts(ctx context.Context, in ListDiscountsInput) (page.Page[Discount], error)
	// UpdateDiscount sets all terms of a discount code. Checkouts that have begun
	// keep theirs. Errors: ErrDiscountNotFound, fault.ErrPrecondition, an invalid
	// field.
	UpdateDiscount(ctx context.Context, in UpdateDiscountInput) (Discount, error)
	// DeleteDiscount removes a discount code. Checkouts that have begun keep
	// theirs. Errors: ErrDiscountNotFound, fault.ErrPrecondition.
	DeleteDiscount(ctx context.Context, in DeleteDiscountInput) error
}

// The methods of Discounts and what repeating them does.
var (
	MethodCreateDiscount = contract.Method{Module: "cart", Name: "CreateDiscount", Class: contract.IdempotentWrite}
	MethodDiscount       = contract.Method{Module: "cart", Name: "Discount", Class: contract.Read}
	MethodListDiscounts  = contract.Method{Module: "cart", Name: "ListDiscounts", Class: contract.Read}
	MethodUpdateDiscount = contract.Method{Module: "cart", Name: "UpdateDiscount", Class: contract.Write}
	MethodDeleteDiscount = contract.Method{Module: "cart", Name: "DeleteDiscount", Class: contract.Write}
)

// Discount is a code that takes something off a checkout.
type Discount struct {
	ID id.Discount
	// Code is what customers enter; unique without regard to upper and lower case.
	Code string
	DiscountTerms
	// Uses is how many checkouts have it; one that fails or whose invoice becomes
	// void gives its use back.
	Uses int64
	// Version counts changes by administrators, from 1.
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// DiscountTerms are what a discount code is worth and to whom: either
// BasisPoints or Amount, and limits, of which the zero value is none.
type DiscountTerms struct {
	// BasisPoints is the percentage of the subtotal, 1 to 10,000 (100 %).
	BasisPoints int64
	// Amount is what is taken off, never more than the subtotal. It is for carts in
	// its currency only.
	Amount money.Amount
	// MinSubtotal is the subtotal that a cart must have, in its currency.
	MinSubtotal money.Amount
	// From and Until are the period in which checkouts may begin, [From, Until).
	From, Until time.Time
	// MaxUses and MaxUsesPerUser bound Uses.
	MaxUses, MaxUsesPerUser int64
}

// Limits of a discount code.
const (
	// MaxCodeLength is how many characters a code may have.
	MaxCodeLength = 50
	// MaxUses is the largest limit of uses.
	MaxUses = 1_000_000_000
)

// CreateDiscountInput is a new discount code: 1 to MaxCodeLength letters, digits,
// "-" and "_".
type CreateDiscountInput struct {
	Key  *idempotency.Key
	Code string
	DiscountTerms
}

// DiscountInput names a discount code.
type DiscountInput struct{ ID id.Discount }

// ListDiscountsInput says which page.
type ListDiscountsInput struct{ Page page.Request }

// UpdateDiscountInput is what a discount code is to be worth from now on.
type UpdateDiscountInput struct {
	ID id.Discount
	// IfVersion makes the change only while it is at that version; 0 whatever its
	// version.
	IfVersion int64
	DiscountTerms
}

// DeleteDiscountInput names the discount code to remove.
type DeleteDiscountInput struct {
	ID id.Discount
	// IfVersion removes it only while it is at that version; 0 whatever its
	// version.
	IfVersion int64
}
