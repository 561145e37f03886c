package carttest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// orderStep takes an order that is at a version, unless that is 0, one step on.
type orderStep func(ctx context.Context, order id.Order, ifVersion int64) (cart.Order, error)

func (s shop) pack(ctx context.Context, order id.Order, ifVersion int64) (cart.Order, error) {
	return s.PackOrder(ctx, cart.PackOrderInput{ID: order, IfVersion: ifVersion})
}

func (s shop) ship(ctx context.Context, order id.Order, ifVersion int64) (cart.Order, error) {
	return s.ShipOrder(ctx, cart.ShipOrderInput{ID: order, IfVersion: ifVersion, Carrier: "DHL", Tracking: "0034"})
}

func (s shop) deliver(ctx context.Context, order id.Order, ifVersion int64) (cart.Order, error) {
	return s.DeliverOrder(ctx, cart.DeliverOrderInput{ID: order, IfVersion: ifVersion})
}

func (s shop) cancel(ctx context.Context, order id.Order, ifVersion int64) (cart.Order, error) {
	return s.CancelOrder(ctx, cart.CancelOrderInput{ID: order, IfVersion: ifVersion})
}

func stepsToBuyer(t *testing.T, s shop) {
	o := s.bought(t, id.NewUser())
	want := o
	told := cart.OrderEvent{OrderID: o.ID, UserID: o.UserID, InvoiceID: o.InvoiceID, Number: o.Number}
	events := s.published(t, o.InvoiceID)
	for _, step := range []struct {
		take   orderStep
		state  cart.OrderState
		change func(was, is *cart.Order)
		tells  cart.OrderEvent
	}{
		{s.pack, cart.OrderPacked, func(was, is *cart.Order) { was.PackedAt = is.PackedAt }, cart.OrderEvent{Name: cart.EventOrderPacked}},
		{
			s.ship, cart.OrderShipped,
			func(was, is *cart.Order) { was.ShippedAt, was.Carrier, was.Tracking = is.ShippedAt, "DHL", "0034" },
			cart.OrderEvent{Name: cart.EventOrderShipped, Carrier: "DHL", Tracking: "0034"},
		},
		{s.deliver, cart.OrderDelivered, func(was, is *cart.Order) { was.DeliveredAt = is.DeliveredAt }, cart.OrderEvent{Name: cart.EventOrderDelivered}},
	} {
		got, err := step.take(asAdministrator(t), o.ID, want.Version)
		require.NoError(t, err)
		before := want
		step.change(&want, &got)
		require.NotEqual(t, want, before, "the moment is kept")
		want.State = step.state
		want.Version++
		require.Equal(t, want, got)
		read, err := s.Order(as(t, o.UserID), cart.OrderInput{ID: o.ID})
		require.NoError(t, err)
		require.Equal(t, want, read)
		tells := told
		tells.Name, tells.Carrier, tells.Tracking = step.tells.Name, step.tells.Carrier, step.tells.Tracking
		events = append(events, tells)
		require.Equal(t, events, s.published(t, o.InvoiceID))
	}
}

// What each step refuses, and what none of them changes then.
func stepsState(t *testing.T, s shop) {
	steps := map[string]orderStep{"pack": s.pack, "ship": s.ship, "deliver": s.deliver, "cancel": s.cancel}
	o := s.bought(t, id.NewUser())
	for _, at := range []struct {
		state   cart.OrderState
		refused []string
		next    orderStep
	}{
		{cart.OrderPaid, []string{"ship", "deliver"}, s.pack},
		{cart.OrderPacked, []string{"pack", "deliver"}, s.ship},
		{cart.OrderShipped, []string{"pack", "ship", "cancel"}, s.deliver},
		{cart.OrderDelivered, []string{"pack", "ship", "deliver", "cancel"}, nil},
	} {
		events := len(s.published(t, o.InvoiceID))
		for _, name := range at.refused {
			_, err := steps[name](asAdministrator(t), o.ID, 0)
			require.ErrorIs(t, err, cart.ErrOrderState, name)
			require.Equal(t, []fault.Field{{Location: "state", Message: string(at.state)}}, fault.From(err).Fields, name)
		}
		read, err := s.Order(asAdministrator(t), cart.OrderInput{ID: o.ID})
		require.NoError(t, err)
		require.Equal(t, at.state, read.State)
		require.Len(t, s.published(t, o.InvoiceID), events)
		if at.next != nil {
			_, err = at.next(asAdministrator(t), o.ID, 0)
			require.NoError(t, err)
		}
	}
	for name, take := range steps {
		_, err := take(asAdministrator(t), id.NewOrder(), 0)
		require.ErrorIs(t, err, cart.ErrOrderNotFound, name)
	}
}

func stepsPrecondition(t *testing.T, s shop) {
	o := s.bought(t, id.NewUser())
	for version, take := range []orderStep{s.pack, s.ship, s.deliver} {
		for _, other := range []int64{int64(version), int64(version) + 2} {
			if other == 0 {
				continue
			}
			_, err := take(asAdministrator(t), o.ID, other)
			require.ErrorIs(t, err, fault.ErrPrecondition)
			_, err = s.cancel(asAdministrator(t), o.ID, other)
			require.ErrorIs(t, err, fault.ErrPrecondition)
		}
		_, err := take(asAdministrator(t), o.ID, int64(version)+1)
		require.NoError(t, err)
	}
}

func stepsWho(t *testing.T, s shop) {
	user := id.NewUser()
	o := s.bought(t, user)
	for _, take := range []orderStep{s.pack, s.ship, s.deliver} {
		_, err := take(t.Context(), o.ID, 0)
		require.ErrorIs(t, err, identity.ErrUnauthenticated)
		_, err = take(as(t, user), o.ID, 0)
		require.ErrorIs(t, err, identity.ErrForbidden)
		_, err = take(asService(t), o.ID, 0)
		require.NoError(t, err)
	}
	_, err := s.cancel(t.Context(), o.ID, 0)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.cancel(as(t, id.NewUser()), o.ID, 0)
	require.ErrorIs(t, err, cart.ErrOrderNotFound)
}

func shipInvalid(t *testing.T, s shop) {
	o := s.bought(t, id.NewUser())
	_, err := s.pack(asAdministrator(t), o.ID, 0)
	require.NoError(t, err)
	long := strings.Repeat("ä", cart.MaxOrderText+1)
	for name, test := range map[string]struct {
		carrier, tracking string
		fields            []string
	}{
		"no carrier":    {"", "1", []string{"body.carrier"}},
		"blank carrier": {"  ", "1", []string{"body.carrier"}},
		"long":          {long, long, []string{"body.carrier", "body.tracking"}},
		"two lines":     {"DHL", "1\n2", []string{"body.tracking"}},
		"no UTF-8":      {"D\xff", "", []string{"body.carrier"}},
	} {
		_, err := s.ShipOrder(asAdministrator(t), cart.ShipOrderInput{ID: o.ID, Carrier: test.carrier, Tracking: test.tracking})
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		require.ElementsMatch(t, test.fields, locations(err), name)
	}
	_, err = s.CancelOrder(asAdministrator(t), cart.CancelOrderInput{ID: o.ID, Reason: "a\nb"})
	require.Equal(t, []string{"body.reason"}, locations(err))
	_, err = s.ShipOrder(asAdministrator(t), cart.ShipOrderInput{ID: o.ID, Carrier: strings.Repeat("ä", cart.MaxOrderText)})
	require.NoError(t, err)
}
