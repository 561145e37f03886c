package paymentstest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

// paid makes an invoice over 29.90 and pays it.
func (s *suite) paid(t *testing.T, method string) payments.Invoice {
	t.Helper()
	v, _, err := s.pay(t.Context(), s.create(t).ID, method, "")
	require.NoError(t, err)
	return v
}

func (s *suite) refund(t *testing.T, in payments.RefundInput) payments.CreditNote {
	t.Helper()
	n, err := s.Service.Refund(service(t), in)
	require.NoError(t, err)
	return n
}

func part(minor int64) *money.Amount {
	amount := money.Of(minor, "EUR")
	return &amount
}

func requireOneOf(t *testing.T, err error, allowed ...error) {
	t.Helper()
	for _, one := range allowed {
		if errors.Is(err, one) {
			return
		}
	}
	t.Errorf("unexpected: %v", err)
}

func refundParts(t *testing.T, s *suite) {
	v := s.paid(t, "pm_ok")
	s.Clock.Advance(time.Second)
	first := s.refund(t, payments.RefundInput{ID: v.ID, Amount: part(990), Reason: "Arrived broken"})
	series := "CN" + v.Series
	require.Empty(t, cmp.Diff(payments.CreditNote{
		ID: first.ID, Number: series + "-000001", Series: series, InvoiceID: v.ID, Amount: *part(990), Reason: "Arrived broken",
		State: payments.RefundSucceeded, CreatedAt: s.Clock.Now(), UpdatedAt: s.Clock.Now(),
	}, first))
	partly := s.invoice(t, v.ID)
	require.Equal(t, payments.StatusPaid, partly.Status)
	require.Equal(t, *part(990), partly.Refunded)

	_, err := s.Service.Refund(service(t), payments.RefundInput{ID: v.ID, Amount: part(2001)})
	require.ErrorIs(t, err, payments.ErrRefundTooMuch)
	require.ErrorContains(t, err, "only 20.00 EUR are left")
	require.ErrorContains(t, err, "body.amount.amount")
	_, err = s.Service.Refund(service(t), payments.RefundInput{ID: v.ID, Amount: &money.Amount{Minor: 1, Currency: "USD"}})
	requireField(t, err, "body.amount.currency")
	second := s.refund(t, payments.RefundInput{ID: v.ID})
	require.Equal(t, *part(2000), second.Amount)
	require.Equal(t, series+"-000002", second.Number)
	whole := s.invoice(t, v.ID)
	require.Equal(t, payments.StatusRefunded, whole.Status)
	require.Equal(t, v.Total, whole.Refunded)
	require.Equal(t, v.PaidAt, whole.PaidAt)
	require.Equal(t, v.Version+2, whole.Version)
	_, err = s.Service.Refund(service(t), payments.RefundInput{ID: v.ID})
	require.ErrorIs(t, err, payments.ErrNothingToRefund)

	notes, err := s.Service.CreditNotes(as(t, s.user), payments.CreditNotesInput{InvoiceID: v.ID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]payments.CreditNote{first, second}, notes))
	_, err = s.Service.CreditNotes(as(t, id.NewUser()), payments.CreditNotesInput{InvoiceID: v.ID})
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)

	events := s.Events(t)[2:]
	require.Len(t, events, 2)
	require.JSONEq(t, `{"invoice_id":"`+v.ID.String()+`","user_id":"`+s.user.String()+`","credit_note_id":"`+first.ID.String()+`",
		"amount":{"amount":990,"currency":"EUR"},"remaining":{"amount":2000,"currency":"EUR"}}`, string(events[0].Payload))
	require.Contains(t, string(events[1].Payload), `"remaining":{"amount":0,"currency":"EUR"}`)
}

func refundRefused(t *testing.T, s *suite) {
	open := s.create(t)
	for _, in := range []payments.RefundInput{{ID: open.ID, Amount: part(0)}, {ID: open.ID, Reason: "two\nlines"}} {
		_, err := s.Service.Refund(service(t), in)
		require.Error(t, err)
		require.NotErrorIs(t, err, payments.ErrNotRefundable)
	}
	_, err := s.Service.Refund(service(t), payments.RefundInput{ID: open.ID})
	require.ErrorIs(t, err, payments.ErrNotRefundable)
	_, err = s.Service.Refund(service(t), payments.RefundInput{ID: id.NewInvoice()})
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)
	_, err = s.Service.Refund(as(t, s.user), payments.RefundInput{ID: open.ID})
	require.ErrorIs(t, err, identity.ErrForbidden)

	v := s.paid(t, "pm_refund_declined")
	order := id.NewOrder()
	for _, key := range []string{"a", "a", "b"} { // a repeat, and another try
		_, err = s.Service.Refund(service(t), payments.RefundInput{Key: idempotency.NewKey(key), ID: v.ID, OrderID: order})
		require.ErrorIs(t, err, payments.ErrRefundRefused)
	}
	require.Empty(t, cmp.Diff(v, s.invoice(t, v.ID), cmp.FilterPath(func(p cmp.Path) bool {
		return p.Last().String() == ".UpdatedAt"
	}, cmp.Ignore())))
	notes, err := s.Service.CreditNotes(admin(t), payments.CreditNotesInput{InvoiceID: v.ID})
	require.NoError(t, err)
	require.Len(t, notes, 2)
	require.Empty(t, notes[0].Number)
}

