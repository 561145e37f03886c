package rest

import (
	"context"
	"net/http"
	"time"

	"shop/modules/cart"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/money"
	"shop/platform/page"
	"shop/platform/remote"
)

// Paths of the operations.
const (
	discountsPath = "/discounts/"
	discountPath  = "/discount/"
)

// registerDiscounts declares the operations of discount codes.
func registerDiscounts(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "create-discount", Method: http.MethodPost, Path: discountsPath, Module: "cart",
		Summary: "Create a discount code", Access: httpapi.Administrator, Status: http.StatusCreated,
		Errors: []int{http.StatusConflict},
	}, h.createDiscount)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-discounts", Method: http.MethodGet, Path: discountsPath, Module: "cart",
		Summary: "List discount codes, newest first", Access: httpapi.Administrator,
	}, h.listDiscounts)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-discount", Method: http.MethodGet, Path: discountPath + "{id}", Module: "cart",
		Summary: "Read a discount code", Access: httpapi.Administrator, Errors: []int{http.StatusNotModified},
	}, h.discount)
	httpapi.Handle(api, httpapi.Operation{
		ID: "update-discount", Method: http.MethodPut, Path: discountPath + "{id}", Module: "cart",
		Summary: "Set the terms of a discount code", Access: httpapi.Administrator,
		Description: "All terms are set: a limit that is left out is none. The code stays. Checkouts that have begun keep their discount. With `If-Match` the change is made only to the version you have seen; a use of the code does not count.",
		Errors:      []int{http.StatusPreconditionFailed},
	}, h.updateDiscount)
	httpapi.Handle(api, httpapi.Operation{
		ID: "delete-discount", Method: http.MethodDelete, Path: discountPath + "{id}", Module: "cart",
		Summary: "Remove a discount code", Access: httpapi.Administrator, Errors: []int{http.StatusPreconditionFailed},
	}, h.deleteDiscount)
}

// DiscountTerms are what a discount code is worth, and its limits.
type DiscountTerms struct {
	BasisPoints    int64      `json:"basis_points,omitempty" minimum:"1" maximum:"10000" doc:"Hundredths of a percent of the subtotal; either this or amount." example:"1500"`
	Amount         *Price     `json:"amount,omitempty" doc:"What is taken off, never more than the subtotal; for carts in its currency."`
	MinSubtotal    *Price     `json:"min_subtotal,omitempty" doc:"The subtotal that a cart must have."`
	From           *time.Time `json:"from,omitempty" doc:"Checkouts may begin from then on." example:"2026-11-02T00:00:00Z"`
	Until          *time.Time `json:"until,omitempty" doc:"And before then." example:"2026-12-01T00:00:00Z"`
	MaxUses        int64      `json:"max_uses,omitempty" minimum:"0" maximum:"1000000000" doc:"How many checkouts may have it; 0 for no limit." example:"100"`
	MaxUsesPerUser int64      `json:"max_uses_per_user,omitempty" minimum:"0" maximum:"1000000000" doc:"How many of one user; 0 for no limit." example:"1"`
}

// NewDiscount is the body of a creation.
type NewDiscount struct {
	Code string `json:"code" minLength:"1" maxLength:"50" pattern:"^[A-Za-z0-9_-]+$" doc:"Unique without regard to upper and lower case." example:"SPRING"`
	DiscountTerms
}

// Discount is a discount code as it is answered.
type Discount struct {
	ID   id.Discount `json:"id" example:"disc_01h455vb4pex5vsknk084sn02q"`
	Code string      `json:"code" example:"SPRING"`
	DiscountTerms
	Uses      int64     `json:"uses" doc:"How many checkouts have it." example:"3"`
	Version   int64     `json:"version" doc:"Counts changes." example:"1"`
	CreatedAt time.Time `json:"created_at" example:"2026-11-02T09:30:00.000000Z"`
	UpdatedAt time.Time `json:"updated_at" example:"2026-11-02T09:30:00.000000Z"`
}

func termsOf(t cart.DiscountTerms) DiscountTerms {
	return DiscountTerms{
		BasisPoints: t.BasisPoints, Amount: priceOrNone(t.Amount), MinSubtotal: priceOrNone(t.MinSubtotal),
		From: given(t.From), Until: given(t.Until), MaxUses: t.MaxUses, MaxUsesPerUser: t.MaxUsesPerUser,
	}
}

func priceOrNone(a money.Amount) *Price {
	if a.IsZero() {
		return nil
	}
	price := priceOf(a)
	return &price
}

func (t DiscountTerms) value() cart.DiscountTerms {
	value := cart.DiscountTerms{BasisPoints: t.BasisPoints, MaxUses: t.MaxUses, MaxUsesPerUser: t.MaxUsesPerUser}
	if t.Amount != nil {
		value.Amount = t.Amount.value()
	}
	if t.MinSubtotal != nil {
		value.MinSubtotal = t.MinSubtotal.value()
	}
	if t.From != nil {
		value.From = *t.From
	}
	if t.Until != nil {
		value.Until = *t.Until
	}
	return value
}

