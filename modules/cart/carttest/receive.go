package carttest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

func removed(t *testing.T, user id.User) event.Envelope {
	t.Helper()
	e := users.Removed{UserID: user}
	payload, err := json.Marshal(e)
	require.NoError(t, err)
	return event.Envelope{ID: id.NewEvent(), Name: e.EventName(), Version: e.EventVersion(), Key: e.EventKey(), Payload: payload}
}

func receiveRemoved(t *testing.T, s shop) {
	gone, other, mug := id.NewUser(), id.NewUser(), s.Product(t, nil)
	s.add(t, gone, mug.ID, 1)
	_, _, err := s.checkOut(t, gone, "k")
	require.NoError(t, err)
	in := cart.AddItemInput{Key: idempotency.NewKey("k"), UserID: gone, ProductID: mug.ID, Quantity: 1}
	first, err := s.AddItem(as(t, gone), in)
	require.NoError(t, err)
	s.add(t, other, mug.ID, 1)
	require.NoError(t, s.Receive(asService(t), removed(t, gone)))
	require.Empty(t, s.read(t, gone).Items)
	require.Len(t, s.read(t, other).Items, 1)

	second, err := s.AddItem(as(t, gone), in)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID, "answers are forgotten, too")
	_, replayed, err := s.checkOut(t, gone, "k")
	require.NoError(t, err)
	require.False(t, replayed)
}

func receiveOnce(t *testing.T, s shop) {
	user, mug := id.NewUser(), s.Product(t, nil)
	e := removed(t, user)
	require.NoError(t, s.Receive(asService(t), e))
	s.add(t, user, mug.ID, 1)
	require.NoError(t, s.Receive(asService(t), e))
	require.Len(t, s.read(t, user).Items, 1, "an event that comes again does nothing")
}

func receiveInvalid(t *testing.T, s shop) {
	for name, test := range map[string]struct {
		change func(*event.Envelope)
		field  string
	}{
		"another event":   {func(e *event.Envelope) { e.Name = users.EventRegistered }, "body.name"},
		"no payload":      {func(e *event.Envelope) { e.Payload = nil }, "body.payload"},
		"another payload": {func(e *event.Envelope) { e.Payload = json.RawMessage(`{"user_id":7}`) }, "body.payload"},
		"nobody":          {func(e *event.Envelope) { e.Payload = json.RawMessage(`{}`) }, "body.payload"},
	} {
		e := removed(t, id.NewUser())
		test.change(&e)
		err := s.Receive(asService(t), e)
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		require.Equal(t, []string{test.field}, locations(err), name)
	}
}

func receiveServices(t *testing.T, s shop) {
	e := removed(t, id.NewUser())
	require.ErrorIs(t, s.Receive(t.Context(), e), identity.ErrUnauthenticated)
	require.ErrorIs(t, s.Receive(asAdministrator(t), e), identity.ErrForbidden)
}
