package emailtest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/cart"
	"shop/modules/email"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/money"
)

// about lists the templates of the e-mails about an invoice.
func (f Fixture) about(t *testing.T, invoice id.Invoice) (templates []email.Template) {
	t.Helper()
	p, err := f.Service.ListEmails(AsAdministrator(t.Context()), email.ListEmailsInput{Reference: invoice.String()})
	require.NoError(t, err)
	for _, e := range p.Items {
		require.Equal(t, invoice.String(), e.Reference)
		templates = append(templates, e.Template)
	}
	return templates
}

func testReceiveOrders(t *testing.T, f Fixture) {
	user := f.Users.Add("jo@example.com", "Jo")
	invoice, other := f.invoice(user), f.invoice(user)
	invoice.Number = "2026-000042"
	f.Payments.Put(invoice)
	f.receive(t, payments.InvoicePaid{InvoiceID: other.ID, UserID: user.ID})
	order := cart.OrderEvent{OrderID: id.NewOrder(), UserID: user.ID, InvoiceID: invoice.ID, Number: invoice.Number}
	shipped := order
	shipped.Carrier, shipped.Tracking = "Bird & Sons", "B12"
	for name, e := range map[string]cart.OrderEvent{
		cart.EventOrderPacked: order, cart.EventOrderShipped: shipped, cart.EventOrderDelivered: order, cart.EventOrderCancelled: order,
	} {
		e.Name = name
		f.receive(t, e)
		f.receive(t, e) // another event that says the same
	}
	f.receive(t, payments.InvoiceRefunded{InvoiceID: invoice.ID, UserID: user.ID, CreditNoteID: id.NewCreditNote(), Amount: money.Of(7_50, "EUR")})
	f.receive(t, payments.InvoiceRefunded{InvoiceID: invoice.ID, UserID: user.ID, CreditNoteID: id.NewCreditNote(), Amount: money.Of(2_50, "EUR")})
	f.receive(t, payments.InvoiceVoided{InvoiceID: invoice.ID, UserID: user.ID})
	require.ElementsMatch(t, []email.Template{
		email.TemplateOrderPacked, email.TemplateOrderShipped, email.TemplateOrderDelivered, email.TemplateOrderCancelled,
		email.TemplateRefund, email.TemplateRefund, email.TemplateInvoiceVoided,
	}, f.about(t, invoice.ID))
	f.receive(t, payments.InvoiceVoided{InvoiceID: other.ID, UserID: user.ID}) // a draft, without a number
	require.Equal(t, []email.Template{email.TemplateReceipt}, f.about(t, other.ID))
	var text strings.Builder
	for _, d := range f.awaitDelivered(t, 8) {
		require.Equal(t, "jo@example.com", d.To)
		text.WriteString(d.Subject + d.Text)
	}
	for _, part := range []string{"2026-000042", "with Bird & Sons", "tracking number is B12", "sent back 7.50 EUR", "sent back 2.50 EUR"} {
		require.Contains(t, text.String(), part)
	}
	_, err := f.Service.ListEmails(AsAdministrator(t.Context()), email.ListEmailsInput{Reference: "order"})
	requireFields(t, err, "query.reference")
}

func testReceiveBuyer(t *testing.T, f Fixture) {
	user := f.Users.Add("new@example.com", "Jo")
	invoice := f.invoice(user)
	invoice.Buyer = payments.Buyer{Name: "Jo Doe", Email: "then@example.com"}
	f.Payments.Put(invoice)
	f.receive(t, payments.InvoicePaid{InvoiceID: invoice.ID, UserID: user.ID})
	d := f.awaitDelivered(t, 1)[0]
	require.Equal(t, "then@example.com", d.To)
	require.Contains(t, d.Text, "Hello Jo Doe,")

	// A guest may be gone when his order goes out.
	f.Users.Remove(user.ID)
	f.receive(t, cart.OrderEvent{Name: cart.EventOrderShipped, OrderID: id.NewOrder(), UserID: user.ID, InvoiceID: invoice.ID})
	require.Equal(t, "then@example.com", f.awaitDelivered(t, 2)[1].To)
}

func testReceiveNobody(t *testing.T, f Fixture) {
	guest := f.Users.Add("", "")
	invoice := f.invoice(guest)
	for range 2 {
		f.receive(t, payments.InvoicePaid{InvoiceID: invoice.ID, UserID: guest.ID})
		f.Users.Remove(guest.ID)
	}
	require.Empty(t, f.all(t))
}

// What a purchase brings about is never dropped for having been too much.
func testReceiveFlood(t *testing.T, f Fixture) {
	user := f.Users.Add("jo@example.com", "Jo")
	f.Refuse("jo@example.com", "450 4.2.1 busy")
	for range 20 {
		_, err := f.Service.Send(AsAdministrator(t.Context()), plainMail("jo@example.com"))
		require.NoError(t, err)
	}
	invoice := f.invoice(user)
	f.receive(t, payments.InvoicePaid{InvoiceID: invoice.ID, UserID: user.ID})
	f.receive(t, cart.OrderEvent{Name: cart.EventOrderPacked, OrderID: id.NewOrder(), UserID: user.ID, InvoiceID: invoice.ID})
	require.Len(t, f.about(t, invoice.ID), 2)
}

func testReceiveMerged(t *testing.T, f Fixture) {
	guest, user := f.Users.Add("", ""), f.Users.Add("jo@example.com", "Jo")
	invoice := f.invoice(guest)
	invoice.Buyer.Email = "jo@example.com"
	f.Payments.Put(invoice)
	f.receive(t, payments.InvoicePaid{InvoiceID: invoice.ID, UserID: guest.ID})
	f.receive(t, users.Merged{From: guest.ID, To: user.ID})
	f.receive(t, users.Removed{UserID: guest.ID})
	require.Len(t, f.about(t, invoice.ID), 1, "it is the account's now")
	f.receive(t, users.Removed{UserID: user.ID})
	require.Empty(t, f.all(t))
}

func testEvents(t *testing.T, f Fixture) {
	user := f.Users.Add("jo@example.com", "Jo")
	invoice := f.invoice(user)
	f.receive(t, payments.InvoicePaid{InvoiceID: invoice.ID, UserID: user.ID})
	receipt := f.all(t)[0].ID
	f.await(t, receipt, email.StatusSent, 1)
	f.Refuse("who@example.com", "550 5.1.1 unknown")
	dead, err := f.Service.Send(AsAdministrator(t.Context()), plainMail("who@example.com"))
	require.NoError(t, err)
	f.await(t, dead.ID, email.StatusDead, 1)
	f.Refuse("who@example.com", "450 4.2.1 busy")
	_, err = f.Service.Retry(AsAdministrator(t.Context()), email.RetryInput{ID: dead.ID})
	require.NoError(t, err)
	f.await(t, dead.ID, email.StatusQueued, 2)
	require.Equal(t, []event.Event{
		email.Sent{EmailID: receipt, Template: email.TemplateReceipt, Reference: invoice.ID.String()},
		email.Dead{EmailID: dead.ID},
	}, f.Events(t))
	f.Clock.Advance(time.Minute)
}
