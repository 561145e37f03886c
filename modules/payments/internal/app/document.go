package app

import (
	"context"
	"errors"

	"shop/modules/payments"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/identity"
)

// Writer writes documents.
type Writer interface {
	InvoiceHTML(invoice payments.Invoice, refunds []payments.CreditNote) ([]byte, error)
	InvoicePDF(invoice payments.Invoice, refunds []payments.CreditNote) ([]byte, error)
	CreditNoteHTML(invoice payments.Invoice, note payments.CreditNote) ([]byte, error)
	CreditNotePDF(invoice payments.Invoice, note payments.CreditNote) ([]byte, error)
}

// Document implements payments.Service.
func (s *Service) Document(ctx context.Context, in payments.DocumentInput) (payments.Document, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return payments.Document{}, err
	}
	if in.Format != payments.FormatHTML && in.Format != payments.FormatPDF {
		return payments.Document{}, fault.InvalidField("body.format", "must be html or pdf")
	}
	if !in.CreditNote.IsZero() {
		return s.creditNoteDocument(ctx, in)
	}
	invoice, err := s.Invoice(ctx, payments.InvoiceInput{ID: in.Invoice})
	if err != nil {
		return payments.Document{}, err
	}
	refunds, err := s.store.CreditNotes(ctx, in.Invoice)
	if err != nil {
		return payments.Document{}, err
	}
	name := in.Format.FileName("invoice", invoice.Number, invoice.ID.String())
	if in.Format == payments.FormatPDF {
		body, err := s.writer.InvoicePDF(invoice, refunds)
		return payments.Document{Name: name, ContentType: pdfType, Body: body}, err
	}
	body, err := s.writer.InvoiceHTML(invoice, refunds)
	return payments.Document{Name: name, ContentType: htmlType, Body: body}, err
}

// creditNoteDocument writes the document of a refund, which there is once the
// money went back.
func (s *Service) creditNoteDocument(ctx context.Context, in payments.DocumentInput) (payments.Document, error) {
	refund, err := s.store.Refund(ctx, in.CreditNote)
	if errors.Is(err, database.ErrNotFound) || err == nil && refund.State != payments.RefundSucceeded {
		return payments.Document{}, payments.ErrCreditNoteNotFound
	}
	if err != nil {
		return payments.Document{}, err
	}
	invoice, err := s.Invoice(ctx, payments.InvoiceInput{ID: refund.InvoiceID})
	if errors.Is(err, payments.ErrInvoiceNotFound) { // somebody else's
		err = payments.ErrCreditNoteNotFound
	}
	if err != nil {
		return payments.Document{}, err
	}
	name := in.Format.FileName("credit-note", refund.Number, refund.ID.String())
	if in.Format == payments.FormatPDF {
		body, err := s.writer.CreditNotePDF(invoice, refund.CreditNote)
		return payments.Document{Name: name, ContentType: pdfType, Body: body}, err
	}
	body, err := s.writer.CreditNoteHTML(invoice, refund.CreditNote)
	return payments.Document{Name: name, ContentType: htmlType, Body: body}, err
}

// Content types of documents.
const (
	htmlType = "text/html; charset=utf-8"
	pdfType  = "application/pdf"
)