func discountOf(d cart.Discount) Discount {
	return Discount{
		ID: d.ID, Code: d.Code, DiscountTerms: termsOf(d.DiscountTerms), Uses: d.Uses, Version: d.Version,
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
}

// value is the discount as the face has it.
func (d Discount) value() cart.Discount {
	return cart.Discount{
		ID: d.ID, Code: d.Code, DiscountTerms: d.DiscountTerms.value(), Uses: d.Uses, Version: d.Version,
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
}

// discountETag changes with the discount and with its uses; If-Match looks at
// the version alone.
func discountETag(d cart.Discount) string { return httpapi.ETag(d.Version, d.Uses) }

type discountOutput struct {
	ETag string `header:"ETag" doc:"Changes with the discount and with its uses."`
	Body Discount
}

func discountAnswer(d cart.Discount, err error) (*discountOutput, error) {
	if err != nil {
		return nil, err
	}
	return &discountOutput{ETag: discountETag(d), Body: discountOf(d)}, nil
}

type createDiscountInput struct {
	httpapi.IdempotencyKey
	Body NewDiscount
}

func (h handlers) createDiscount(ctx context.Context, in *createDiscountInput) (*httpapi.Created[Discount], error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	d, err := h.service.CreateDiscount(ctx, cart.CreateDiscountInput{
		Key: key, Code: in.Body.Code, DiscountTerms: in.Body.value(),
	})
	if err != nil {
		return nil, err
	}
	return httpapi.NewCreated(discountPath+d.ID.String(), discountETag(d), key, discountOf(d)), nil
}

type listDiscountsInput struct{ httpapi.PageQuery }

func (h handlers) listDiscounts(ctx context.Context, in *listDiscountsInput) (*httpapi.List[Discount], error) {
	p, err := h.service.ListDiscounts(ctx, cart.ListDiscountsInput{Page: in.Page()})
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(ctx, p, discountOf), nil
}

// DiscountRef names a discount code. It is exported because huma looks into
// exported embedded structs only.
type DiscountRef struct {
	ID id.Discount `path:"id" doc:"The discount code." example:"disc_01h455vb4pex5vsknk084sn02q"`
}

type discountInput struct {
	DiscountRef
	httpapi.Conditional
}

func (h handlers) discount(ctx context.Context, in *discountInput) (*discountOutput, error) {
	d, err := h.service.Discount(ctx, cart.DiscountInput{ID: in.ID})
	if err == nil {
		err = in.Check(discountETag(d))
	}
	return discountAnswer(d, err)
}

type updateDiscountInput struct {
	DiscountRef
	httpapi.Precondition
	Body DiscountTerms
}

func (h handlers) updateDiscount(ctx context.Context, in *updateDiscountInput) (*discountOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return discountAnswer(h.service.UpdateDiscount(ctx, cart.UpdateDiscountInput{
		ID: in.ID, IfVersion: version, DiscountTerms: in.Body.value(),
	}))
}

type deleteDiscountInput struct {
	DiscountRef
	httpapi.Precondition
}

func (h handlers) deleteDiscount(ctx context.Context, in *deleteDiscountInput) (*struct{}, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return nil, h.service.DeleteDiscount(ctx, cart.DeleteDiscountInput{ID: in.ID, IfVersion: version})
}

// CreateDiscount implements cart.Service.
func (c *Client) CreateDiscount(ctx context.Context, in cart.CreateDiscountInput) (cart.Discount, error) {
	var wire Discount
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodCreateDiscount, Method: http.MethodPost, Path: discountsPath, Key: in.Key, TakesKey: true,
		Body: NewDiscount{in.Code, termsOf(in.DiscountTerms)}, Result: &wire,
	})
	return wire.value(), err
}

// Discount implements cart.Service.
func (c *Client) Discount(ctx context.Context, in cart.DiscountInput) (cart.Discount, error) {
	var wire Discount
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodDiscount, Method: http.MethodGet, Path: discountPath + in.ID.PathSegment(), Result: &wire,
	})
	return wire.value(), err
}

// ListDiscounts implements cart.Service.
func (c *Client) ListDiscounts(ctx context.Context, in cart.ListDiscountsInput) (page.Page[cart.Discount], error) {
	var wire httpapi.ListBody[Discount]
	if _, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodListDiscounts, Method: http.MethodGet, Path: discountsPath, Query: httpapi.PageValues(in.Page),
		Result: &wire,
	}); err != nil {
		return page.Page[cart.Discount]{}, err
	}
	return httpapi.PageOf(wire, Discount.value), nil
}

// UpdateDiscount implements cart.Service.
func (c *Client) UpdateDiscount(ctx context.Context, in cart.UpdateDiscountInput) (cart.Discount, error) {
	var wire Discount
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodUpdateDiscount, Method: http.MethodPut, Path: discountPath + in.ID.PathSegment(),
		Header: httpapi.IfVersion(in.IfVersion), Body: termsOf(in.DiscountTerms), Result: &wire,
	})
	return wire.value(), err
}

// DeleteDiscount implements cart.Service.
func (c *Client) DeleteDiscount(ctx context.Context, in cart.DeleteDiscountInput) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: cart.MethodDeleteDiscount, Method: http.MethodDelete, Path: discountPath + in.ID.PathSegment(),
		Header: httpapi.IfVersion(in.IfVersion),
	})
	return err
}
