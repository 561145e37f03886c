package sandbox_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/sandbox"
	"shop/platform/id"
	"shop/platform/money"
)

// charged makes a charge of 12.50 and returns a request for a refund of it.
func charged(t *testing.T, s *sandbox.Sandbox, method string, minor int64) provider.RefundRequest {
	t.Helper()
	r := request("charge_"+method, method)
	charge, err := s.Charge(t.Context(), r)
	require.NoError(t, err)
	return provider.RefundRequest{
		IdempotencyKey: "refund", Charge: charge.Reference, Amount: money.Of(minor, "EUR"), Invoice: r.Invoice,
	}
}

func TestRefundMethods(t *testing.T) {
	t.Parallel()
	succeeded := provider.Refund{Reference: "sandbox_refund_refund", Outcome: provider.Succeeded}
	declined := provider.Refund{Reference: "sandbox_refund_refund", Outcome: provider.Declined}
	each(t, func(t *testing.T, s *sandbox.Sandbox) {
		for method, test := range map[string]struct {
			errs   []error // of each call
			found  []bool  // what LookupRefund finds after it
			refund provider.Refund
		}{
			sandbox.MethodOK:             {[]error{nil, nil}, []bool{true, true}, succeeded},
			sandbox.MethodDeclined:       {[]error{nil, nil}, []bool{true, true}, declined},
			sandbox.MethodRefundDeclined: {[]error{nil, nil}, []bool{true, true}, declined},
			sandbox.MethodRefundFlaky:    {[]error{provider.ErrUnreachable, nil, nil}, []bool{false, true, true}, succeeded},
			sandbox.MethodRefundTimeout:  {[]error{sandbox.ErrSilence, nil}, []bool{true, true}, succeeded},
		} {
			r := charged(t, s, method, 1250)
			r.IdempotencyKey += method
			test.refund.Reference += method
			_, found, err := s.LookupRefund(t.Context(), r.IdempotencyKey)
			require.NoError(t, err)
			require.False(t, found)
			for i, want := range test.errs {
				refund, err := s.Refund(t.Context(), r)
				require.ErrorIs(t, err, want, method)
				if want == nil {
					require.Equal(t, test.refund, refund, method)
				}
				refund, found, err = s.LookupRefund(t.Context(), r.IdempotencyKey)
				require.NoError(t, err)
				require.Equal(t, test.found[i], found, method)
				if found {
					require.Equal(t, test.refund, refund, method)
				}
			}
		}
		r := charged(t, s, sandbox.MethodOK, 1250)
		r.IdempotencyKey, r.Charge = "unknown", "sandbox_unknown"
		refund, err := s.Refund(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, provider.Declined, refund.Outcome)
	})
}

// However many refunds of a charge come at once, they never give back more than
// was taken.
func TestRefundNeverMoreThanTaken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sandbox.Sandbox) {
		r := charged(t, s, sandbox.MethodOK, 250)
		var callers sync.WaitGroup
		var succeeded atomic.Int64
		for n := range 12 {
			callers.Go(func() {
				r := r
				r.IdempotencyKey = fmt.Sprint("refund ", n/2) // each key twice
				refund, err := s.Refund(t.Context(), r)
				if err != nil {
					t.Error(err)
				} else if refund.Outcome == provider.Succeeded {
					succeeded.Add(1)
				}
			})
		}
		callers.Wait()
		require.EqualValues(t, 10, succeeded.Load(), "five refunds of 2.50, each said twice")

		other := r
		other.IdempotencyKey, other.Amount = "refund 0", money.Of(100, "EUR")
		_, err := s.Refund(t.Context(), other)
		require.ErrorIs(t, err, sandbox.ErrKeyReused)
	})
}

func TestBooks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sandbox.Sandbox) {
		before := time.Now()
		r := charged(t, s, sandbox.MethodOK, 250)
		_, err := s.Refund(t.Context(), r)
		require.NoError(t, err)
		charged(t, s, sandbox.MethodDeclined, 0)
		_, err = s.Charge(t.Context(), request("unreached", sandbox.MethodFlaky))
		require.ErrorIs(t, err, provider.ErrUnreachable)

		entries := map[string]provider.BookEntry{}
		for entry, err := range s.Charges(t.Context(), before) {
			require.NoError(t, err)
			require.WithinRange(t, entry.At, before.Add(-time.Second), time.Now())
			entry.At = time.Time{}
			if entry.Key != "charge_pm_ok" && entry.Kind == provider.KindCharge {
				entry.Invoice = id.Invoice{}
			}
			entries[entry.Key] = entry
		}
		require.Equal(t, map[string]provider.BookEntry{
			"charge_pm_ok": {
				Key: "charge_pm_ok", Reference: "sandbox_charge_pm_ok", Kind: provider.KindCharge,
				Amount: money.Of(1250, "EUR"), Outcome: provider.Succeeded, Invoice: r.Invoice,
			},
			"charge_pm_declined": {
				Key: "charge_pm_declined", Reference: "sandbox_charge_pm_declined", Kind: provider.KindCharge,
				Amount: money.Of(1250, "EUR"), Outcome: provider.Declined,
			},
			"refund": {
				Key: "refund", Reference: "sandbox_refund_refund", Kind: provider.KindRefund,
				Amount: money.Of(250, "EUR"), Outcome: provider.Succeeded, Invoice: r.Invoice,
			},
		}, entries)
		for entry, err := range s.Charges(t.Context(), time.Now().Add(time.Minute)) {
			t.Fatal("nothing was charged since", entry, err)
		}
	})
}
