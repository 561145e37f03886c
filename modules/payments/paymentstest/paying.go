package paymentstest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

// pay pays as the invoice's user; an empty key is none.
func (s *suite) pay(ctx context.Context, invoice id.Invoice, method, key string) (v payments.Invoice, replayed bool, err error) {
	in := payments.PayInput{ID: invoice, PaymentMethod: method}
	if key != "" {
		in.Key = idempotency.NewKey(key)
	}
	v, err = s.Service.Pay(identity.With(ctx, identity.Actor{User: s.user}), in)
	return v, in.Key.Replayed(), err
}

func payPays(t *testing.T, s *suite) {
	open := s.create(t)
	s.Clock.Advance(time.Minute)
	paid, _, err := s.pay(t.Context(), open.ID, "pm_ok", "")
	require.NoError(t, err)

	want := open
	want.Status = payments.StatusPaid
	want.PaidAt, want.UpdatedAt = s.Clock.Now(), s.Clock.Now()
	want.Version = 3 // open, paying, paid
	require.Empty(t, cmp.Diff(want, paid))
	require.Empty(t, cmp.Diff(paid, s.invoice(t, open.ID)))
	require.Equal(t, 1, s.Charges(t, open.ID))
}

func payPrivileged(t *testing.T, s *suite) {
	for _, ctx := range []context.Context{admin(t), service(t)} {
		v, err := s.Service.Pay(ctx, payments.PayInput{ID: s.create(t).ID, PaymentMethod: "pm_ok"})
		require.NoError(t, err)
		require.Equal(t, payments.StatusPaid, v.Status)
	}
}

func payNotFound(t *testing.T, s *suite) {
	v := s.create(t)
	_, err := s.Service.Pay(as(t, id.NewUser()), payments.PayInput{ID: v.ID, PaymentMethod: "pm_ok"})
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)
	_, _, err = s.pay(t.Context(), id.NewInvoice(), "pm_ok", "")
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)
	_, err = s.Service.Pay(t.Context(), payments.PayInput{ID: v.ID, PaymentMethod: "pm_ok"})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	require.Empty(t, cmp.Diff(v, s.invoice(t, v.ID)))
	require.Zero(t, s.Charges(t, v.ID))
}

func payUnknownMethod(t *testing.T, s *suite) {
	v := s.create(t)
	_, _, err := s.pay(t.Context(), v.ID, "pm_nobody_knows", "")
	require.ErrorIs(t, err, payments.ErrUnknownMethod)
	requireField(t, err, "body.payment_method")
	require.Empty(t, cmp.Diff(v, s.invoice(t, v.ID)))
}

func payInvalid(t *testing.T, s *suite) {
	v := s.create(t)
	for _, method := range []string{"", "pm ok", "pm_\x00", string(make([]byte, payments.MaxPaymentMethodLength+1))} {
		_, _, err := s.pay(t.Context(), v.ID, method, "")
		requireField(t, err, "body.payment_method")
	}
}

func payAlreadyPaid(t *testing.T, s *suite) {
	v := s.create(t)
	_, _, err := s.pay(t.Context(), v.ID, "pm_ok", "")
	require.NoError(t, err)
	paid := s.invoice(t, v.ID)
	for _, key := range []string{"", "new-key"} {
		_, _, err = s.pay(t.Context(), v.ID, "pm_ok", key)
		require.ErrorIs(t, err, payments.ErrAlreadyPaid)
	}
	require.Empty(t, cmp.Diff(paid, s.invoice(t, v.ID)))
	require.Equal(t, 1, s.Charges(t, v.ID))
}

func payDeclined(t *testing.T, s *suite) {
	v := s.create(t)
	for range 2 {
		_, _, err := s.pay(t.Context(), v.ID, "pm_declined", "")
		require.ErrorIs(t, err, payments.ErrDeclined)
		require.Equal(t, payments.StatusOpen, s.invoice(t, v.ID).Status)
	}
	require.Zero(t, s.Charges(t, v.ID))
	paid, _, err := s.pay(t.Context(), v.ID, "pm_ok", "")
	require.NoError(t, err)
	require.Equal(t, payments.StatusPaid, paid.Status)
	require.Equal(t, 1, s.Charges(t, v.ID))
}

func payFlaky(t *testing.T, s *suite) {
	v := s.create(t)
	paid, _, err := s.pay(t.Context(), v.ID, "pm_flaky", "")
	require.NoError(t, err)
	require.Equal(t, payments.StatusPaid, paid.Status)
	require.Equal(t, 1, s.Charges(t, v.ID))
}

func payRepeated(t *testing.T, s *suite) {
	v := s.create(t)
	first, replayed, err := s.pay(t.Context(), v.ID, "pm_ok", "key")
	require.NoError(t, err)
	require.False(t, replayed)
	second, replayed, err := s.pay(t.Context(), v.ID, "pm_ok", "key")
	require.NoError(t, err)
	require.True(t, replayed)
	require.Empty(t, cmp.Diff(first, second))
	require.Equal(t, 1, s.Charges(t, v.ID))
}

