package payments

import "shop/platform/id"

// Format is what a document is made of.
type Format string

// The formats.
const (
	// FormatHTML is a page that needs nothing else and can be printed.
	FormatHTML Format = "html"
	// FormatPDF is a PDF of A4 pages.
	FormatPDF Format = "pdf"
)

// DocumentInput names an invoice, or a credit note, and a format.
type DocumentInput struct {
	Invoice    id.Invoice
	CreditNote id.CreditNote
	Format     Format
}

// Document is an invoice or a credit note as people print and keep it. The same
// state of it gives the same bytes.
type Document struct {
	ContentType string
	Body        []byte
}
