// Package paper writes invoices and credit notes as documents that people print
// and keep. What it writes follows from the invoice alone: the same one gives
// the same bytes.
package paper

import (
	"slices"
	"strings"
	"time"

	"shop/modules/payments"
	"shop/platform/money"
)

// Writer writes documents in the name of a seller.
type Writer struct{ seller []string }

// New makes a Writer. seller is what stands at the top: name, address and tax
// number, a line each.
func New(seller string) *Writer {
	return &Writer{seller: strings.Split(strings.TrimSpace(seller), "\n")}
}

// sheet is what is on a document, in order.
type sheet struct {
	Title   string
	Seller  []string
	Buyer   []string
	ShipTo  []string
	Facts   []fact
	Lines   []row
	Sums    []fact
	Refunds []fact
}

// mapped is the sheet with each character of it replaced.
func (s sheet) mapped(each func(rune) rune) sheet {
	text := func(t string) string { return strings.Map(each, t) }
	texts := func(all []string) []string {
		all = slices.Clone(all)
		for i, t := range all {
			all[i] = text(t)
		}
		return all
	}
	facts := func(all []fact) []fact {
		all = slices.Clone(all)
		for i, f := range all {
			all[i] = fact{text(f.Name), text(f.Value)}
		}
		return all
	}
	s.Title, s.Seller, s.Buyer, s.ShipTo = text(s.Title), texts(s.Seller), texts(s.Buyer), texts(s.ShipTo)
	s.Facts, s.Sums, s.Refunds, s.Lines = facts(s.Facts), facts(s.Sums), facts(s.Refunds), slices.Clone(s.Lines)
	for i, r := range s.Lines {
		s.Lines[i].Description = text(r.Description)
	}
	return s
}

// fact is something with a name.
type fact struct{ Name, Value string }

// row is a line of the invoice.
type row struct{ Description, Quantity, UnitPrice, Total string }

// invoice is the document of an invoice. notes are its refunds.
func (w *Writer) invoice(v payments.Invoice, notes []payments.CreditNote) sheet {
	s := w.about(v)
	s.Title = "Invoice " + v.Number
	if v.Number == "" {
		s.Title = "Draft of an invoice"
	}
	s.Facts = append(s.Facts, fact{"Date", date(v.OpenedAt, v.CreatedAt)})
	if !v.PayUntil.IsZero() && v.Status == payments.StatusOpen {
		s.Facts = append(s.Facts, fact{"Payable until", date(v.PayUntil, v.PayUntil)})
	}
	if !v.PaidAt.IsZero() {
		s.Facts = append(s.Facts, fact{"Paid", date(v.PaidAt, v.PaidAt)})
	}
	s.Facts = append(s.Facts, fact{"State", string(v.Status)})
	s.Sums = []fact{{"Subtotal", v.Subtotal.String()}}
	for _, l := range v.Lines {
		if l.Kind == payments.KindDiscount || l.Kind == payments.KindShipping {
			s.Sums = append(s.Sums, fact{l.Description, l.LineTotal.String()})
			continue
		}
		s.Lines = append(s.Lines, row{l.Description, quantity(l.Quantity), l.UnitPrice.String(), l.LineTotal.String()})
	}
	total := fact{"Total", v.Total.String()}
	switch {
	case v.Tax.Rate == "":
		s.Sums = append(s.Sums, total)
	case v.Tax.Included:
		s.Sums = append(s.Sums, total, fact{"Tax of " + v.Tax.Rate + " % included", v.Tax.Amount.String()})
	default:
		s.Sums = append(s.Sums, fact{"Tax of " + v.Tax.Rate + " %", v.Tax.Amount.String()}, total)
	}
	for _, n := range notes {
		if n.State == payments.RefundSucceeded {
			s.Refunds = append(s.Refunds, fact{"Credit note " + n.Number + ", " + date(n.UpdatedAt, n.UpdatedAt), n.Amount.String()})
		}
	}
	return s
}

// creditNote is the document of a refund.
func (w *Writer) creditNote(v payments.Invoice, n payments.CreditNote) sheet {
	s := w.about(v)
	s.Title = "Credit note " + n.Number
	s.Facts = append(s.Facts, fact{"Date", date(n.UpdatedAt, n.UpdatedAt)}, fact{"For invoice", v.Number},
		fact{"Of", date(v.OpenedAt, v.CreatedAt)})
	if n.Reason != "" {
		s.Facts = append(s.Facts, fact{"Reason", n.Reason})
	}
	s.Sums = []fact{{"Refunded", n.Amount.String()}}
	if rate, err := money.ParseRate(v.Tax.Rate); err == nil && !v.Tax.Amount.IsZero() {
		s.Sums = append(s.Sums, fact{"Tax of " + v.Tax.Rate + " % included", n.Amount.Contained(rate).String()})
	}
	return s
}

// about is what stands on every document about an invoice.
func (w *Writer) about(v payments.Invoice) sheet {
	buyer := filled(v.Buyer.Name)
	if v.Buyer.Address.Name != v.Buyer.Name {
		buyer = append(buyer, filled(v.Buyer.Address.Name)...)
	}
	buyer = append(buyer, address(v.Buyer.Address)...)
	ship := append(filled(v.ShipTo.Name), address(v.ShipTo)...)
	return sheet{Seller: filled(w.seller...), Buyer: append(buyer, filled(v.Buyer.Email)...), ShipTo: ship}
}

func address(a payments.Address) []string {
	return filled(a.Line1, a.Line2, strings.TrimSpace(a.PostalCode+" "+a.City), a.Region, a.Country)
}

// filled are those of lines that are not empty.
func filled(lines ...string) []string {
	var kept []string
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// date is a day as every country reads it; of the first time that is not zero.
func date(at, otherwise time.Time) string {
	if at.IsZero() {
		at = otherwise
	}
	return at.UTC().Format("2006-01-02")
}
