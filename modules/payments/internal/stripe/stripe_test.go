package stripe_test

import (
	"log/slog"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v84/webhook"

	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/stripe"
	"shop/platform/id"
	"shop/platform/money"
)

// aged is the key of a payment that was begun hours ago.
func aged(t *testing.T, hours int) string {
	t.Helper()
	payment := [16]byte(uuid.Must(uuid.NewV7()))
	ms := time.Now().Add(-time.Duration(hours) * time.Hour).UnixMilli()
	for n := 5; n >= 0; n-- {
		payment[n], ms = byte(ms), ms>>8
	}
	return id.Payment(payment).String()
}

func refundOf(minor int64) provider.RefundRequest {
	return provider.RefundRequest{
		IdempotencyKey: id.NewRefund().String(), Charge: "pi_1", Amount: money.Of(minor, "EUR"), Invoice: id.NewInvoice(),
	}
}

func refundBody(status string) string {
	return `{"id":"re_1","object":"refund","status":"` + status + `"}`
}

func TestRefund(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	r := refundOf(250)
	f.say(give, 200, refundBody("succeeded"))
	got, err := s.Refund(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, provider.Refund{Reference: "re_1", Outcome: provider.Succeeded}, got)
	require.Equal(t, url.Values{
		"payment_intent": {"pi_1"}, "amount": {"250"},
		"metadata[shop_refund]": {r.IdempotencyKey}, "metadata[shop_invoice]": {r.Invoice.String()},
	}, f.forms[0])
	require.Equal(t, r.IdempotencyKey, f.header.Get("Idempotency-Key"))

	for status, body := range map[int]string{
		200: refundBody("failed"), 400: failure("invalid_request_error", "charge_already_refunded", ""),
	} {
		f.say(give, status, body)
		got, err = s.Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, provider.Declined, got.Outcome, body)
	}
	f.say(give, 200, refundBody("pending"))
	_, err = s.Refund(t.Context(), r)
	require.ErrorIs(t, err, provider.ErrUndecided)
	f.say(give, 0, "")
	_, err = s.Refund(t.Context(), r)
	require.Error(t, err)
	require.NotErrorIs(t, err, provider.ErrUnreachable)
	f.say(give, 401, failure("invalid_request_error", "", ""))
	_, err = s.Refund(t.Context(), r)
	require.ErrorIs(t, err, provider.ErrUnreachable)
}

func TestLookupRefund(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	before := time.Now()
	key := id.NewCreditNote().String()
	listed := func(status string) string {
		return `{"object":"list","has_more":false,"data":[{"id":"re_0","object":"refund","status":"succeeded","metadata":{"shop_refund":"other"}},
			{"id":"re_1","object":"refund","status":"` + status + `","metadata":{"shop_refund":"` + key + `"}}]}`
	}
	f.say(list, 200, `{"object":"list","has_more":false,"data":[]}`)
	_, is, err := s.LookupRefund(t.Context(), key)
	require.NoError(t, err)
	require.False(t, is)
	since, err := strconv.ParseInt(f.forms[0].Get("created[gte]"), 10, 64)
	require.NoError(t, err)
	require.WithinRange(t, time.Unix(since, 0), before.Add(-15*time.Minute), before.Add(-5*time.Minute))

	for status, want := range map[string]provider.Outcome{
		"succeeded": provider.Succeeded, "failed": provider.Declined, "canceled": provider.Declined,
	} {
		f.say(list, 200, listed(status))
		got, is, err := s.LookupRefund(t.Context(), key)
		require.NoError(t, err)
		require.True(t, is)
		require.Equal(t, provider.Refund{Reference: "re_1", Outcome: want}, got)
	}
	f.say(list, 200, listed("requires_action"))
	_, _, err = s.LookupRefund(t.Context(), key)
	require.ErrorIs(t, err, provider.ErrUndecided)
}

