package stripe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/stripe"
	"shop/platform/id"
	"shop/platform/money"
)

// answer is what the server below says to a request; a status of 0 hangs up.
type answer struct {
	status   int
	body     string
	replayed bool
}

// fake is a server that speaks Stripe's JSON, for what the mock cannot show.
type fake struct {
	*httptest.Server

	mu       sync.Mutex
	answers  map[string]answer // by method and path
	requests []string
	forms    []url.Values
	header   http.Header // of the last request
}

func newFake(t *testing.T) (*stripe.Stripe, *fake) {
	t.Helper()
	f := &fake{answers: map[string]answer{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return newStripe(t, f.URL, nil), f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	name := r.Method + " " + r.URL.Path
	f.requests, f.forms, f.header = append(f.requests, name), append(f.forms, r.Form), r.Header
	a, known := f.answers[name]
	f.mu.Unlock()
	switch {
	case !known:
		a = answer{status: http.StatusNotFound, body: `{"error":{"type":"invalid_request_error","code":"resource_missing"}}`}
	case a.status == 0:
		panic(http.ErrAbortHandler)
	}
	if a.replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	w.Header().Set("Request-Id", "req_1")
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

// say sets what is answered from now on.
func (f *fake) say(request string, status int, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[request] = answer{status: status, body: body}
}

func (f *fake) sayReplayed(request, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[request] = answer{http.StatusOK, body, true}
}

// asked are the requests since the last call.
func (f *fake) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.requests
	f.requests = nil
	return asked
}

// Requests.
const (
	create = "POST /v1/payment_intents"
	read   = "GET /v1/payment_intents/pi_1"
	cancel = "POST /v1/payment_intents/pi_1/cancel"
	search = "GET /v1/payment_intents/search"
	give   = "POST /v1/refunds"
	list   = "GET /v1/refunds"
)

func intent(status string) string {
	return fmt.Sprintf(`{"id":"pi_1","object":"payment_intent","status":%q}`, status)
}

// refusedIntent is an intent whose card was refused.
const refusedIntent = `{"id":"pi_1","object":"payment_intent","status":"requires_payment_method",
	"last_payment_error":{"type":"card_error","code":"card_declined"}}`

func found(intents string) string {
	return `{"object":"search_result","has_more":false,"data":[` + intents + `]}`
}

func failure(kind, code, more string) string {
	return fmt.Sprintf(`{"error":{"type":%q,"code":%q%s}}`, kind, code, more)
}

func charge() provider.ChargeRequest {
	return provider.ChargeRequest{
		IdempotencyKey: id.NewPayment().String(), Amount: money.Of(1250, "EUR"), Method: "pm_1", Invoice: id.NewInvoice(),
	}
}

func TestChargeSends(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	f.say(create, 200, intent("succeeded"))
	r := charge()
	got, err := s.Charge(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, provider.Charge{Reference: "pi_1", Outcome: provider.Succeeded}, got)
	require.Equal(t, url.Values{
		"amount": {"1250"}, "currency": {"eur"}, "payment_method": {"pm_1"}, "confirm": {"true"},
		"error_on_requires_action": {"true"}, "automatic_payment_methods[enabled]": {"true"},
		"automatic_payment_methods[allow_redirects]": {"never"}, "description": {r.Invoice.String()},
		"metadata[shop_payment]": {r.IdempotencyKey}, "metadata[shop_invoice]": {r.Invoice.String()},
	}, f.forms[0])
	require.Equal(t, r.IdempotencyKey, f.header.Get("Idempotency-Key"))
	require.Equal(t, "Bearer sk_test_key", f.header.Get("Authorization"))
	require.Empty(t, f.header.Get("X-Stripe-Client-User-Agent"), "what machine this is")
}

// What the answers to a charge mean.
func TestCharge(t *testing.T) {
	t.Parallel()
	withIntent := `,"payment_intent":` + refusedIntent
	for name, test := range map[string]struct {
		status  int
		body    string
		want    provider.Charge // of no error
		err     error
		unknown bool // an error that says nothing: it may have charged
	}{
		"declined":       {402, failure("card_error", "card_declined", withIntent), provider.Charge{Reference: "pi_1", Outcome: provider.Declined}, nil, false},
		"3-D Secure":     {402, failure("card_error", "authentication_required", withIntent), provider.Charge{Reference: "pi_1", Outcome: provider.Declined}, nil, false},
		"too small":      {400, failure("invalid_request_error", "amount_too_small", ""), provider.Charge{Outcome: provider.Declined}, nil, false},
		"no such method": {400, failure("invalid_request_error", "resource_missing", `,"param":"payment_method"`), provider.Charge{}, provider.ErrUnknownMethod, false},
		"wrong key":      {401, failure("invalid_request_error", "", ""), provider.Charge{}, provider.ErrUnreachable, false},
		"may not":        {403, failure("invalid_request_error", "", ""), provider.Charge{}, provider.ErrUnreachable, false},
		"too many":       {429, failure("invalid_request_error", "rate_limit", ""), provider.Charge{}, provider.ErrUnreachable, false},
		"locked":         {429, failure("invalid_request_error", "lock_timeout", ""), provider.Charge{}, nil, true},
		"key in use":     {409, failure("idempotency_error", "idempotency_key_in_use", ""), provider.Charge{}, nil, true},
		"key of another": {400, failure("idempotency_error", "", ""), provider.Charge{}, nil, true},
		"broken":         {500, failure("api_error", "", ""), provider.Charge{}, nil, true},
		"broken gateway": {502, `<html>bad gateway</html>`, provider.Charge{}, nil, true},
		"no JSON":        {200, `OK`, provider.Charge{}, nil, true},
		"elsewhere":      {307, ``, provider.Charge{}, nil, true},
		"no answer":      {0, "", provider.Charge{}, nil, true},
		"processing":     {200, intent("processing"), provider.Charge{}, provider.ErrUndecided, false},
		"new state":      {200, intent("levitating"), provider.Charge{}, provider.ErrUndecided, false},
		"canceled":       {200, intent("canceled"), provider.Charge{Reference: "pi_1", Outcome: provider.Declined}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, f := newFake(t)
			f.say(create, test.status, test.body)
			got, err := s.Charge(t.Context(), charge())
			require.Equal(t, []string{create}, f.asked())
			if test.unknown {
				require.Error(t, err)
				require.NotErrorIs(t, err, provider.ErrUnreachable)
				require.NotErrorIs(t, err, provider.ErrUnknownMethod)
				return
			}
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.want, got)
		})
	}
}

