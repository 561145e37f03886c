package paymentsmod_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/sandbox"
	"shop/modules/payments/paymentstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

// troubled is the sandbox behind a bad line: before and after may fail a call,
// or end the process, for which a panic stands.
type troubled struct {
	*sandbox.Sandbox

	mu            sync.Mutex
	before, after func() error
	lookup        func() error
}

func (p *troubled) set(before, after, lookup func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after, p.lookup = before, after, lookup
}

func (p *troubled) trouble(which *func() error) error {
	p.mu.Lock()
	fn := *which
	p.mu.Unlock()
	if fn == nil {
		return nil
	}
	return fn()
}

// Charge implements provider.Provider.
func (p *troubled) Charge(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	if err := p.trouble(&p.before); err != nil {
		return provider.Charge{}, err
	}
	charge, err := p.Sandbox.Charge(ctx, r)
	return charge, errors.Join(err, p.trouble(&p.after))
}

// Lookup implements provider.Provider.
func (p *troubled) Lookup(ctx context.Context, key string) (provider.Charge, bool, error) {
	if err := p.trouble(&p.lookup); err != nil {
		return provider.Charge{}, false, err
	}
	return p.Sandbox.Lookup(ctx, key)
}

// Troubles.
var errLine = errors.New("the line went dead")

func die() error { panic("the process died") }

func lineDead() error { return errLine }

func unreachable() error { return provider.ErrUnreachable }

// world is a module over a troubled provider, and one open invoice.
type world struct {
	paymentstest.Outside
	paymentstest.Fixture
	db       *database.DB
	provider *troubled
	user     id.User
	invoice  id.Invoice
}

func eachWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, "payments", func(t *testing.T, db *database.DB) {
		w := &world{
			Outside:  paymentstest.Outside{Users: &paymentstest.Users{}, Clock: &paymentstest.Clock{}},
			db:       db,
			provider: &troubled{Sandbox: sandbox.New(sandbox.Options{DB: db, Silence: time.Millisecond, WebhookSecret: paymentstest.WebhookSecret})},
		}
		w.Fixture = fixture(t, db, w.Outside, w.provider)
		w.user = w.Users.Add()
		v, err := w.Service.CreateInvoice(identity.With(t.Context(), identity.Actor{Service: "cart"}), payments.CreateInvoiceInput{
			UserID: w.user, Currency: "EUR",
			Lines: []payments.LineInput{{Description: "Blue mug", Quantity: 1, UnitPrice: money.Of(1250, "EUR")}},
		})
		require.NoError(t, err)
		w.invoice = v.ID
		test(t, w)
	})
}

func (w *world) ctx(t *testing.T) context.Context {
	t.Helper()
	return identity.With(t.Context(), identity.Actor{User: w.user})
}

func (w *world) pay(t *testing.T, key string) error {
	t.Helper()
	in := payments.PayInput{ID: w.invoice, PaymentMethod: sandbox.MethodOK}
	if key != "" {
		in.Key = idempotency.NewKey(key)
	}
	_, err := w.Service.Pay(w.ctx(t), in)
	return err
}

func (w *world) status(t *testing.T) payments.Status {
	t.Helper()
	v, err := w.Service.Invoice(w.ctx(t), payments.InvoiceInput{ID: w.invoice})
	require.NoError(t, err)
	return v.Status
}

// requirePaidOnce checks the invoice, the provider's books and the events.
func (w *world) requirePaidOnce(t *testing.T) {
	t.Helper()
	require.Equal(t, payments.StatusPaid, w.status(t))
	require.Equal(t, 1, w.Charges(t, w.invoice))
	events := w.Events(t)
	require.Len(t, events, 2)
	require.Equal(t, payments.EventInvoicePaid, events[1].Name)
}

// Whoever dies in the middle of a payment, the invoice is charged once and paid.
func TestDeath(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]struct{ before, after func() error }{
		"BeforeTheCharge": {before: die},
		"AfterTheCharge":  {after: die},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachWorld(t, func(t *testing.T, w *world) {
				w.provider.set(trouble.before, trouble.after, nil)
				require.Panics(t, func() { _ = w.pay(t, "key") })
				w.provider.set(nil, nil, nil)
				require.Equal(t, payments.StatusPaying, w.status(t))

				// Nobody can tell a dead caller from a slow one until his time is up.
				require.ErrorIs(t, w.pay(t, ""), payments.ErrPaymentInProgress)
				require.ErrorIs(t, w.pay(t, "key"), payments.ErrPaymentInProgress)

				w.Clock.Advance(time.Minute)
				require.NoError(t, w.Resolve(t.Context()))
				w.requirePaidOnce(t)
				require.NoError(t, w.pay(t, "key"), "the first caller repeats his request")
				require.ErrorIs(t, w.pay(t, ""), payments.ErrAlreadyPaid)
				w.requirePaidOnce(t)
			})
		})
	}
}

