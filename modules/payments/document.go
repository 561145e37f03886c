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

// FileName is what a document is called when it is kept as a file: by its
// number, or by its identifier while it has none.
func (f Format) FileName(kind, number, identifier string) string {
	if number == "" {
		number = identifier
	}
	return kind + "-" + number + "." + string(f)
}

// DocumentInput names an invoice, or a credit note, and a format.
type DocumentInput struct {
	Invoice    id.Invoice
	CreditNote id.CreditNote
	Format     Format
}

// Document is an invoice or a credit note as people print and keep it. The same
// state of it gives the same bytes.
type Document struct {
	// Name is what a file of it is called, such as invoice-2026-000001.pdf.
	Name        string
	ContentType string
	Body        []byte
}
