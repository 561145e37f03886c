package emailtest

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/email"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// receive delivers an event twice, as an outbox may.
func (f Fixture) receive(t *testing.T, e event.Event) {
	t.Helper()
	envelope := Envelope(t, e)
	for range 2 {
		require.NoError(t, f.Service.Receive(AsService(t.Context()), envelope))
	}
	require.True(t, f.Handled(t, envelope), "%s is recorded, also when it calls for nothing", e.EventName())
}

func testReceiveRegistered(t *testing.T, f Fixture) {
	user := f.Users.Add("jo@example.com", "Jo")
	f.receive(t, users.Registered{UserID: user.ID})
	d := f.awaitDelivered(t, 1)[0]
	require.Equal(t, "jo@example.com", d.To)
	require.Contains(t, d.Subject, "Welcome")
	all := f.all(t)
	require.Len(t, all, 1)
	require.Equal(t, email.TemplateRegistration, all[0].Template)
	f.await(t, all[0].ID, email.StatusSent, 1)

	// One token, made for the one message.
	issued := f.Users.Issued(user.ID)
	require.Len(t, issued, 1)
	require.Contains(t, d.Text, PublicURL+"/verify?token="+issued[0].Text)

	f.receive(t, users.Registered{UserID: id.NewUser()}) // removed meanwhile
	require.Len(t, f.all(t), 1)
}

func testReceiveVerification(t *testing.T, f Fixture) {
	user := f.Users.Add("jo@example.com", "Jo")
	f.receive(t, users.VerificationRequested{UserID: user.ID})
	require.Contains(t, f.awaitDelivered(t, 1)[0].Text, "verification-")

	user.Verified = true
	f.Users.Put(user)
	f.receive(t, users.VerificationRequested{UserID: user.ID})
	require.Len(t, f.all(t), 1)
}

func testReceivePasswordReset(t *testing.T, f Fixture) {
	f.receive(t, users.PasswordResetRequested{Email: "who@example.com"})
	require.Empty(t, f.all(t))

	user := f.Users.Add("jo@example.com", "Jo")
	for range 21 { // a flood ends at the limit
		f.receive(t, users.PasswordResetRequested{Email: "Jo@example.com"})
	}
	f.awaitDelivered(t, 20)
	p, err := f.Service.ListEmails(AsAdministrator(t.Context()), email.ListEmailsInput{To: user.Email})
	require.NoError(t, err)
	require.Len(t, p.Items, 20)
	for _, e := range p.Items {
		f.await(t, e.ID, email.StatusSent, 1)
	}
	require.Len(t, f.Delivered(), 20)
}

func testReceiveInvoice(t *testing.T, f Fixture) {
	user := f.Users.Add("jo@example.com", "Jo")
	invoice := f.invoice(user)
	f.receive(t, payments.InvoiceCreated{InvoiceID: invoice.ID, UserID: user.ID, Total: invoice.Total})
	f.awaitDelivered(t, 1)
	f.receive(t, payments.InvoicePaid{InvoiceID: invoice.ID, UserID: user.ID, Total: invoice.Total, PaymentID: id.NewPayment()})
	taken := f.awaitDelivered(t, 2)
	require.Contains(t, taken[0].Subject, "invoice")
	require.Contains(t, taken[1].Subject, "receipt")
	for _, d := range taken {
		require.Contains(t, d.Text, "Blue mug")
		require.Contains(t, d.Text, "25.00 EUR")
		require.Contains(t, d.HTML, invoice.ID.String())
	}
	require.Len(t, f.all(t), 2)

	err := f.Service.Receive(AsService(t.Context()), Envelope(t, payments.InvoicePaid{InvoiceID: id.NewInvoice(), UserID: user.ID}))
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)
}

func testReceiveRemoved(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	user := f.Users.Add("jo@example.com", "Jo")
	f.Refuse("jo@example.com", "450 4.2.1 busy")
	queued, err := f.Service.Send(ctx, plainMail("jo@example.com"))
	require.NoError(t, err)
	f.await(t, queued.ID, email.StatusQueued, 1)
	other, err := f.Service.Send(ctx, plainMail("other@example.com"))
	require.NoError(t, err)

	f.Users.Remove(user.ID)
	f.receive(t, users.Removed{UserID: user.ID})
	_, err = f.Service.Email(ctx, email.EmailInput{ID: queued.ID})
	require.ErrorIs(t, err, email.ErrEmailNotFound)
	f.await(t, other.ID, email.StatusSent, 1)

	// The event may come late: what is due for a user who is gone is not sent.
	late := f.Users.Add("late@example.com", "Late")
	f.Refuse("late@example.com", "450 4.2.1 busy")
	queued, err = f.Service.Send(ctx, plainMail("late@example.com"))
	require.NoError(t, err)
	f.await(t, queued.ID, email.StatusQueued, 1)
	f.Users.Remove(late.ID)
	f.Refuse("late@example.com", "")
	f.Clock.Advance(time.Minute)
	require.Eventually(t, func() bool {
		f.Deliver(t)
		_, err := f.Service.Email(ctx, email.EmailInput{ID: queued.ID})
		return fault.From(err).Code == email.ErrEmailNotFound.Code
	}, 20*time.Second, 5*time.Millisecond)
	require.Len(t, f.Delivered(), 1)
}

func testReceiveInvalid(t *testing.T, f Fixture) {
	e := Envelope(t, users.Registered{UserID: id.NewUser()})
	require.ErrorIs(t, f.Service.Receive(AsAdministrator(t.Context()), e), identity.ErrForbidden)

	unknown := e
	unknown.Name = "users.sneezed"
	requireFields(t, f.Service.Receive(AsService(t.Context()), unknown), "body.name")
	for i, name := range []string{
		users.EventRegistered, users.EventRemoved, users.EventVerificationRequested, users.EventPasswordResetRequested,
		payments.EventInvoiceCreated, payments.EventInvoicePaid, payments.EventInvoiceVoided, payments.EventInvoiceRefunded,
		cart.EventOrderShipped,
	} {
		broken := e
		broken.Name, broken.Payload = name, json.RawMessage(`{"user_id": `+strconv.Itoa(i)+`, "email": 1, "invoice_id": 1}`)
		requireFields(t, f.Service.Receive(AsService(t.Context()), broken), "body.payload")
	}
	require.Empty(t, f.all(t))
}
