// Package letter writes the messages that the shop sends by itself, as text and
// as HTML.
package letter

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"shop/modules/email"
	"shop/modules/payments"
	"shop/platform/money"
)

// Letter is a message.
type Letter struct{ Subject, Text, HTML string }

//go:embed templates
var files embed.FS

// Writer writes messages in the name of one shop.
type Writer struct {
	shop      string
	publicURL string
	sheets    map[email.Template]sheet
}

// sheet is one template in its two forms. The text form defines the subject.
type sheet struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// NewWriter makes a writer. shop is the name that messages are signed with,
// publicURL the address that their links begin with.
func NewWriter(shop, publicURL string) (*Writer, error) {
	w := &Writer{shop: shop, publicURL: strings.TrimSuffix(publicURL, "/"), sheets: map[email.Template]sheet{}}
	for _, name := range []email.Template{
		email.TemplateRegistration, email.TemplateVerification, email.TemplatePasswordReset,
		email.TemplateInvoice, email.TemplateReceipt, email.TemplateInvoiceVoided, email.TemplateRefund,
		email.TemplateOrderPacked, email.TemplateOrderShipped, email.TemplateOrderDelivered, email.TemplateOrderCancelled,
	} {
		file := "templates/" + string(name)
		text, err := texttemplate.New(string(name)+".txt").Option("missingkey=error").ParseFS(files, file+".txt", "templates/lines.txt")
		if err != nil {
			return nil, fmt.Errorf("read the text of %s: %w", name, err)
		}
		html, err := htmltemplate.New("layout.html").Option("missingkey=error").ParseFS(files, "templates/layout.html", file+".html", "templates/lines.html")
		if err != nil {
			return nil, fmt.Errorf("read the page of %s: %w", name, err)
		}
		w.sheets[name] = sheet{text, html}
	}
	return w, nil
}

// account is what the templates about an account are filled with.
type account struct{ Shop, Subject, Name, Link, Token, Expires string }

// Account writes about a user's account: the registration, verification or
// password_reset template. Where the single-use token and its expiry belong
// there are marks; Seal puts them in.
func (w *Writer) Account(template email.Template, name string) (Letter, error) {
	path := "/verify"
	if template == email.TemplatePasswordReset {
		path = "/reset-password"
	}
	data := account{
		Shop: w.shop, Name: name, Link: w.publicURL + path + "?token=" + tokenMark, Token: tokenMark, Expires: expiryMark,
	}
	return w.write(template, data, func(subject string) any { data.Subject = subject; return data })
}

// About is what a message about an invoice, or its order, says.
type About struct {
	// Name is whom it greets; may be empty.
	Name    string
	Invoice payments.Invoice
	// Amount is what went back, for the refund template.
	Amount money.Amount
	// Carrier and Tracking are those of a shipment, for the order_shipped template;
	// either may be empty.
	Carrier, Tracking string
}

// moment is how messages write a time.
const moment = "2 January 2006, 15:04 UTC"

// billing is what the templates about an invoice are filled with.
type billing struct {
	Shop, Subject, Name, ID, Number, Date, Total string
	// Tax is empty without one; TaxIncluded says that the sums include it.
	Tax, TaxRate              string
	TaxIncluded               bool
	Amount, Carrier, Tracking string
	// PayUntil is empty when there is no such time.
	PayUntil string
	Lines    []line
	// Items are the lines that are things.
	Items []line
}

type line struct {
	Description, UnitPrice, Total string
	Quantity                      int64
	// Thing is false for a discount and for shipping.
	Thing bool
}

// Billing writes about an invoice: any template that Account does not write. An
// invoice without a number is named by its identifier.
func (w *Writer) Billing(template email.Template, about About) (Letter, error) {
	invoice := about.Invoice
	at := invoice.CreatedAt
	if template == email.TemplateReceipt {
		at = invoice.PaidAt
	}
	data := billing{
		Shop: w.shop, Name: about.Name, ID: invoice.ID.String(), Number: cmp.Or(invoice.Number, invoice.ID.String()),
		Date: at.UTC().Format("2 January 2006"), Total: invoice.Total.String(),
		Amount: about.Amount.String(), Carrier: about.Carrier, Tracking: about.Tracking,
		Lines: make([]line, len(invoice.Lines)),
	}
	if !invoice.PayUntil.IsZero() {
		data.PayUntil = invoice.PayUntil.UTC().Format(moment)
	}
	if invoice.Tax.Amount.Minor != 0 {
		data.Tax, data.TaxRate, data.TaxIncluded = invoice.Tax.Amount.String(), invoice.Tax.Rate, invoice.Tax.Included
	}
	for i, l := range invoice.Lines {
		data.Lines[i] = line{
			Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice.String(), Total: l.LineTotal.String(),
			Thing: l.Kind != payments.KindDiscount && l.Kind != payments.KindShipping,
		}
		if data.Lines[i].Thing {
			data.Items = append(data.Items, data.Lines[i])
		}
	}
	return w.write(template, data, func(subject string) any { data.Subject = subject; return data })
}

// write fills a template. The subject comes first, since the page repeats it.
func (w *Writer) write(template email.Template, data any, withSubject func(string) any) (Letter, error) {
	sheet, known := w.sheets[template]
	if !known {
		return Letter{}, fmt.Errorf("write %q: there is no such template", template)
	}
	var subject, text, html strings.Builder
	err := errors.Join(
		sheet.text.ExecuteTemplate(&subject, "subject", data),
		sheet.text.Execute(&text, data),
		sheet.html.Execute(&html, withSubject(subject.String())),
	)
	if err != nil {
		return Letter{}, fmt.Errorf("write %s: %w", template, err)
	}
	return Letter{Subject: subject.String(), Text: text.String(), HTML: html.String()}, nil
}
