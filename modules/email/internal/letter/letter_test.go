package letter_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/modules/email/internal/letter"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/id"
	"shop/platform/money"
)

var update = flag.Bool("update", false, "write the golden files")

func TestLetters(t *testing.T) {
	t.Parallel()
	w, err := letter.NewWriter("Shop & Söhne", "https://shop.example/")
	require.NoError(t, err)
	for _, template := range []email.Template{
		email.TemplateRegistration, email.TemplateVerification, email.TemplatePasswordReset,
		email.TemplateInvoice, email.TemplateReceipt, email.TemplateInvoiceVoided, email.TemplateRefund,
		email.TemplateOrderPacked, email.TemplateOrderShipped, email.TemplateOrderDelivered, email.TemplateOrderCancelled,
	} {
		t.Run(string(template), func(t *testing.T) {
			t.Parallel()
			l := write(t, w, template)
			golden(t, string(template)+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
			golden(t, string(template)+".html", l.HTML)
		})
	}
}

func write(t *testing.T, w *letter.Writer, template email.Template) letter.Letter {
	t.Helper()
	const name = `Zoë <b>O'Hara</b>`
	l, err := w.Account(template, name)
	if strings.HasPrefix(string(template), "invoice") || strings.HasPrefix(string(template), "order") ||
		template == email.TemplateReceipt || template == email.TemplateRefund {
		about := letter.About{Name: name, Invoice: invoice(t), Amount: money.Of(12_50, "EUR"), Carrier: "Bird & Sons", Tracking: "B1<2"}
		l, err = w.Billing(template, about)
		require.NoError(t, err)
		return l
	}
	require.NoError(t, err)
	require.NotContains(t, l.Text, "s3cr-et_t0ken")
	l, err = letter.Seal(l, users.Token{Text: "s3cr-et_t0ken", ExpiresAt: time.Date(2026, 3, 4, 15, 6, 7, 0, time.UTC)})
	require.NoError(t, err)
	return l
}

func invoice(t *testing.T) payments.Invoice {
	t.Helper()
	var named id.Invoice
	require.NoError(t, named.UnmarshalText([]byte("inv_01h455vb4pex5vsknk084sn02q")))
	return payments.Invoice{
		ID: named, Number: "2026-000007", Tax: payments.Tax{Rate: "19", Included: true, Amount: money.Of(1_971_05, "EUR")}, Currency: "EUR", Status: payments.StatusPaid, Total: money.Of(12_345_00, "EUR"),
		CreatedAt: time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC), PaidAt: time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC),
		PayUntil: time.Date(2026, 2, 1, 23, 0, 0, 0, time.UTC),
		Lines: []payments.Line{
			{Description: "Coffee mug, white", Quantity: 3, UnitPrice: money.Of(12_50, "EUR"), LineTotal: money.Of(37_50, "EUR")},
			{Description: `Sign "<Open>" & more`, Quantity: 1, UnitPrice: money.Of(12_307_50, "EUR"), LineTotal: money.Of(12_307_50, "EUR")},
			{Kind: payments.KindShipping, Description: "Shipping", Quantity: 1, UnitPrice: money.Of(0, "EUR"), LineTotal: money.Of(0, "EUR")},
		},
	}
}

func TestSealRefusesWhatALinkCannotCarry(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a b", "a&b", `a"b`, "a\r\nb", "<a>"} {
		_, err := letter.Seal(letter.Letter{}, users.Token{Text: text})
		require.Error(t, err, "%q", text)
	}
}

// Little may be known: neither who, nor a number, nor how it travels.
func TestLeastThatIsKnown(t *testing.T) {
	t.Parallel()
	w, err := letter.NewWriter("Shop", "https://shop.example")
	require.NoError(t, err)
	bare := invoice(t)
	bare.Number, bare.Tax = "", payments.Tax{Rate: "7", Amount: money.Of(2_00, "EUR")}
	shipped, err := w.Billing(email.TemplateOrderShipped, letter.About{Invoice: bare})
	require.NoError(t, err)
	require.Equal(t, "Shop: your order inv_01h455vb4pex5vsknk084sn02q is on its way", shipped.Subject)
	require.True(t, strings.HasPrefix(shipped.Text, "Hello,\n\nyour order inv_01h455vb4pex5vsknk084sn02q is on its way.\n"), shipped.Text)
	require.NotContains(t, shipped.Text+shipped.HTML, "racking")
	receipt, err := w.Billing(email.TemplateReceipt, letter.About{Invoice: bare})
	require.NoError(t, err)
	require.Contains(t, receipt.Text, "  Tax 7 %: 2.00 EUR\n  Total: ")
}

func TestUnknownTemplate(t *testing.T) {
	t.Parallel()
	w, err := letter.NewWriter("Shop", "https://shop.example")
	require.NoError(t, err)
	_, err = w.Account("birthday", "Jo")
	require.Error(t, err)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
