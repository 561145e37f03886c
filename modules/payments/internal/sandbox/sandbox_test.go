package sandbox_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/sandbox"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/money"
)

func request(key, method string) provider.ChargeRequest {
	return provider.ChargeRequest{IdempotencyKey: key, Amount: money.Of(1250, "EUR"), Method: method, Invoice: id.NewInvoice()}
}

func each(t *testing.T, test func(t *testing.T, s *sandbox.Sandbox)) {
	t.Helper()
	dbtest.Each(t, "payments", func(t *testing.T, db *database.DB) {
		test(t, sandbox.New(sandbox.Options{DB: db, Silence: time.Millisecond}))
	})
}

func TestMethods(t *testing.T) {
	t.Parallel()
	succeeded := provider.Charge{Reference: "sandbox_key", Outcome: provider.Succeeded}
	declined := provider.Charge{Reference: "sandbox_key", Outcome: provider.Declined}
	for name, test := range map[string]struct {
		method string
		errs   []error // of each call
		found  []bool  // what Lookup finds after it
		charge provider.Charge
	}{
		"OK":       {sandbox.MethodOK, []error{nil, nil}, []bool{true, true}, succeeded},
		"Declined": {sandbox.MethodDeclined, []error{nil, nil}, []bool{true, true}, declined},
		"Flaky":    {sandbox.MethodFlaky, []error{provider.ErrUnreachable, nil, nil}, []bool{false, true, true}, succeeded},
		"Timeout":  {sandbox.MethodTimeout, []error{sandbox.ErrSilence, nil}, []bool{true, true}, succeeded},
		"Unknown":  {"pm_unknown", []error{provider.ErrUnknownMethod}, []bool{false}, succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, s *sandbox.Sandbox) {
				_, found, err := s.Lookup(t.Context(), "key")
				require.NoError(t, err)
				require.False(t, found)
				for i, want := range test.errs {
					charge, err := s.Charge(t.Context(), request("key", test.method))
					require.ErrorIs(t, err, want)
					if want == nil {
						require.Equal(t, test.charge, charge)
					}
					charge, found, err = s.Lookup(t.Context(), "key")
					require.NoError(t, err)
					require.Equal(t, test.found[i], found)
					if found {
						require.Equal(t, test.charge, charge)
					}
				}
			})
		})
	}
}

func TestCheckMethod(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{})
	for _, method := range []string{sandbox.MethodOK, sandbox.MethodDeclined, sandbox.MethodFlaky, sandbox.MethodTimeout} {
		require.NoError(t, s.CheckMethod(method))
	}
	require.ErrorIs(t, s.CheckMethod("pm_unknown"), provider.ErrUnknownMethod)
}

func TestKeyReused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sandbox.Sandbox) {
		_, err := s.Charge(t.Context(), request("key", sandbox.MethodOK))
		require.NoError(t, err)
		other := request("key", sandbox.MethodOK)
		other.Amount.Minor++
		_, err = s.Charge(t.Context(), other)
		require.ErrorIs(t, err, sandbox.ErrKeyReused)
		_, err = s.Charge(t.Context(), request("key", sandbox.MethodDeclined))
		require.ErrorIs(t, err, sandbox.ErrKeyReused)
	})
}

func TestOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sandbox.Sandbox) {
		r := request("key", sandbox.MethodOK)
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				charge, err := s.Charge(t.Context(), r)
				if err != nil || charge.Outcome != provider.Succeeded {
					t.Errorf("got %v, %v", charge, err)
				}
			})
		}
		callers.Wait()
	})
}

// Without Silence the caller's patience decides, and the charge is there.
func TestTimeoutWaitsForTheCaller(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, database.SQLite, "payments")
	s := sandbox.New(sandbox.Options{DB: db})
	ctx, giveUp := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() {
		_, err := s.Charge(ctx, request("key", sandbox.MethodTimeout))
		answer <- err
	}()
	require.Eventually(t, func() bool {
		_, found, err := s.Lookup(t.Context(), "key")
		return err == nil && found
	}, 10*time.Second, time.Millisecond)
	require.Empty(t, answer)
	giveUp()
	require.ErrorIs(t, <-answer, context.Canceled)
}
