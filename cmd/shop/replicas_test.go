package main

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email/emailtest"
	"shop/platform/dbtest"
)

// coherent is how long a replica may show what another one has changed: a
// second, and as long again for a machine that is busy with other tests.
const coherent = 2 * time.Second

// Two processes that start at the same time on an empty database migrate and
// fill it once, and act as one shop.
func TestReplicas(t *testing.T) {
	t.Parallel()
	post := emailtest.NewServer(t, emailtest.ServerOptions{Encryption: emailtest.Plain})
	environ := []string{"SHOP_DATABASE_URL=" + dbtest.Postgres(t), "SHOP_DATABASE_CONNECTIONS=3", "SHOP_SMTP_URL=" + post.URL()}
	a, b := launch(t, t.TempDir(), environ, "--demo"), launch(t, t.TempDir(), environ, "--demo")
	a.awaitReady(t)
	b.awaitReady(t)
	require.NotEqual(t, a.password() == "", b.password() == "", "one of them made the administrator")
	a.admin = a.signIn(t, defaultAdminEmail, a.password()+b.password())
	b.admin = a.admin
	require.Len(t, b.want(t, http.StatusOK, http.MethodGet, "/products?limit=100", "", nil).json(t)["items"], 62)

	signOutIsSeen(t, a, b)
	priceIsSeen(t, a, b)
	wanted := correspond(t, a, b)
	require.Eventually(t, func() bool { return len(tally(post)) >= len(wanted) }, patience, 20*time.Millisecond)
	a.stop(t, syscall.SIGTERM)
	b.stop(t, syscall.SIGTERM)
	require.Equal(t, wanted, tally(post), "each e-mail is sent, and once")
}

// tally counts what a mail server took, by recipient and subject.
func tally(post *emailtest.Server) map[string]int {
	times := map[string]int{}
	for _, d := range post.Delivered() {
		times[d.To+": "+d.Subject]++
	}
	return times
}

// signOutIsSeen registers at one replica and uses the session at both.
func signOutIsSeen(t *testing.T, a, b *process) {
	t.Helper()
	a.want(t, http.StatusCreated, http.MethodPost, "/user/", "", map[string]any{
		"email": "grace@example.com", "password": "a long enough password", "name": "Grace",
	})
	token := b.signIn(t, "grace@example.com", "a long enough password")
	for _, replica := range []*process{a, b} {
		replica.want(t, http.StatusOK, http.MethodGet, "/session", token, nil)
	}
	a.want(t, http.StatusNoContent, http.MethodDelete, "/session", token, nil)
	a.want(t, http.StatusUnauthorized, http.MethodGet, "/session", token, nil)
	require.Eventually(t, func() bool {
		return call(t, b.public, http.MethodGet, "/session", token, nil).status == http.StatusUnauthorized
	}, coherent, 10*time.Millisecond)
}

// priceIsSeen changes a price at one replica that the other has shown before.
func priceIsSeen(t *testing.T, a, b *process) {
	t.Helper()
	mug := a.product(t, "MUG", 1250, 5)
	price := func(p *process) any {
		return p.want(t, http.StatusOK, http.MethodGet, "/product/"+mug, "", nil).json(t)["price"]
	}
	require.Eventually(t, func() bool {
		return call(t, b.public, http.MethodGet, "/product/"+mug, "", nil).status == http.StatusOK
	}, coherent, 10*time.Millisecond)
	changed := map[string]any{"amount": 1350.0, "currency": "EUR"}
	a.want(t, http.StatusOK, http.MethodPut, "/product/"+mug, a.admin, map[string]any{"price": changed})
	require.Equal(t, changed, price(a), "at once where it was changed")
	require.Eventually(t, func() bool { return price(b).(map[string]any)["amount"] == changed["amount"] }, coherent, 10*time.Millisecond)
}

// correspond does what leads to e-mails, at both replicas in turn, and returns
// the wanted e-mails as tally counts them. Both replicas' workers send at the
// same time, whoever queued an e-mail.
func correspond(t *testing.T, a, b *process) map[string]int {
	t.Helper()
	product := a.product(t, "POT", 4000, 100)
	wanted := map[string]int{"grace@example.com: Welcome to Shop: please confirm your address": 1}
	here, there := a, b
	for i := range 6 {
		address := fmt.Sprintf("customer%d@example.com", i)
		_, token := here.customer(t, address)
		wanted[address+": Welcome to Shop: please confirm your address"] = 1
		there.want(t, http.StatusCreated, http.MethodPost, "/user/me/cart/", token, map[string]any{"product_id": product, "quantity": 1})
		checkout := here.want(t, http.StatusCreated, http.MethodPost, "/user/me/checkout", token, nil).json(t)
		invoice, _ := checkout["invoice_id"].(string)
		wanted[address+": Shop: your invoice "+fmt.Sprint(checkout["number"])] = 1
		there.want(t, http.StatusOK, http.MethodPost, "/invoices/"+invoice+"/pay", token, map[string]any{"payment_method": "pm_ok"})
		wanted[address+": Shop: receipt for your payment of 40.00 EUR"] = 1
		for n := range 9 { // an odd number: the next customer begins at the other replica
			subject := fmt.Sprintf("News %d", n)
			here.want(t, http.StatusAccepted, http.MethodPost, "/send_email/", here.admin, map[string]any{
				"to": address, "subject": subject, "text": "We open on Sunday.",
			})
			wanted[address+": "+subject] = 1
			here, there = there, here
		}
	}
	return wanted
}

// Two processes may share the files of SQLite, also on their first start.
func TestReplicas_SharedDirectory(t *testing.T) {
	t.Parallel()
	dataDir := t.TempDir()
	a, b := launch(t, dataDir, nil), launch(t, dataDir, nil)
	a.awaitReady(t)
	b.awaitReady(t)
	require.NotEqual(t, a.password() == "", b.password() == "", "one of them made the administrator")
	a.admin = a.signIn(t, defaultAdminEmail, a.password()+b.password())
	b.admin = a.admin
	signOutIsSeen(t, a, b)
	priceIsSeen(t, a, b)
	a.stop(t, syscall.SIGTERM)
	b.stop(t, syscall.SIGTERM)
}