func refundOnce(t *testing.T, s *suite) {
	v, order := s.paid(t, "pm_ok"), id.NewOrder()
	in := payments.RefundInput{Key: idempotency.NewKey("one"), ID: v.ID, Amount: part(100), OrderID: order}
	first := s.refund(t, in)
	for _, key := range []*idempotency.Key{idempotency.NewKey("one"), idempotency.NewKey("two"), nil} {
		in.Key = key
		require.Empty(t, cmp.Diff(first, s.refund(t, in)))
	}
	require.Equal(t, *part(100), s.invoice(t, v.ID).Refunded)
}

// While the provider does not say what it did, the refund is pending and its
// amount is not there for others.
func refundUnknown(t *testing.T, s *suite) {
	v := s.paid(t, "pm_refund_timeout")
	in := payments.RefundInput{Key: idempotency.NewKey("one"), ID: v.ID, OrderID: id.NewOrder()}
	pending := s.refund(t, in)
	require.Equal(t, payments.RefundPending, pending.State)
	require.Empty(t, pending.Number)
	require.True(t, s.invoice(t, v.ID).Refunded.IsZero())
	_, err := s.Service.Refund(service(t), payments.RefundInput{ID: v.ID})
	require.ErrorIs(t, err, payments.ErrNothingToRefund)
	require.Equal(t, pending.ID, s.refund(t, in).ID)

	s.Clock.Advance(time.Minute)
	require.NoError(t, s.Resolve(t.Context()))
	require.Equal(t, payments.RefundSucceeded, s.refund(t, in).State)
	require.Equal(t, payments.StatusRefunded, s.invoice(t, v.ID).Status)
	require.Equal(t, []string{
		payments.EventInvoiceCreated, payments.EventInvoicePaid, payments.EventInvoiceRefunded,
	}, s.names(t))
}

// However many ask at once, no more goes back than was paid.
func refundContended(t *testing.T, s *suite) {
	v := s.paid(t, "pm_ok")
	var back atomic.Int64
	var clients sync.WaitGroup
	for range 12 {
		clients.Go(func() {
			n, err := s.Service.Refund(identity.With(t.Context(), identity.Actor{Service: "cart"}), payments.RefundInput{ID: v.ID, Amount: part(700)})
			if err != nil {
				requireOneOf(t, err, payments.ErrRefundTooMuch)
				return
			}
			back.Add(n.Amount.Minor)
		})
	}
	clients.Wait()
	require.EqualValues(t, 2800, back.Load())
	require.Equal(t, *part(2800), s.invoice(t, v.ID).Refunded)
	require.Equal(t, *part(190), s.refund(t, payments.RefundInput{ID: v.ID}).Amount)
}

func refundOrderContended(t *testing.T, s *suite) {
	v, order := s.paid(t, "pm_ok"), id.NewOrder()
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			_, err := s.Service.Refund(identity.With(t.Context(), identity.Actor{Service: "cart"}),
				payments.RefundInput{ID: v.ID, Amount: part(100), OrderID: order})
			if err != nil {
				t.Errorf("refund: %v", err)
			}
		})
	}
	clients.Wait()
	require.Equal(t, *part(100), s.invoice(t, v.ID).Refunded)
}

func documents(t *testing.T, s *suite) {
	v := s.paid(t, "pm_ok")
	n := s.refund(t, payments.RefundInput{ID: v.ID})
	for _, test := range []struct {
		in          payments.DocumentInput
		name        string
		contentType string
		holds       string
	}{
		{payments.DocumentInput{Invoice: v.ID, Format: payments.FormatHTML}, "invoice-" + v.Number + ".html", "text/html; charset=utf-8", v.Number},
		{payments.DocumentInput{Invoice: v.ID, Format: payments.FormatPDF}, "invoice-" + v.Number + ".pdf", "application/pdf", "%PDF-"},
		{payments.DocumentInput{CreditNote: n.ID, Format: payments.FormatHTML}, "credit-note-" + n.Number + ".html", "text/html; charset=utf-8", n.Number},
	} {
		d, err := s.Service.Document(as(t, s.user), test.in)
		require.NoError(t, err)
		require.Equal(t, test.contentType, d.ContentType)
		require.Equal(t, test.name, d.Name)
		require.Contains(t, string(d.Body), test.holds)
		_, err = s.Service.Document(as(t, id.NewUser()), test.in)
		requireOneOf(t, err, payments.ErrInvoiceNotFound, payments.ErrCreditNoteNotFound)
	}
	_, err := s.Service.Document(as(t, s.user), payments.DocumentInput{CreditNote: id.NewCreditNote(), Format: payments.FormatPDF})
	require.ErrorIs(t, err, payments.ErrCreditNoteNotFound)
	_, err = s.Service.Document(as(t, s.user), payments.DocumentInput{Invoice: v.ID, Format: "doc"})
	requireField(t, err, "body.format")
}
