package rest

import (
	"context"
	"net/http"
	"time"

	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/page"
	"shop/platform/remote"
)

// Client is the payments module in another process, over the routes beside.
type Client struct{ remote *remote.Client }

var _ payments.Service = (*Client)(nil)

// NewClient makes the payments module that r reaches.
func NewClient(r *remote.Client) *Client { return &Client{r} }

// CreateInvoice implements payments.Service.
func (c *Client) CreateInvoice(ctx context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	var wire Invoice
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodCreateInvoice, Method: http.MethodPost, Path: "/invoices",
		Key: in.Key, TakesKey: true, Body: newInvoiceOf(in), Result: &wire,
	})
	return wire.value(), err
}

// Invoice implements payments.Service.
func (c *Client) Invoice(ctx context.Context, in payments.InvoiceInput) (payments.Invoice, error) {
	var wire Invoice
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodInvoice, Method: http.MethodGet, Path: "/invoices/" + in.ID.PathSegment(), Result: &wire,
	})
	return wire.value(), err
}

// ListInvoices implements payments.Service.
func (c *Client) ListInvoices(ctx context.Context, in payments.ListInvoicesInput) (page.Page[payments.Invoice], error) {
	path, query := "/invoices", httpapi.PageValues(in.Page)
	if !in.UserID.IsZero() {
		path = "/user/" + in.UserID.PathSegment() + "/invoices"
	}
	if in.Status != "" {
		query.Set("status", string(in.Status))
	}
	if !in.Since.IsZero() {
		query.Set("since", in.Since.UTC().Format(time.RFC3339Nano))
	}
	var wire httpapi.ListBody[InvoiceSummary]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodListInvoices, Method: http.MethodGet, Path: path, Query: query, Result: &wire,
	})
	return httpapi.PageOf(wire, InvoiceSummary.value), err
}

// Pay implements payments.Service.
func (c *Client) Pay(ctx context.Context, in payments.PayInput) (payments.Invoice, error) {
	var wire Invoice
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodPay, Method: http.MethodPost, Path: "/invoices/" + in.ID.PathSegment() + "/pay",
		Key: in.Key, TakesKey: true, Body: Payment{PaymentMethod: in.PaymentMethod}, Result: &wire,
	})
	return wire.value(), err
}

// OpenInvoice implements payments.Service.
func (c *Client) OpenInvoice(ctx context.Context, in payments.OpenInvoiceInput) (payments.Invoice, error) {
	return c.move(ctx, payments.MethodOpenInvoice, in.ID, "open", in.Key)
}

// Void implements payments.Service.
func (c *Client) Void(ctx context.Context, in payments.VoidInput) (payments.Invoice, error) {
	return c.move(ctx, payments.MethodVoid, in.ID, "void", in.Key)
}

// WriteOff implements payments.Service.
func (c *Client) WriteOff(ctx context.Context, in payments.WriteOffInput) (payments.Invoice, error) {
	return c.move(ctx, payments.MethodWriteOff, in.ID, "write-off", in.Key)
}

// move changes the state of an invoice.
func (c *Client) move(
	ctx context.Context, does contract.Method, invoice id.Invoice, how string, key *idempotency.Key,
) (payments.Invoice, error) {
	var wire Invoice
	_, err := c.remote.Do(ctx, remote.Call{
		Does: does, Method: http.MethodPost, Path: "/invoices/" + invoice.PathSegment() + "/" + how,
		Key: key, TakesKey: true, Result: &wire,
	})
	return wire.value(), err
}

// Refund implements payments.Service.
func (c *Client) Refund(ctx context.Context, in payments.RefundInput) (payments.CreditNote, error) {
	body := NewRefund{Reason: in.Reason, OrderID: orNil(in.OrderID)}
	if in.Amount != nil {
		sum := sumOf(*in.Amount)
		body.Amount = &sum
	}
	var wire CreditNote
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodRefund, Method: http.MethodPost, Path: "/invoices/" + in.ID.PathSegment() + "/refunds",
		Key: in.Key, TakesKey: true, Body: body, Result: &wire,
	})
	return wire.value(), err
}

// CreditNotes implements payments.Service.
func (c *Client) CreditNotes(ctx context.Context, in payments.CreditNotesInput) ([]payments.CreditNote, error) {
	var wire CreditNotes
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodCreditNotes, Method: http.MethodGet, Path: "/invoices/" + in.InvoiceID.PathSegment() + "/refunds",
		Result: &wire,
	})
	if err != nil {
		return nil, err
	}
	notes := make([]payments.CreditNote, len(wire.Items))
	for i, note := range wire.Items {
		notes[i] = note.value()
	}
	return notes, nil
}

// Verify implements payments.Service.
func (c *Client) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return audit.Call(ctx, c.remote, "payments", in)
}

// Document implements payments.Service.
func (c *Client) Document(ctx context.Context, in payments.DocumentInput) (payments.Document, error) {
	var wire PackedDocument
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodDocument, Method: http.MethodPost, Path: "/internal/payments/document", Result: &wire,
		Body: DocumentWanted{InvoiceID: orNil(in.Invoice), CreditNoteID: orNil(in.CreditNote), Format: string(in.Format)},
	})
	return payments.Document{Name: wire.Name, ContentType: wire.ContentType, Body: wire.Body}, err
}
