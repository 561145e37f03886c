package stripe_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/stripe"
	"shop/platform/id"
	"shop/platform/money"
)

// tool is where Stripe's own mock of its API is pinned.
const tool = "../../../../.ci/tools/stripe-mock"

// startMock runs the mock on a socket and returns what reaches it. It checks
// requests against Stripe's published description of its API, answers with
// samples, and remembers nothing.
func startMock(t *testing.T) http.RoundTripper {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-n", "stripe-mock")
	build.Dir = tool
	build.Stderr = os.Stderr
	path, err := build.Output()
	require.NoError(t, err)

	socket := filepath.Join(t.TempDir(), "stripe")
	mock := exec.CommandContext(t.Context(), strings.TrimSpace(string(path)), "-http-unix", socket)
	out, err := mock.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, mock.Start())
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = mock.Process.Kill()
		_ = mock.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Listening") {
	}
	require.NoError(t, lines.Err())
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it is never held up by a full pipe
	return transport
}

// What is sent is as Stripe's description of its API wants it, and what comes
// back is understood.
func TestMock(t *testing.T) {
	t.Parallel()
	s := newStripe(t, "http://stripe", startMock(t))
	invoice := id.NewInvoice()

	// The sample of an intent is one that was declined.
	charge, err := s.Charge(t.Context(), provider.ChargeRequest{
		IdempotencyKey: id.NewPayment().String(), Amount: money.Of(1250, "EUR"), Method: "pm_card_visa", Invoice: invoice,
	})
	require.NoError(t, err)
	require.Equal(t, provider.Declined, charge.Outcome)
	require.NotEmpty(t, charge.Reference)
	charge, found, err := s.Lookup(t.Context(), id.NewPayment().String())
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, provider.Declined, charge.Outcome)

	refund, err := s.Refund(t.Context(), provider.RefundRequest{
		IdempotencyKey: id.NewRefund().String(), Charge: "pi_1", Amount: money.Of(250, "EUR"), Invoice: invoice,
	})
	require.NoError(t, err)
	require.Equal(t, provider.Succeeded, refund.Outcome)
	require.NotEmpty(t, refund.Reference)
	_, found, err = s.LookupRefund(t.Context(), id.NewRefund().String())
	require.NoError(t, err)
	require.False(t, found)

	for entry, err := range s.Charges(t.Context(), time.Now().Add(-time.Hour)) {
		require.NoError(t, err)
		require.Fail(t, "the samples are not the shop's", entry)
	}
}

// newStripe makes a provider that reaches url.
func newStripe(t *testing.T, url string, transport http.RoundTripper) *stripe.Stripe {
	t.Helper()
	s, err := stripe.New(stripe.Options{
		Key: "sk_test_key", WebhookSecret: "whsec_secret", URL: url, Transport: transport, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return s
}