// An error of Stripe's holds what it knows of the customer: none of it is told.
func TestErrorsKeepQuiet(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	f.say(create, 500, failure("api_error", "", `,"message":"Jane Doe","payment_intent":{"id":"pi_1","client_secret":"Jane"}`))
	_, err := s.Charge(t.Context(), charge())
	require.EqualError(t, err, "stripe answered 500: api_error (request req_1)")
	f.say(create, 200, `{"id":"Jane`)
	_, err = s.Charge(t.Context(), charge())
	require.EqualError(t, err, "stripe's answer cannot be read")
}

func TestChargeWithoutARequest(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	r := charge()
	r.Method = "pm ok"
	_, err := s.Charge(t.Context(), r)
	require.ErrorIs(t, err, provider.ErrUnknownMethod)

	free := charge()
	free.Amount.Minor = 0
	got, err := s.Charge(t.Context(), free)
	require.NoError(t, err)
	require.Equal(t, provider.Charge{Outcome: provider.Succeeded}, got)

	odd := charge()
	odd.Amount = money.Of(1234, "KWD")
	got, err = s.Charge(t.Context(), odd)
	require.NoError(t, err)
	require.Equal(t, provider.Declined, got.Outcome)
	require.Empty(t, f.asked())

	f.Close()
	_, err = s.Charge(t.Context(), charge())
	require.ErrorIs(t, err, provider.ErrUnreachable)
	_, err = s.Refund(t.Context(), refundOf(250))
	require.ErrorIs(t, err, provider.ErrUnreachable)
}

// A payment that waits for the customer's bank cannot succeed any more.
func TestActionRequired(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	f.say(create, 200, intent("requires_action"))
	f.say(cancel, 200, intent("canceled"))
	got, err := s.Charge(t.Context(), charge())
	require.NoError(t, err)
	require.Equal(t, provider.Charge{Reference: "pi_1", Outcome: provider.Declined}, got)
	require.Equal(t, []string{create, cancel}, f.asked())

	f.say(cancel, 400, failure("invalid_request_error", "payment_intent_unexpected_state", ""))
	_, err = s.Charge(t.Context(), charge())
	require.ErrorIs(t, err, provider.ErrUndecided, "it may have succeeded meanwhile")
}

// The answer that a key replays is as old as the first request.
func TestReplayed(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	f.sayReplayed(create, intent("processing"))
	f.say(read, 200, intent("succeeded"))
	got, err := s.Charge(t.Context(), charge())
	require.NoError(t, err)
	require.Equal(t, provider.Succeeded, got.Outcome)
	require.Equal(t, []string{create, read}, f.asked())
}

// Nobody is charged for what was asked long ago: the key may be forgotten.
func TestOldKeys(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	r := charge()
	r.IdempotencyKey = aged(t, 13)
	_, err := s.Charge(t.Context(), r)
	require.ErrorIs(t, err, provider.ErrUndecided)
	r.IdempotencyKey = aged(t, 25)
	got, err := s.Charge(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, provider.Declined, got.Outcome)
	require.Empty(t, f.asked())
}

func TestLookup(t *testing.T) {
	t.Parallel()
	s, f := newFake(t)
	key := id.NewPayment().String()
	f.say(search, 200, found(""))
	_, is, err := s.Lookup(t.Context(), key)
	require.NoError(t, err)
	require.False(t, is)
	require.Equal(t, "metadata['shop_payment']:'"+key+"'", f.forms[0].Get("query"))

	f.say(search, 200, found(intent("processing")))
	for body, want := range map[string]provider.Outcome{
		intent("succeeded"): provider.Succeeded, intent("canceled"): provider.Declined, refusedIntent: provider.Declined,
	} {
		f.say(read, 200, body)
		got, was, err := s.Lookup(t.Context(), key)
		require.NoError(t, err)
		require.True(t, was)
		require.Equal(t, provider.Charge{Reference: "pi_1", Outcome: want}, got)
	}
	f.say(read, 200, intent("processing"))
	_, _, err = s.Lookup(t.Context(), key)
	require.ErrorIs(t, err, provider.ErrUndecided)
	f.say(read, 200, intent("requires_confirmation"))
	f.say(cancel, 200, intent("canceled"))
	cancelled, is, err := s.Lookup(t.Context(), key)
	require.NoError(t, err)
	require.True(t, is)
	require.Equal(t, provider.Declined, cancelled.Outcome)
	f.say(search, 500, failure("api_error", "", ""))
	_, _, err = s.Lookup(t.Context(), key)
	require.Error(t, err)
}
