package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-pdf/fpdf"

	"shop/modules/payments"
)

// font has the Latin, Greek and Cyrillic characters that names are written in.
// A document embeds those that it uses. Its licence is in the folder.
//
//go:embed font/DejaVuSansCondensed.ttf
var font []byte

const fontName = "DejaVu"

// Measures of a page, in millimetres.
const (
	margin     = 18.0
	pageWidth  = 210.0
	textWidth  = pageWidth - 2*margin
	lineHeight = 5.5
)

// columns are the widths of the table's.
var columns = [4]float64{92, 20, 31, 31}

// InvoicePDF is an invoice as a PDF of A4 pages.
func (w *Writer) InvoicePDF(v payments.Invoice, notes []payments.CreditNote) ([]byte, error) {
	return w.invoice(v, notes).pdf(v.CreatedAt)
}

// CreditNotePDF is a refund of an invoice as a PDF.
func (w *Writer) CreditNotePDF(v payments.Invoice, n payments.CreditNote) ([]byte, error) {
	return w.creditNote(v, n).pdf(n.CreatedAt)
}

func (s sheet) pdf(made time.Time) ([]byte, error) {
	s = s.mapped(inFont)
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetCreationDate(made)
	doc.SetModificationDate(made)
	doc.SetCatalogSort(true)
	doc.SetTitle(s.Title, true)
	doc.SetMargins(margin, margin, margin)
	doc.SetAutoPageBreak(true, margin)
	doc.AddUTF8FontFromBytes(fontName, "", font)
	doc.AliasNbPages("")
	doc.SetFooterFunc(func() {
		doc.SetY(-margin + 4)
		doc.SetFont(fontName, "", 8)
		doc.CellFormat(textWidth, 4, fmt.Sprintf("%s – %d / {nb}", s.Title, doc.PageNo()), "", 0, "C", false, 0, "")
	})
	doc.AddPage()
	s.head(doc)
	s.table(doc)
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return nil, fmt.Errorf("write a document as PDF: %w", err)
	}
	return out.Bytes(), nil
}

// inFont replaces what lies beyond the plane that a font of the PDF writer can
// have, such as an emoji in a product's name: the writer would fail on it.
func inFont(r rune) rune {
	if r > 0xFFFF {
		return utf8.RuneError
	}
	return r
}

// head writes who sells what to whom.
func (s sheet) head(doc *fpdf.Fpdf) {
	block(doc, margin+textWidth/2, s.Seller, "R")
	low := doc.GetY()
	doc.SetXY(margin, margin)
	doc.SetFont(fontName, "", 17)
	doc.MultiCell(textWidth/2, 8, s.Title, "", "L", false)
	doc.Ln(2)
	doc.SetFont(fontName, "", 10)
	for _, f := range s.Facts {
		doc.SetX(margin)
		doc.CellFormat(32, lineHeight, f.Name, "", 0, "L", false, 0, "")
		doc.MultiCell(textWidth/2-32, lineHeight, f.Value, "", "L", false)
	}
	top := max(low, doc.GetY()) + 6
	for i, part := range [][]string{s.Buyer, s.ShipTo} {
		if len(part) == 0 {
			continue
		}
		x := margin + float64(i)*textWidth/2
		doc.SetXY(x, top)
		doc.SetFont(fontName, "", 8)
		doc.CellFormat(textWidth/2, lineHeight, []string{"BILL TO", "SHIP TO"}[i], "", 2, "L", false, 0, "")
		block(doc, x, part, "L")
		low = max(low, doc.GetY())
	}
	doc.SetXY(margin, max(low, top)+8)
}

// block writes lines below each other at x, from where doc is.
func block(doc *fpdf.Fpdf, x float64, lines []string, align string) {
	doc.SetFont(fontName, "", 10)
	for _, line := range lines {
		doc.SetX(x)
		doc.MultiCell(textWidth/2, lineHeight, line, "", align, false)
	}
}

// table writes the lines and what they come to.
func (s sheet) table(doc *fpdf.Fpdf) {
	doc.SetFont(fontName, "", 10)
	doc.SetDrawColor(150, 150, 150)
	if len(s.Lines) > 0 {
		s.row(doc, headings)
	}
	for _, r := range s.Lines {
		s.row(doc, r)
	}
	doc.Ln(2)
	sums := slices.Concat(s.Sums, s.Refunds)
	if beyond(doc, len(s.Sums), lineHeight+1) { // a total stands with what it is made of
		doc.AddPage()
	}
	for _, f := range sums {
		border := ""
		if f.Name == "Total" || f.Name == "Refunded" {
			border = "T"
			doc.SetFont(fontName, "", 12)
		}
		doc.CellFormat(textWidth-columns[3]-10, lineHeight+1, f.Name, "", 0, "R", false, 0, "")
		doc.CellFormat(columns[3]+10, lineHeight+1, f.Value, border, 1, "R", false, 0, "")
		doc.SetFont(fontName, "", 10)
	}
}

// headings stand above the lines, on each page.
var headings = row{"Description", "Quantity", "Price", "Amount"}

// beyond tells whether n lines of a height do not fit on the page any more.
func beyond(doc *fpdf.Fpdf, n int, of float64) bool {
	_, height := doc.GetPageSize()
	return doc.GetY()+float64(n)*of > height-margin
}

// row writes one line, whose description may need several, and never over two
// pages.
func (s sheet) row(doc *fpdf.Fpdf, r row) {
	parts := doc.SplitText(r.Description, columns[0]-2)
	if beyond(doc, len(parts), lineHeight) {
		doc.AddPage()
		s.row(doc, headings)
	}
	for i, part := range parts {
		edge := ""
		if i == len(parts)-1 {
			edge = "B"
		}
		cells := [4]string{part, "", "", ""}
		if i == 0 {
			cells = [4]string{part, r.Quantity, r.UnitPrice, r.Total}
		}
		for c, text := range cells {
			align := "R"
			if c == 0 {
				align = "L"
			}
			next := 0
			if c == len(cells)-1 {
				next = 1
			}
			doc.CellFormat(columns[c], lineHeight, text, edge, next, align, false, 0, "")
		}
	}
}
