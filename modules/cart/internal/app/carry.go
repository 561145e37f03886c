package app

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/idempotency"
	"shop/platform/money"
)

// carry carries a checkout that this call has in hand to its end: the stock is
// reserved, the invoice is made, and what was bought is taken out of the cart.
// The first two are idempotent by the checkout's identifier, so that carrying
// it again does no harm, from wherever it was interrupted. A refusal undoes
// what was done; an outcome that is not known leaves the checkout to a repeat or
// the resumer.
//
// The caller may go away meanwhile: the work ends before the lease does.
func (s *Service) carry(ctx context.Context, c Checkout) (cart.Checkout, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.settings.Lease*3/4)
	defer cancel()
	if c.Settlement == ReleaseDue {
		return s.release(ctx, c, cart.ErrInvoiceRefused)
	}
	lines := reserveLines(c.Lines)
	_, err := s.catalog.Reserve(outside(ctx), catalog.ReserveInput{Key: c.ID, Lines: lines, ExpiresAt: c.expiresAt()})
	// A reservation that is gone was there: its invoice may be, too, and decides.
	if err != nil && !errors.Is(err, catalog.ErrReservationGone) {
		if !isRefusal(err) {
			return s.interrupted(ctx, c, err)
		}
		return s.fail(ctx, c, unavailable(c.Lines, lines, err))
	}
	invoice, err := s.payments.CreateInvoice(outside(ctx), invoiceOf(c))
	if err != nil {
		if !isRefusal(err) {
			return s.interrupted(ctx, c, err)
		}
		return s.giveBack(ctx, c, noInvoice(err))
	}
	c.InvoiceID, c.Number = invoice.ID, invoice.Number
	if c.Terms != nil {
		c.SettleAt = c.Terms.PayUntil.Add(askAfter)
	}
	done := cart.CheckedOut{
		CheckoutID: c.ID, UserID: c.UserID, InvoiceID: invoice.ID, Total: invoice.Total, Lines: len(c.Lines),
	}
	finished, err := s.store.Finish(ctx, c, done, s.clock())
	if err != nil {
		return s.interrupted(ctx, c, err)
	}
	if !finished {
		return s.overtaken(ctx, c)
	}
	return c.result(), nil
}

// isRefusal says whether an error of another module means that it certainly did
// not do what it was asked for and will not. Whatever else went wrong, it may
// have done it, or an earlier call is still doing it.
func isRefusal(err error) bool {
	if errors.Is(err, idempotency.ErrInProgress) || errors.Is(err, idempotency.ErrMismatch) {
		return false
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict:
		return true
	default:
		return false
	}
}

// reserveLines are the lines as catalog.Reserve orders them, so that its
// refusal can be read by their number.
func reserveLines(lines []Line) []catalog.ReserveLine {
	reserve := make([]catalog.ReserveLine, len(lines))
	for i, line := range lines {
		reserve[i] = catalog.ReserveLine{Product: line.ProductID, Quantity: line.Quantity}
	}
	slices.SortFunc(reserve, func(a, b catalog.ReserveLine) int { return bytes.Compare(a.Product[:], b.Product[:]) })
	return reserve
}

// unavailable tells a refusal of the catalog in terms of the cart.
func unavailable(lines []Line, reserve []catalog.ReserveLine, err error) error {
	told := cart.ErrUnavailableItems.WithCause(err)
	for _, field := range fault.From(err).Fields {
		number, found := strings.CutPrefix(field.Location, "body.lines[")
		number, _, _ = strings.Cut(number, "]")
		i, bad := strconv.Atoi(number)
		if !found || bad != nil || i < 0 || i >= len(reserve) {
			continue
		}
		at := slices.IndexFunc(lines, func(l Line) bool { return l.ProductID == reserve[i].Product })
		told = told.WithField(itemField(lines[at].ItemID), field.Message)
		told.Fields[len(told.Fields)-1].Number = field.Number
	}
	return told
}