func TestBooks(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	invoice := id.NewInvoice()
	of := `"created":1793612345,"amount":500,"currency":"isk","metadata":{"shop_invoice":"` + invoice.String() + `",`
	f.say("GET /v1/payment_intents", 200, `{"object":"list","has_more":false,"data":[
		{"id":"pi_1","status":"succeeded",`+of+`"shop_payment":"pay_1"}},
		{"id":"pi_2","status":"requires_payment_method",`+of+`"shop_payment":"pay_2"}},
		{"id":"pi_3","status":"processing",`+of+`"shop_payment":"pay_3"}},
		{"id":"pi_4","status":"succeeded","created":1,"metadata":{}}]}`)
	f.say(list, 200, `{"object":"list","has_more":false,"data":[{"id":"re_1","status":"succeeded",`+of+`"shop_refund":"ref_1"}},{"id":"re_2","status":"succeeded"}]}`)
	entry := provider.BookEntry{
		Key: "pay_1", Reference: "pi_1", Kind: provider.KindCharge, Amount: money.Of(5, "ISK"), Outcome: provider.Succeeded,
		Invoice: invoice, At: time.Unix(1793612345, 0).UTC(),
	}
	declined, refund := entry, entry
	declined.Key, declined.Reference, declined.Outcome = "pay_2", "pi_2", provider.Declined
	refund.Key, refund.Reference, refund.Kind = "ref_1", "re_1", provider.KindRefund
	var got []provider.BookEntry
	for e, err := range s.Charges(t.Context(), time.Unix(1793600000, 5)) {
		require.NoError(t, err)
		got = append(got, e)
	}
	require.Equal(t, []provider.BookEntry{entry, declined, refund}, got)
	require.Equal(t, "1793600000", f.forms[0].Get("created[gte]"))

	f.say(list, 500, failure("api_error", "", ""))
	var last error
	for _, err := range s.Charges(t.Context(), time.Time{}) {
		last = err
	}
	require.Error(t, last)
}

// Stripe counts some currencies in other units than ISO 4217 does.
func TestAmounts(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	f.say(create, 200, intent("succeeded"))
	for want, amount := range map[string]money.Amount{
		"1250": money.Of(1250, "EUR"), "500": money.Of(500, "JPY"), "700": money.Of(7, "ISK"), "800": money.Of(8, "UGX"),
		"9": money.Of(900, "MGA"), "5120": money.Of(5120, "KWD"),
	} {
		r := charge()
		r.Amount = amount
		_, err := s.Charge(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, want, f.forms[len(f.forms)-1].Get("amount"), "%v", amount)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for key, message := range map[string]string{"": "a secret key", "pk_test_1": "publishable"} {
		_, err := stripe.New(stripe.Options{Key: key, Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, message)
	}
}

func TestReadNotice(t *testing.T) {
	t.Parallel()
	s := newStripe(t, "", nil)
	sign := func(body string, at time.Time) string {
		return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{
			Payload: []byte(body), Secret: "whsec_secret", Timestamp: at,
		}).Header
	}
	const body = `{"id":"evt_1","object":"event","type":"refund.updated","data":{"object":{"metadata":{"shop_refund":"ref_1"}}}}`
	got, err := s.ReadNotice([]byte(body), sign(body, time.Now()))
	require.NoError(t, err)
	require.Equal(t, provider.Notice{ID: "evt_1", Kind: "refund.updated", Refund: "ref_1"}, got)

	for name, signature := range map[string]string{
		"none": "", "old": sign(body, time.Now().Add(-6*time.Minute)), "of another": sign(body+" ", time.Now()), "garbage": "t=1,v1",
	} {
		_, err := s.ReadNotice([]byte(body), signature)
		require.ErrorIs(t, err, provider.ErrNotSigned, name)
	}
	for _, odd := range []string{`{`, `{}`, `{"id":"evt_1"}`} {
		_, err := s.ReadNotice([]byte(odd), sign(odd, time.Now()))
		require.Error(t, err)
		require.NotErrorIs(t, err, provider.ErrNotSigned)
	}
	_, err = stripe.ReadNotice([]byte(body), sign(body, time.Now()), "")
	require.ErrorIs(t, err, provider.ErrNoNotices)
}
