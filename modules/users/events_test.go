package users_test

import (
	"testing"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/module/moduletest"
)

func TestEventPayloads(t *testing.T) {
	t.Parallel()
	user, account := id.User{0: 1, 15: 1}, id.User{0: 1, 15: 2}
	for _, e := range []event.Event{
		users.Registered{UserID: user},
		users.Changed{UserID: user, Version: 7},
		users.Merged{From: user, To: account},
		users.Removed{UserID: user},
		users.VerificationRequested{UserID: user},
		users.PasswordResetRequested{Email: "ada@example.com"},
	} {
		key := user.String()
		if reset, is := e.(users.PasswordResetRequested); is {
			key = reset.Email
		}
		moduletest.CheckEvent(t, e.EventName(), key, e)
	}
}