// invoiceOf is the invoice of a checkout. One that an earlier release began is
// made as that would have made it, for it may have asked already.
func invoiceOf(c Checkout) payments.CreateInvoiceInput {
	in := payments.CreateInvoiceInput{
		Key: idempotency.NewKey(c.ID.String()), UserID: c.UserID, Currency: c.Lines[0].UnitPrice.Currency,
		Lines: make([]payments.LineInput, len(c.Lines), len(c.Lines)+2),
	}
	for i, line := range c.Lines {
		in.Lines[i] = payments.LineInput{
			ProductID: line.ProductID, Description: line.Name, Quantity: line.Quantity, UnitPrice: line.UnitPrice,
		}
	}
	t := c.Terms
	if t == nil {
		return in
	}
	in.Reference, in.PayUntil = c.ID.String(), t.PayUntil
	if t.Use != nil {
		in.Lines = append(in.Lines, payments.LineInput{
			Kind: payments.KindDiscount, Description: "Discount " + t.Use.Code, Quantity: 1,
			UnitPrice: money.Of(-t.Discount.Minor, t.Discount.Currency),
		})
	}
	if !t.Shipping.IsZero() {
		in.Lines = append(in.Lines, payments.LineInput{
			Kind: payments.KindShipping, Description: "Shipping", Quantity: 1, UnitPrice: t.Shipping,
		})
	}
	if t.Tax.Rate != "0" {
		in.Tax = &payments.Tax{Rate: t.Tax.Rate, Included: t.Tax.Included, Amount: t.Tax.Amount}
	}
	if contact := c.Buyer.Contact; contact != nil {
		in.Buyer = &payments.Buyer{Name: contact.Name, Email: contact.Email}
	}
	if c.Buyer.ShipTo != nil {
		in.ShipTo = payments.Address(*c.Buyer.ShipTo)
	}
	return in
}

// noInvoice tells a refusal of the payments module in terms of the cart.
func noInvoice(err error) error {
	for _, field := range fault.From(err).Fields {
		if strings.HasPrefix(field.Location, "body.buyer") {
			return cart.ErrContactNeeded.WithCause(err)
		}
	}
	return cart.ErrInvoiceRefused.WithCause(err)
}

// giveBack releases the stock of a checkout that cannot get an invoice, and
// fails it. It makes sure first that nobody else has taken it in hand, for whom
// the stock would be gone.
func (s *Service) giveBack(ctx context.Context, c Checkout, refusal error) (cart.Checkout, error) {
	until := s.clock().Add(s.settings.Lease)
	held, err := s.store.GiveUp(ctx, c, until)
	switch {
	case err != nil:
		return s.interrupted(ctx, c, err)
	case !held:
		return s.overtaken(ctx, c)
	}
	c.Claims++
	return s.release(ctx, c, refusal)
}

// release gives the stock of a checkout back that has been given up, and fails
// it.
func (s *Service) release(ctx context.Context, c Checkout, refusal error) (cart.Checkout, error) {
	if err := s.catalog.Release(outside(ctx), catalog.ReleaseInput{Key: c.ID}); err != nil {
		return s.interrupted(ctx, c, err)
	}
	return s.fail(ctx, c, refusal)
}

// fail ends a checkout that was refused.
func (s *Service) fail(ctx context.Context, c Checkout, refusal error) (cart.Checkout, error) {
	failed, err := s.store.Fail(ctx, c, s.clock())
	switch {
	case err != nil:
		return s.interrupted(ctx, c, err)
	case !failed:
		return s.overtaken(ctx, c)
	}
	return cart.Checkout{}, refusal
}

// overtaken tells what somebody else made of a checkout after this call's lease
// had run out.
func (s *Service) overtaken(ctx context.Context, c Checkout) (cart.Checkout, error) {
	c, _, err := s.store.Checkout(ctx, c.ID)
	switch {
	case err != nil:
		return cart.Checkout{}, err
	case c.State != Done:
		return cart.Checkout{}, cart.ErrInterrupted
	}
	return c.result(), nil
}

// claim takes a checkout in hand, or keeps it there. False when somebody else
// has it, or it ended.
func (s *Service) claim(ctx context.Context, c *Checkout) (bool, error) {
	until := s.clock().Add(s.settings.Lease)
	claimed, err := s.store.Claim(ctx, *c, until)
	if claimed {
		c.Claims++
		c.HeldUntil, c.DueAt = until, until
	}
	return claimed, err
}

// interrupted lets go of a checkout whose outcome is not known.
func (s *Service) interrupted(ctx context.Context, c Checkout, cause error) (cart.Checkout, error) {
	// The time to carry it may be what ran out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGoTimeout)
	defer cancel()
	now := s.clock()
	if err := s.store.Defer(ctx, c, now, now.Add(pause(c.Claims, maxPause))); err != nil {
		cause = errors.Join(cause, err)
	}
	return cart.Checkout{}, cart.ErrInterrupted.WithCause(cause)
}

// letGoTimeout bounds how long letting go of a checkout takes; the lease ends
// anyhow.
const letGoTimeout = 2 * time.Second

const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// pause is how long a worker waits before it tries again, longer with each
// claim and at most so long.
func pause(claims int64, most time.Duration) time.Duration {
	return min(firstPause<<min(claims-1, 10), most)
}
