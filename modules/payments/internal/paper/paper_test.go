package paper_test

import (
	"bytes"
	"compress/zlib"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/modules/payments/internal/paper"
	"shop/platform/money"
)

var update = flag.Bool("update", false, "write the golden files")

const seller = "Ærø Møbler ApS\nHavnegade 1\n5970 Ærøskøbing\nDenmark\nVAT DK12345678"

func sold() (payments.Invoice, []payments.CreditNote) {
	eur := func(minor int64) money.Amount { return money.Of(minor, "EUR") }
	at := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	v := payments.Invoice{
		Number: "2026-000001", Currency: "EUR", Status: payments.StatusPaid,
		Buyer: payments.Buyer{Name: "Νίκος Łukasiewicz", Email: "nikos@example.com", Address: payments.Address{
			Line1: "Καλλιθέα 1", PostalCode: "17671", City: "Αθήνα", Country: "GR",
		}},
		ShipTo: payments.Address{Name: "Ольга <Ivanova>", Line1: "1 Main Street", City: "Springfield", Country: "US"},
		Lines: []payments.Line{
			{Description: "Blue mug", Quantity: 2, UnitPrice: eur(1250), LineTotal: eur(2500)},
			{Description: strings.Repeat("A chair that takes more than one line ", 5), Quantity: 1, UnitPrice: eur(9900), LineTotal: eur(9900)},
			{Kind: payments.KindDiscount, Description: "Discount SPRING", Quantity: 1, UnitPrice: eur(-200), LineTotal: eur(-200)},
			{Kind: payments.KindShipping, Description: "Shipping", Quantity: 1, UnitPrice: eur(490), LineTotal: eur(490)},
		},
		Subtotal: eur(12400), Discount: eur(200), Shipping: eur(490), Tax: payments.Tax{Rate: "19", Amount: eur(2411)},
		Total: eur(15101), Refunded: eur(990), OpenedAt: at, PaidAt: at.Add(time.Hour), CreatedAt: at,
	}
	return v, []payments.CreditNote{{
		Number: "CN2026-000001", Amount: eur(990), Reason: "Arrived broken", State: payments.RefundSucceeded,
		CreatedAt: at.Add(48 * time.Hour), UpdatedAt: at.Add(48 * time.Hour),
	}, {Amount: eur(10), State: payments.RefundPending}}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	v, notes := sold()
	w := paper.New(seller)
	invoice, err := w.InvoiceHTML(v, notes)
	require.NoError(t, err)
	golden(t, "invoice.html", invoice)
	note, err := w.CreditNoteHTML(v, notes[0])
	require.NoError(t, err)
	golden(t, "credit_note.html", note)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(file, got, 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestPDF(t *testing.T) {
	t.Parallel()
	v, notes := sold()
	w := paper.New(seller)
	first, err := w.InvoicePDF(v, notes)
	require.NoError(t, err)
	text := textOf(t, first)
	for _, want := range []string{
		"Invoice 2026-000001", "Νίκος Łukasiewicz", "Ольга <Ivanova>", "Ærø Møbler ApS", "151.01 EUR", "Tax of 19 %", "Credit note CN2026-000001, 2026-11-04",
	} {
		require.Contains(t, text, encoded(want), want)
	}
	again, err := w.InvoicePDF(v, notes)
	require.NoError(t, err)
	require.Equal(t, first, again, "the same invoice gives the same bytes")

	note, err := w.CreditNotePDF(v, notes[0])
	require.NoError(t, err)
	require.Contains(t, textOf(t, note), encoded("Arrived broken"))
	require.Contains(t, textOf(t, note), encoded("1.58 EUR"), "19 % of 8.32 are in 9.90")
}

func TestPDFOfManyLines(t *testing.T) {
	t.Parallel()
	v, notes := sold()
	for len(v.Lines) < payments.MaxLines {
		v.Lines = append(v.Lines, v.Lines[0])
	}
	many, err := paper.New("").InvoicePDF(v, notes)
	require.NoError(t, err)
	pages := bytes.Count(many, []byte("/Type /Page\n"))
	require.Greater(t, pages, 4)
	text := textOf(t, many)
	require.Equal(t, pages, strings.Count(text, encoded("Quantity")), "headings on each page")
	require.Contains(t, text, encoded(fmt.Sprintf(" – %d / %d", pages, pages)))
}

// Names are the customers' and may hold anything that is text.
func TestPDFOfAnyCharacter(t *testing.T) {
	t.Parallel()
	v, notes := sold()
	const gift = "Gift 🎁 日本 \u0301\u200b\U0010FFFF"
	v.Buyer.Name, v.ShipTo.City, v.Lines[0].Description, notes[0].Reason = gift, gift, gift, gift
	w := paper.New(gift)
	invoice, err := w.InvoicePDF(v, notes)
	require.NoError(t, err)
	require.Contains(t, textOf(t, invoice), encoded("Gift � 日本"))
	_, err = w.CreditNotePDF(v, notes[0])
	require.NoError(t, err)
}

// textOf are the contents of a document's pages.
func textOf(t *testing.T, document []byte) string {
	t.Helper()
	require.True(t, bytes.HasPrefix(document, []byte("%PDF-1.")))
	require.True(t, bytes.HasSuffix(document, []byte("%%EOF\n")))
	var text strings.Builder
	for _, stream := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(document, -1) {
		reader, err := zlib.NewReader(bytes.NewReader(stream[1]))
		if err != nil {
			continue // no page
		}
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		text.Write(content)
	}
	return text.String()
}

// encoded is text as a page has it: UTF-16, with its brackets escaped.
func encoded(text string) string {
	var all strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		for _, b := range []byte{byte(unit >> 8), byte(unit)} {
			if strings.IndexByte(`()\`, b) >= 0 {
				all.WriteByte('\\')
			}
			all.WriteByte(b)
		}
	}
	return all.String()
}
