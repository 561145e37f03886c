// Package emailtest says once what the e-mail module must do, and offers what
// tests need around it: an in-memory module, a mail server, and stand-ins for
// the modules that it asks.
package emailtest

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// PublicURL is what the implementations under test put before links.
const PublicURL = "https://shop.example"

// Fixture is an implementation under test and its surroundings. Its limits, its
// eight tries and its backoff are the defaults.
type Fixture struct {
	Service  email.Service
	Users    *Users
	Payments *Payments
	Clock    *Clock
	// Deliver makes the module try what is due, or does nothing for one whose
	// workers run.
	Deliver func(t *testing.T)
	// Delivered are the messages that the mail server took.
	Delivered func() []Delivery
	// Events lists what was published so far, oldest first.
	Events func(t *testing.T) []event.Event
	// Handled reports whether an event is recorded as handled.
	Handled func(t *testing.T, e event.Envelope) bool
	// Refuse makes the mail server answer messages to an address with a line.
	Refuse func(address, answer string)
}

// Run checks an implementation of email.Service. newFixture makes an empty one.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Fixture){
		"Send":                  testSend,
		"Send/Validation":       testSendValidation,
		"Send/Access":           testAccess,
		"Send/ErrNoUser":        testSendErrNoUser,
		"Send/ErrTooMany":       testSendErrTooMany,
		"Send/Repeat":           testSendRepeat,
		"Send/AccountTemplate":  testSendAccountTemplate,
		"Send/BillingTemplate":  testSendBillingTemplate,
		"Send/UsersUnavailable": testSendUsersUnavailable,
		"Email/Attempts":        testAttempts,
		"Email/Dead":            testDead,
		"Email/Rejected":        testRejected,
		"ListEmails":            testList,
		"ListEmails/ErrCursor":  testListErrCursor,
		"Retry":                 testRetry,
		"Receive/Registered":    testReceiveRegistered,
		"Receive/Verification":  testReceiveVerification,
		"Receive/PasswordReset": testReceivePasswordReset,
		"Receive/Invoice":       testReceiveInvoice,
		"Receive/Removed":       testReceiveRemoved,
		"Receive/Merged":        testReceiveMerged,
		"Receive/Orders":        testReceiveOrders,
		"Receive/Buyer":         testReceiveBuyer,
		"Receive/NobodyToTell":  testReceiveNobody,
		"Receive/Flood":         testReceiveFlood,
		"Verify":                testVerify,
		"Verify/Late":           testVerifyLate,
		"Events":                testEvents,
		"Receive/Invalid":       testReceiveInvalid,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newFixture(t))
		})
	}
}

// Clock is the time that an implementation under test goes by.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that stands still.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 5, 6, 7, 8, 9, 10_000, time.UTC)} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// AsAdministrator acts as an administrator.
func AsAdministrator(ctx context.Context) context.Context {
	return identity.With(ctx, identity.Actor{User: id.NewUser(), Administrator: true})
}

// AsService acts as another module.
func AsService(ctx context.Context) context.Context {
	return identity.With(ctx, identity.Actor{Service: "cart"})
}

// Envelope puts an event into an envelope of its own.
func Envelope(tb testing.TB, e event.Event) event.Envelope {
	tb.Helper()
	payload, err := json.Marshal(e)
	require.NoError(tb, err)
	return event.Envelope{
		ID: id.NewEvent(), Name: e.EventName(), Version: e.EventVersion(), Key: e.EventKey(),
		At: time.Now().UTC(), Payload: payload,
	}
}

// await waits until an e-mail is in a state and returns it.
func (f Fixture) await(t *testing.T, mail id.Email, status email.Status, attempts int) email.Email {
	t.Helper()
	var found email.Email
	require.Eventually(t, func() bool {
		f.Deliver(t)
		var err error
		found, err = f.Service.Email(AsAdministrator(t.Context()), email.EmailInput{ID: mail})
		return err == nil && found.Status == status && len(found.Attempts) == attempts
	}, 20*time.Second, 5*time.Millisecond, "e-mail never became %s after %d attempts", status, attempts)
	return found
}

// awaitDelivered waits until the mail server has taken n messages.
func (f Fixture) awaitDelivered(t *testing.T, n int) []Delivery {
	t.Helper()
	require.Eventually(t, func() bool {
		f.Deliver(t)
		return len(f.Delivered()) >= n
	}, 20*time.Second, 5*time.Millisecond, "the mail server never took %d messages", n)
	return f.Delivered()
}

// all lists everything that is queued, sent or dead.
func (f Fixture) all(t *testing.T) []email.Email {
	t.Helper()
	p, err := f.Service.ListEmails(AsAdministrator(t.Context()), email.ListEmailsInput{})
	require.NoError(t, err)
	return p.Items
}

// invoice makes a paid invoice of a user.
func (f Fixture) invoice(user users.User) payments.Invoice {
	invoice := payments.Invoice{
		ID: id.NewInvoice(), UserID: user.ID, Currency: "EUR", Status: payments.StatusPaid, Total: money.Of(25_00, "EUR"),
		CreatedAt: f.Clock.Now(), PaidAt: f.Clock.Now(), Version: 2,
		Lines: []payments.Line{{
			ID: id.NewInvoiceLine(), Description: "Blue mug", Quantity: 2,
			UnitPrice: money.Of(12_50, "EUR"), LineTotal: money.Of(25_00, "EUR"),
		}},
	}
	f.Payments.Put(invoice)
	return invoice
}

// requireFields requires an invalid input with exactly these places.
func requireFields(t *testing.T, err error, locations ...string) {
	t.Helper()
	require.Error(t, err)
	f := fault.From(err)
	require.Equal(t, fault.Invalid, f.Kind, "%v", err)
	var got []string
	for _, field := range f.Fields {
		got = append(got, field.Location)
	}
	require.ElementsMatch(t, locations, got)
}

// plainMail is a valid message.
func plainMail(to string) email.SendInput {
	return email.SendInput{To: to, Subject: "Hello", Text: "How are you?"}
}

// long is text of n characters.
func long(n int) string { return strings.Repeat("x", n) }