func TestDeathThenPayAgain(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.provider.set(nil, die, nil)
		require.Panics(t, func() { _ = w.pay(t, "") })
		w.provider.set(nil, nil, nil)
		w.Clock.Advance(time.Minute)
		require.NoError(t, w.pay(t, ""))
		w.requirePaidOnce(t)
	})
}

// A provider that is certainly not reached has not charged: the invoice is open
// again, and the same request may be repeated.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.provider.set(unreachable, nil, nil)
		for range 2 {
			require.ErrorIs(t, w.pay(t, "key"), payments.ErrProviderUnavailable)
			require.Equal(t, payments.StatusOpen, w.status(t))
		}
		require.ErrorIs(t, w.pay(t, ""), payments.ErrProviderUnavailable)
		require.Zero(t, w.Charges(t, w.invoice))

		w.provider.set(nil, nil, nil)
		require.NoError(t, w.pay(t, "key"))
		w.requirePaidOnce(t)
	})
}

// While the provider does not say what it did, nobody guesses: not even when it
// cannot be reached any more, since an earlier call may have charged.
func TestUnknownStaysUnknown(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.provider.set(lineDead, nil, lineDead)
		require.ErrorIs(t, w.pay(t, "key"), payments.ErrOutcomeUnknown)
		for _, line := range []func() error{lineDead, unreachable} {
			w.provider.set(line, nil, lineDead)
			require.ErrorIs(t, w.pay(t, "key"), payments.ErrOutcomeUnknown)
			w.provider.set(line, nil, nil)
			require.ErrorIs(t, w.pay(t, ""), payments.ErrOutcomeUnknown)
			require.Equal(t, payments.StatusPaying, w.status(t))
		}

		w.provider.set(nil, nil, nil)
		w.Clock.Advance(time.Hour)
		require.NoError(t, w.Resolve(t.Context()))
		w.requirePaidOnce(t)
	})
}

// Several replicas and callers who all find the same payment without an outcome
// charge and publish once.
func TestResolvedByManyAtOnce(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.provider.set(die, nil, nil)
		require.Panics(t, func() { _ = w.pay(t, "") })
		w.provider.set(nil, nil, nil)
		w.Clock.Advance(time.Minute)

		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range 4 {
			replica := build(t, w.db, w.Outside, w.provider)
			running.Go(func() { _ = replica.Module.Workers[0].Run(ctx) })
			running.Go(func() { _ = w.pay(t, "") })
		}
		require.Eventually(t, func() bool { return w.status(t) == payments.StatusPaid }, 10*time.Second, time.Millisecond)
		stop()
		running.Wait()
		w.requirePaidOnce(t)
	})
}

// A caller who stops listening does not stop the payment.
func TestCallerGone(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, leave := context.WithCancel(w.ctx(t))
		w.provider.set(func() error { leave(); return nil }, nil, nil)
		_, err := w.Service.Pay(ctx, payments.PayInput{ID: w.invoice, PaymentMethod: sandbox.MethodOK})
		require.NoError(t, err)
		w.requirePaidOnce(t)
	})
}

// A caller who was overtaken must not say that nothing was charged.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		overtake := sync.OnceFunc(func() {
			w.Clock.Advance(time.Minute)
			replica := build(t, w.db, w.Outside, sandbox.New(sandbox.Options{DB: w.db}))
			require.NoError(t, resolve(t.Context(), w.db, replica, w.Clock.Now()))
		})
		w.provider.set(func() error { overtake(); return provider.ErrUnreachable }, nil, nil)
		require.NoError(t, w.pay(t, ""))
		w.requirePaidOnce(t)
	})
}

// Nor may he while the one who overtook him is still asking: that one may find
// a charge, or make it.
func TestOvertakenWhileAsking(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		asking, goOn := make(chan struct{}), make(chan struct{})
		slow := &troubled{Sandbox: sandbox.New(sandbox.Options{DB: w.db})}
		slow.set(nil, nil, func() error { close(asking); <-goOn; return nil })
		replica := build(t, w.db, w.Outside, slow)
		resolved := make(chan error, 1)
		overtake := sync.OnceFunc(func() {
			w.Clock.Advance(time.Minute)
			go func() { resolved <- resolve(t.Context(), w.db, replica, w.Clock.Now()) }()
			<-asking
		})
		w.provider.set(func() error { overtake(); return provider.ErrUnreachable }, nil, nil)
		require.ErrorIs(t, w.pay(t, ""), payments.ErrPaymentInProgress)
		require.Equal(t, payments.StatusPaying, w.status(t))

		close(goOn)
		require.NoError(t, <-resolved)
		w.requirePaidOnce(t)
	})
}
