package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"

	"shop/modules/payments"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// InvoiceHTML is an invoice as a page that needs nothing else.
func (w *Writer) InvoiceHTML(v payments.Invoice, notes []payments.CreditNote) ([]byte, error) {
	return w.invoice(v, notes).html()
}

// CreditNoteHTML is a refund of an invoice as a page.
func (w *Writer) CreditNoteHTML(v payments.Invoice, n payments.CreditNote) ([]byte, error) {
	return w.creditNote(v, n).html()
}

func (s sheet) html() ([]byte, error) {
	var text bytes.Buffer
	if err := page.Execute(&text, s); err != nil {
		return nil, fmt.Errorf("write a document as HTML: %w", err)
	}
	return text.Bytes(), nil
}

func quantity(n int64) string { return strconv.FormatInt(n, 10) }