func payRepeatedDecline(t *testing.T, s *suite) {
	v := s.create(t)
	for range 2 {
		_, _, err := s.pay(t.Context(), v.ID, "pm_declined", "key")
		require.ErrorIs(t, err, payments.ErrDeclined)
	}
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventPaymentDeclined}, s.names(t))
}

func payMismatch(t *testing.T, s *suite) {
	v, other := s.create(t), s.create(t)
	_, _, err := s.pay(t.Context(), v.ID, "pm_ok", "key")
	require.NoError(t, err)
	_, _, err = s.pay(t.Context(), v.ID, "pm_flaky", "key")
	require.ErrorIs(t, err, idempotency.ErrMismatch)
	_, _, err = s.pay(t.Context(), other.ID, "pm_ok", "key")
	require.ErrorIs(t, err, idempotency.ErrMismatch)
	require.Equal(t, payments.StatusOpen, s.invoice(t, other.ID).Status)
}

// timeOut pays with a method that charges and does not answer.
func (s *suite) timeOut(t *testing.T, key string) payments.Invoice {
	t.Helper()
	v := s.create(t)
	_, _, err := s.pay(t.Context(), v.ID, "pm_timeout", key)
	require.ErrorIs(t, err, payments.ErrOutcomeUnknown)
	require.Equal(t, payments.StatusPaying, s.invoice(t, v.ID).Status)
	return v
}

func payUnknownResolved(t *testing.T, s *suite) {
	v := s.timeOut(t, "")
	s.Clock.Advance(time.Minute)
	require.NoError(t, s.Resolve(t.Context()))
	require.Equal(t, payments.StatusPaid, s.invoice(t, v.ID).Status)
	_, _, err := s.pay(t.Context(), v.ID, "pm_ok", "")
	require.ErrorIs(t, err, payments.ErrAlreadyPaid)

	require.NoError(t, s.Resolve(t.Context()))
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventInvoicePaid}, s.names(t))
	require.Equal(t, 1, s.Charges(t, v.ID))
}

func payUnknownAgain(t *testing.T, s *suite) {
	v := s.timeOut(t, "key")
	paid, _, err := s.pay(t.Context(), v.ID, "pm_ok", "other key")
	require.NoError(t, err)
	require.Equal(t, payments.StatusPaid, paid.Status)
	_, _, err = s.pay(t.Context(), v.ID, "pm_ok", "other key")
	require.ErrorIs(t, err, payments.ErrAlreadyPaid)
	require.Equal(t, 1, s.Charges(t, v.ID))
}

func payUnknownRepeated(t *testing.T, s *suite) {
	v := s.timeOut(t, "key")
	for range 2 {
		paid, replayed, err := s.pay(t.Context(), v.ID, "pm_timeout", "key")
		require.NoError(t, err)
		require.True(t, replayed)
		require.Equal(t, payments.StatusPaid, paid.Status)
	}
	require.Equal(t, 1, s.Charges(t, v.ID))
}

// atOnce pays from many clients at once and returns what they were answered.
func (s *suite) atOnce(t *testing.T, invoice id.Invoice, key string) []error {
	t.Helper()
	answers := make([]error, 50)
	var clients sync.WaitGroup
	for i := range answers {
		clients.Go(func() { _, _, answers[i] = s.pay(t.Context(), invoice, "pm_ok", key) })
	}
	clients.Wait()
	require.Equal(t, payments.StatusPaid, s.invoice(t, invoice).Status)
	require.Equal(t, 1, s.Charges(t, invoice))
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventInvoicePaid}, s.names(t))
	return answers
}

func payContended(t *testing.T, s *suite) {
	succeeded := 0
	for _, err := range s.atOnce(t, s.create(t).ID, "") {
		if err == nil {
			succeeded++
			continue
		}
		require.True(t, errors.Is(err, payments.ErrAlreadyPaid) || errors.Is(err, payments.ErrPaymentInProgress), "%v", err)
	}
	require.Equal(t, 1, succeeded)
}

func payContendedWithKey(t *testing.T, s *suite) {
	succeeded := 0
	for _, err := range s.atOnce(t, s.create(t).ID, "key") {
		if err == nil {
			succeeded++
			continue
		}
		require.True(t, errors.Is(err, idempotency.ErrInProgress) || errors.Is(err, payments.ErrPaymentInProgress), "%v", err)
	}
	require.NotZero(t, succeeded)
}

func payPublishes(t *testing.T, s *suite) {
	v := s.create(t)
	_, _, err := s.pay(t.Context(), v.ID, "pm_declined", "")
	require.ErrorIs(t, err, payments.ErrDeclined)
	_, _, err = s.pay(t.Context(), v.ID, "pm_ok", "")
	require.NoError(t, err)
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventPaymentDeclined, payments.EventInvoicePaid}, s.names(t))

	owed := `"invoice_id":"` + v.ID.String() + `","user_id":"` + s.user.String() + `"`
	require.Regexp(t, `^{`+owed+`,"payment_id":"pay_[0-9a-z]{26}"}$`, string(s.Events(t)[1].Payload))
	require.Regexp(t, `^{`+owed+`,"total":{"amount":2990,"currency":"EUR"},"payment_id":"pay_[0-9a-z]{26}","number":"`+v.Number+`"}$`, string(s.Events(t)[2].Payload))
}
