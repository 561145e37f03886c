package rest

import (
	"context"
	"net/http"

	"shop/modules/payments"
	"shop/platform/httpapi"
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
	var wire httpapi.ListBody[InvoiceSummary]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: payments.MethodListInvoices, Method: http.MethodGet, Path: "/user/" + in.UserID.PathSegment() + "/invoices",
		Query: httpapi.PageValues(in.Page), Result: &wire,
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
