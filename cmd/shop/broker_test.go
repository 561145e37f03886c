package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// natsServer is a server that carries events, which tests stop and start.
type natsServer struct {
	*server.Server
	directory string
	port      int
}

func startBroker(t *testing.T) *natsServer {
	t.Helper()
	s := &natsServer{directory: t.TempDir(), port: -1}
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

// start starts it where it was before, with what it had.
func (s *natsServer) start(t *testing.T) {
	t.Helper()
	var err error
	s.Server, err = server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: s.port, JetStream: true, StoreDir: s.directory, NoSigs: true, NoLog: true,
	})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(patience))
	at, isTCP := s.Addr().(*net.TCPAddr)
	require.True(t, isTCP)
	s.port = at.Port
}

func (s *natsServer) stop() {
	s.Shutdown()
	s.WaitForShutdown()
}

// loseDisk takes away what a server that is stopped had.
func (s *natsServer) loseDisk(t *testing.T) {
	t.Helper()
	require.NoError(t, os.RemoveAll(filepath.Join(s.directory, "jetstream")))
}

// buy is a purchase of one product, and returns the invoice that was paid.
func (s *shop) buy(t *testing.T, token, product string) (invoice string) {
	t.Helper()
	s.want(t, http.StatusCreated, http.MethodPost, "/user/me/cart", token, map[string]any{"product_id": product, "quantity": 1})
	invoice, _ = s.want(t, http.StatusCreated, http.MethodPost, "/user/me/checkout", token, nil).json(t)["invoice_id"].(string)
	s.want(t, http.StatusOK, http.MethodPost, "/invoices/"+invoice+"/pay", token, map[string]any{"payment_method": "pm_ok"})
	return invoice
}

// receipts counts the e-mails that say that the invoice with a number is paid.
func (s *shop) receipts(t *testing.T, number string) (count int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Config.DataDir, "mail", "*.eml"))
	require.NoError(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(content), "for invoice "+number+". Thank you.") {
			count++
		}
	}
	return count
}

// requireOnce waits for what an invoice that was paid in one process leads to in
// another, and requires that it is there once.
func (s *split) requireOnce(t *testing.T, token, invoice string) {
	t.Helper()
	(&walker{t: t, s: s}).orderOf(token, invoice)
	number, _ := s.front.want(t, http.StatusOK, http.MethodGet, "/invoices/"+invoice, token, nil).json(t)["number"].(string)
	require.NotEmpty(t, number)
	now := time.Now().UTC()
	period := "?from=" + now.Add(-time.Hour).Format(time.RFC3339) + "&to=" + now.Add(time.Hour).Format(time.RFC3339)
	noted := regexp.MustCompile(`"action":"paid"[^}]*` + invoice)
	var receipts, entries int
	require.Eventually(t, func() bool {
		log := call(t, s.front.internal, http.MethodGet, "/log"+period, s.front.admin, nil)
		receipts, entries = s.front.receipts(t, number), len(noted.FindAllString(log.text, -1))
		return receipts > 0 && entries > 0
	}, patience, 20*time.Millisecond)
	require.Equal(t, 1, receipts)
	require.Equal(t, 1, entries)
}

// What is paid in one process leads to an order, a receipt and an entry of the
// statistics in another, once: through a broker, and without one after the
// broker was gone with events under way.
func TestBroker(t *testing.T) {
	t.Parallel()
	broker := startBroker(t)
	l := layout{apart: []string{"payments"}, environ: []string{"SHOP_NATS_URL=" + broker.ClientURL()}}
	s := startSplit(t, l)
	mug := s.front.product(t, "MUG", 1250, 5)
	_, token := s.front.customer(t, "grace@example.com")
	through := s.front.buy(t, token, mug)
	s.requireOnce(t, token, through)
	for step, p := range map[string]*process{"handed_over": s.hosts["payments"], "delivered": s.front} {
		metrics := call(t, p.internal, http.MethodGet, "/metrics", "", nil).text
		for _, subscriber := range []string{"cart", "email", "stats"} {
			require.Regexp(t, `shop_events_total\{outcome="handled",publisher="payments",step="`+step+`",subscriber="`+subscriber+`"\} [1-9]`, metrics)
		}
	}

	broker.stop()
	between := s.front.buy(t, token, mug)
	running := []*process{s.front, s.hosts["payments"]}
	for _, p := range running {
		require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	}
	for _, p := range running {
		p.awaitEnd(t)
	}
	admin := s.front.admin
	s.environ = s.environ[:len(s.environ)-1]
	s.hosts["payments"], s.front = s.launch(t, l, "payments"), s.launch(t, l, frontName)
	s.hosts["payments"].awaitReady(t)
	s.front.awaitReady(t)
	s.front.admin = admin
	s.hosts["payments"].awaitNeighbours(t, admin)
	s.front.awaitNeighbours(t, admin)
	direct := s.front.buy(t, token, mug)
	for _, invoice := range []string{direct, between, through} {
		s.requireOnce(t, token, invoice)
	}
}
