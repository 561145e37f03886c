package emailtest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// verify returns what was found, as check and subject.
func (f Fixture) verify(t *testing.T, in audit.Input) (found []string, checked map[string]int64) {
	t.Helper()
	report, err := f.Service.Verify(AsService(t.Context()), in)
	require.NoError(t, err)
	for _, finding := range report.Findings {
		found = append(found, finding.Check+" "+finding.Subject)
	}
	return found, report.Checked
}

func testVerify(t *testing.T, f Fixture) {
	jo, gone, guest := f.Users.Add("jo@example.com", "Jo"), f.Users.Add("gone@example.com", "Gone"), f.Users.Add("", "")
	told, untold := f.invoice(jo), f.invoice(jo)
	f.receive(t, payments.InvoicePaid{InvoiceID: told.ID, UserID: jo.ID})
	f.invoice(guest)
	f.invoice(gone)
	f.Users.Remove(gone.ID)
	byOldRelease := f.invoice(jo)
	_, err := f.Service.Send(AsAdministrator(t.Context()), email.SendInput{
		To: jo.Email, Template: email.TemplateReceipt, Data: map[string]any{"name": "Jo", "invoice_id": byOldRelease.ID.String()},
	})
	require.NoError(t, err)
	refunded := f.invoice(jo)
	refunded.Status, refunded.Refunded = payments.StatusRefunded, refunded.Total
	f.Payments.Put(refunded)
	f.receive(t, payments.InvoicePaid{InvoiceID: refunded.ID, UserID: jo.ID})
	note := payments.CreditNote{
		ID: id.NewCreditNote(), InvoiceID: refunded.ID, Amount: money.Of(25_00, "EUR"),
		State: payments.RefundSucceeded, UpdatedAt: f.Clock.Now(),
	}
	f.Payments.PutCreditNote(note)
	note.ID, note.State = id.NewCreditNote(), payments.RefundPending
	f.Payments.PutCreditNote(note)

	none, _ := f.verify(t, audit.Input{MinAge: time.Minute})
	require.Empty(t, none, "all of it may be on its way")
	before := len(f.all(t))
	found, checked := f.verify(t, audit.Input{})
	require.Len(t, found, 2)
	require.Contains(t, found, "email.receipt "+untold.ID.String())
	require.Equal(t, int64(6), checked["email.receipt"])
	require.Equal(t, int64(1), checked["email.refund"])
	require.Len(t, f.all(t), before, "looking changes nothing")

	repaired, _ := f.verify(t, audit.Input{Repair: true})
	require.ElementsMatch(t, found, repaired)
	require.Len(t, f.all(t), before+2)
	none, _ = f.verify(t, audit.Input{Repair: true})
	require.Empty(t, none)
	// The event comes after all: no second receipt.
	f.receive(t, payments.InvoicePaid{InvoiceID: untold.ID, UserID: jo.ID})
	require.Equal(t, []email.Template{email.TemplateReceipt}, f.about(t, untold.ID))
	require.Equal(t, []email.Template{email.TemplateReceipt, email.TemplateRefund}, sorted(f.about(t, refunded.ID)))

	f.Clock.Advance(31 * 24 * time.Hour)
	f.invoice(jo)
	_, checked = f.verify(t, audit.Input{})
	require.Equal(t, int64(1), checked["email.receipt"], "older ones are not looked at")
	_, err = f.Service.Verify(identity.With(t.Context(), identity.Actor{User: jo.ID}), audit.Input{})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func testVerifyLate(t *testing.T, f Fixture) {
	ctx := AsAdministrator(t.Context())
	f.Refuse("dead@example.com", "550 5.1.1 unknown")
	f.Refuse("busy@example.com", "450 4.2.1 busy")
	dead, err := f.Service.Send(ctx, plainMail("dead@example.com"))
	require.NoError(t, err)
	waits, err := f.Service.Send(ctx, plainMail("busy@example.com"))
	require.NoError(t, err)
	f.await(t, dead.ID, email.StatusDead, 1)
	f.await(t, waits.ID, email.StatusQueued, 1)
	for range 2 {
		found, checked := f.verify(t, audit.Input{Repair: true})
		require.Equal(t, []string{"email.dead " + dead.ID.String()}, found)
		require.Equal(t, int64(2), checked["email.dead"])
		require.Equal(t, int64(1), checked["email.overdue"])
	}
}

func sorted(templates []email.Template) []email.Template {
	slices.Sort(templates)
	return templates
}
