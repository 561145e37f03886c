package app

import (
	"context"
	"errors"

	"shop/modules/cart"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// Checkout implements cart.Service. What is stored when the checkout begins is
// enough to carry it to its end, so that nothing else is stored before that;
// see carry for the steps.
func (s *Service) Checkout(ctx context.Context, in cart.CheckoutInput) (cart.Checkout, error) {
	if err := requireOwner(ctx, in.UserID); err != nil {
		return cart.Checkout{}, err
	}
	if err := checkBuyer(in); err != nil {
		return cart.Checkout{}, err
	}
	key, err := keyOf(ctx, in)
	if err != nil {
		return cart.Checkout{}, err
	}
	for {
		checkout, err := s.begin(ctx, in, key)
		if err == nil {
			return s.carry(ctx, checkout)
		}
		// Whether it is a repeat is only asked when it cannot be a first request,
		// which saves that one a statement.
		var result cart.Checkout
		if !errors.Is(err, ErrChanged) {
			result, err = s.repeat(ctx, in, key, err)
		}
		if errors.Is(err, ErrChanged) && ctx.Err() == nil {
			continue
		}
		return result, err
	}
}

// keyOf is a request's key with its scope and what it asks for; the zero Key
// without one.
func keyOf(ctx context.Context, in cart.CheckoutInput) (Key, error) {
	if in.Key == nil {
		return Key{}, nil
	}
	fingerprint, err := idempotency.Fingerprint(in)
	return Key{
		Scope: idempotency.Scope(ctx, cart.MethodCheckout.String()), Text: in.Key.Text(), Fingerprint: fingerprint,
	}, err
}

// begin stores a new checkout of what is in the cart now, at the prices of now.
// Errors: those of quote, cart.ErrTotalChanged, and those of Store.Start.
func (s *Service) begin(ctx context.Context, in cart.CheckoutInput, key Key) (Checkout, error) {
	lines, terms, err := s.quote(ctx, in.UserID, in.DiscountCode, discountField)
	if err != nil {
		return Checkout{}, err
	}
	if err := checkExpected(in.ExpectedTotal, terms.Total); err != nil {
		return Checkout{}, err
	}
	now := s.clock()
	held := now.Add(s.settings.Lease)
	terms.PayUntil = now.Add(s.settings.PayWithin)
	checkout := Checkout{
		ID: id.NewCheckout(), UserID: in.UserID, Key: key, State: Started, Lines: lines, Terms: &terms,
		Buyer: Buyer{Contact: in.Contact, ShipTo: in.ShipTo}, Settlement: Unsettled, Claims: 1,
		HeldUntil: held, DueAt: held, CreatedAt: now, UpdatedAt: now,
	}
	return checkout, s.store.Start(ctx, checkout)
}

const discountField = "body.discount_code"

// itemField names an item in the fields of a refusal.
func itemField(item id.CartItem) string { return "items." + item.String() }

// repeat answers a request that could not begin a checkout because of refusal:
// with the checkout that has its key, which it carries on when it was
// interrupted, else with the refusal. Errors beyond those of the face:
// ErrChanged when the caller should try again.
func (s *Service) repeat(ctx context.Context, in cart.CheckoutInput, key Key, refusal error) (cart.Checkout, error) {
	if key == (Key{}) {
		return cart.Checkout{}, s.refused(ctx, in.UserID, refusal)
	}
	checkout, found, err := s.store.CheckoutOfKey(ctx, key)
	switch {
	case err != nil:
		return cart.Checkout{}, err
	case !found && errors.Is(refusal, ErrKeyUsed):
		return cart.Checkout{}, ErrChanged // that one has failed since
	case !found:
		return cart.Checkout{}, s.refused(ctx, in.UserID, refusal)
	}
	if checkout.State == Done && !s.clock().Before(checkout.CreatedAt.Add(idempotency.Lifetime)) {
		if err := s.store.DropKey(ctx, key); err != nil {
			return cart.Checkout{}, err
		}
		return cart.Checkout{}, ErrChanged
	}
	if checkout.UserID != in.UserID || checkout.Key.Fingerprint != "" && checkout.Key.Fingerprint != key.Fingerprint {
		return cart.Checkout{}, idempotency.ErrMismatch
	}
	result := checkout.result()
	if checkout.State == Started {
		if result, err = s.takeOver(ctx, checkout); err != nil {
			return cart.Checkout{}, err
		}
	}
	in.Key.MarkReplayed()
	return result, nil
}

// takeOver carries on a checkout that nobody has in hand, for a caller who
// waits for it.
func (s *Service) takeOver(ctx context.Context, c Checkout) (cart.Checkout, error) {
	if s.clock().Before(c.HeldUntil) {
		return cart.Checkout{}, idempotency.ErrInProgress
	}
	claimed, err := s.claim(ctx, &c)
	switch {
	case err != nil:
		return cart.Checkout{}, err
	case !claimed:
		return cart.Checkout{}, idempotency.ErrInProgress
	}
	return s.carry(ctx, c)
}

// refused is what a caller is told who cannot begin a checkout. The stock that
// seems to lack may be what another checkout of the same cart has reserved.
func (s *Service) refused(ctx context.Context, user id.User, refusal error) error {
	if errors.Is(refusal, cart.ErrUnavailableItems) {
		unfinished, err := s.store.Unfinished(ctx, user)
		if err != nil {
			return err
		}
		if unfinished {
			return cart.ErrCheckoutInProgress
		}
	}
	if errors.Is(refusal, ErrUnfinished) {
		return cart.ErrCheckoutInProgress
	}
	return refusal
}
