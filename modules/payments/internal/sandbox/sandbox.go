// Package sandbox is the built-in payment provider for development, tests and
// demonstrations: it moves no money and behaves like a real provider otherwise.
//
// What it does is chosen with the payment method:
//
//   - pm_ok: charges.
//   - pm_declined: the customer's bank refuses.
//   - pm_flaky: the first call with a key does not get through, and nothing is
//     charged; the next one charges.
//   - pm_timeout: the first call with a key charges, but is never answered;
//     Lookup finds the charge.
//   - pm_refund_declined, pm_refund_flaky, pm_refund_timeout: charge, and refunds
//     of the charge behave as the methods above do.
//
// Like a real provider it is outside of the shop: its books are a table that
// nothing else touches, written in transactions of its own, so that they
// survive a restart and all replicas deal with the same provider.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/modules/payments/internal/provider"
	"shop/platform/database"
	"shop/platform/money"
)

// Name is the provider's name.
const Name = "sandbox"

// The payment methods.
const (
	MethodOK       = "pm_ok"
	MethodDeclined = "pm_declined"
	MethodFlaky    = "pm_flaky"
	MethodTimeout  = "pm_timeout"

	MethodRefundDeclined = "pm_refund_declined"
	MethodRefundFlaky    = "pm_refund_flaky"
	MethodRefundTimeout  = "pm_refund_timeout"
)

// Each reference is one of these and the idempotency key.
const (
	chargePrefix = Name + "_"
	refundPrefix = Name + "_refund_"
)

// Outcomes in the books; unreached stands for a call that did not get through.
const (
	unreached = "unreached"
	succeeded = string(provider.Succeeded)
	declined  = string(provider.Declined)
)

// firstOutcome is what the first call with a method writes into the books;
// false for a method that there is not.
func firstOutcome(method string) (string, bool) {
	switch method {
	case MethodOK, MethodTimeout, MethodRefundDeclined, MethodRefundFlaky, MethodRefundTimeout:
		return succeeded, true
	case MethodDeclined:
		return declined, true
	case MethodFlaky:
		return unreached, true
	default:
		return "", false
	}
}

// Errors of the sandbox beyond those that all providers have.
var (
	// ErrSilence is returned by a charge that was made and not answered, once
	// Options.Silence is over.
	ErrSilence = errors.New("the payment provider did not answer")
	// ErrKeyReused is returned for an idempotency key that came before with
	// another charge or refund.
	ErrKeyReused = errors.New("the idempotency key belongs to another charge or refund")
)

// Options configure the sandbox. DB is needed.
type Options struct {
	// DB is where the books are kept.
	DB *database.DB
	// Silence is how long a call that is not answered lasts before it fails
	// with ErrSilence; 0 is until the caller gives up.
	Silence time.Duration
	// WebhookSecret signs notices, as Stripe signs its own; empty: none are taken.
	WebhookSecret string
}

// Sandbox is the provider. It is safe for concurrent use.
type Sandbox struct{ options Options }

// New makes the provider.
func New(o Options) *Sandbox { return &Sandbox{options: o} }

var _ provider.Provider = (*Sandbox)(nil)

// Name implements provider.Provider.
func (s *Sandbox) Name() string { return Name }

// CheckMethod implements provider.Provider.
func (s *Sandbox) CheckMethod(method string) error {
	if _, known := firstOutcome(method); !known {
		return provider.ErrUnknownMethod
	}
	return nil
}

// entry is what the books say about a key.
type entry struct {
	Amount   int64
	Currency money.Currency
	Method   string
	Outcome  string
	Calls    int64
}

// Charge implements provider.Provider. One statement writes the charge, or
// finds it when the key came before.
//
// On PostgreSQL it does not wait for the disk: the books lie in the database of
// the payment, so the commit that says what came of the payment takes the charge
// to the disk before itself. A server that fails in between has forgotten both,
// and then the provider never had the request, as Lookup will say.
func (s *Sandbox) Charge(ctx context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	outcome, known := firstOutcome(r.Method)
	if !known {
		return provider.Charge{}, provider.ErrUnknownMethod
	}
	const row = `?, ?, ?, ?, ?, ?, 1, ?`
	values := `VALUES (` + row + `)`
	if s.options.DB.Dialect() == database.Postgres {
		values = `SELECT ` + row + ` WHERE set_config('synchronous_commit', 'off', true) = 'off'`
	}
	var e entry
	err := s.options.DB.Write(database.WithoutTransaction(ctx)).Raw(
		`INSERT INTO sandbox_charges (idempotency_key, invoice, amount, currency, method, outcome, calls, created_at)
		 `+values+`
		 ON CONFLICT (idempotency_key) DO UPDATE SET
		   calls = sandbox_charges.calls + 1,
		   outcome = CASE WHEN sandbox_charges.outcome = ? THEN ? ELSE sandbox_charges.outcome END
		 RETURNING amount, currency, method, outcome, calls`,
		r.IdempotencyKey, r.Invoice.String(), r.Amount.Minor, string(r.Amount.Currency), r.Method, outcome, database.Now(),
		unreached, succeeded,
	).Find(&e).Error
	switch {
	case err != nil:
		return provider.Charge{}, fmt.Errorf("write the sandbox's books: %w", err)
	case e.Method != r.Method || money.Of(e.Amount, e.Currency) != r.Amount:
		return provider.Charge{}, ErrKeyReused
	case e.Outcome == unreached:
		return provider.Charge{}, provider.ErrUnreachable
	case r.Method == MethodTimeout && e.Calls == 1:
		return provider.Charge{}, s.keepSilent(ctx)
	}
	return charge(r.IdempotencyKey, e.Outcome), nil
}

// Lookup implements provider.Provider.
func (s *Sandbox) Lookup(ctx context.Context, key string) (provider.Charge, bool, error) {
	var found []string
	err := s.options.DB.Read(database.WithoutTransaction(ctx)).Raw(
		`SELECT outcome FROM sandbox_charges WHERE idempotency_key = ? AND outcome <> ?`, key, unreached,
	).Scan(&found).Error
	if err != nil {
		return provider.Charge{}, false, fmt.Errorf("read the sandbox's books: %w", err)
	}
	if len(found) == 0 {
		return provider.Charge{}, false, nil
	}
	return charge(key, found[0]), true, nil
}

func charge(key, outcome string) provider.Charge {
	return provider.Charge{Reference: chargePrefix + key, Outcome: provider.Outcome(outcome)}
}

// keepSilent lets the caller wait as one waits for an answer that was lost.
func (s *Sandbox) keepSilent(ctx context.Context) error {
	var over <-chan time.Time
	if s.options.Silence > 0 {
		timer := time.NewTimer(s.options.Silence)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-over:
		return ErrSilence
	}
}
