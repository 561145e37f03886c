package rest

import (
	"context"
	"net/http"
	"time"

	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// Register declares the module's operations.
func Register(api *httpapi.API, s payments.Service) {
	h := handlers{s}
	httpapi.Handle(api, httpapi.Operation{
		ID: "create-invoice", Method: http.MethodPost, Path: "/invoices", Module: "payments",
		Summary: "Create an invoice", Access: httpapi.Administrator, Status: http.StatusCreated,
		Description: "For what is not sold through a cart; a checkout makes its invoice itself.",
		Errors:      []int{http.StatusConflict},
	}, h.create)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-invoice", Method: http.MethodGet, Path: "/invoices/{id}", Module: "payments",
		Summary: "Read an invoice", Access: httpapi.SignedIn, Errors: []int{http.StatusNotModified},
	}, h.get)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-invoices", Method: http.MethodGet, Path: "/user/{uid}/invoices", Module: "payments",
		Summary: "List a user's invoices", Access: httpapi.SignedIn,
		Description: "Newest first, without their lines.",
	}, h.list)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-all-invoices", Method: http.MethodGet, Path: "/invoices", Module: "payments",
		Summary: "List everybody's invoices", Access: httpapi.Administrator,
		Description: "Newest first, without their lines.",
	}, h.listAll)
	httpapi.Handle(api, httpapi.Operation{
		ID: "pay-invoice", Method: http.MethodPost, Path: "/invoices/{id}/pay", Module: "payments",
		Summary: "Pay an invoice", Access: httpapi.SignedIn,
		Description: "However often it is called, and from however many clients at once, an invoice is charged once. " +
			"402: declined, the invoice is open again. 503: the provider was not reached and has not charged. " +
			"504: the provider has not answered; the shop keeps asking it, the invoice is `paying` until it is known how it ended, and paying again asks at once.",
		Errors: []int{http.StatusPaymentRequired, http.StatusConflict, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
	}, h.pay)
	registerWebhooks(api, h)
	h.registerStates(api)
	h.registerRefunds(api)
	h.registerDocuments(api)
	audit.Register(api, "payments", h.service.Verify)
}

type handlers struct{ service payments.Service }

type createInput struct {
	httpapi.IdempotencyKey
	Body NewInvoice
}

func (h handlers) create(ctx context.Context, in *createInput) (*httpapi.Created[Invoice], error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	input := in.Body.input()
	input.Key = key
	v, err := h.service.CreateInvoice(ctx, input)
	if err != nil {
		return nil, err
	}
	return httpapi.NewCreated("/invoices/"+v.ID.String(), httpapi.ETag(v.Version), key, invoiceOf(v)), nil
}

// invoiceOutput is one invoice.
type invoiceOutput struct {
	ETag string `header:"ETag" doc:"Changes with the invoice's status."`
	Body Invoice
}

type getInput struct {
	httpapi.Conditional
	ID id.Invoice `path:"id" doc:"The invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) get(ctx context.Context, in *getInput) (*invoiceOutput, error) {
	v, err := h.service.Invoice(ctx, payments.InvoiceInput{ID: in.ID})
	if err != nil {
		return nil, err
	}
	etag := httpapi.ETag(v.Version)
	if err := in.Check(etag); err != nil {
		return nil, err
	}
	return &invoiceOutput{ETag: etag, Body: invoiceOf(v)}, nil
}

// ListFilter says which invoices a list has.
type ListFilter struct {
	httpapi.PageQuery
	Status string    `query:"status" enum:"draft,open,paying,paid,void,refunded,uncollectible" doc:"Only those that stand so."`
	Since  time.Time `query:"since" doc:"Only those that changed at or after that." example:"2026-11-02T09:30:00Z"`
}

type listInput struct {
	ListFilter
	User httpapi.UserRef `path:"uid"`
}

func (h handlers) list(ctx context.Context, in *listInput) (*httpapi.List[InvoiceSummary], error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	return h.listed(ctx, user, in.ListFilter)
}

func (h handlers) listAll(ctx context.Context, in *ListFilter) (*httpapi.List[InvoiceSummary], error) {
	return h.listed(ctx, id.User{}, *in)
}

func (h handlers) listed(ctx context.Context, user id.User, in ListFilter) (*httpapi.List[InvoiceSummary], error) {
	p, err := h.service.ListInvoices(ctx, payments.ListInvoicesInput{
		UserID: user, Status: payments.Status(in.Status), Since: in.Since, Page: in.Page(),
	})
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(ctx, p, summaryOf), nil
}

type payInput struct {
	httpapi.IdempotencyKey
	ID   id.Invoice `path:"id" doc:"The invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
	Body Payment
}

// changedOutput is the invoice that was paid, opened, voided or written off.
type changedOutput struct {
	ETag     string `header:"ETag" doc:"Changes with the invoice's status."`
	Replayed string `header:"Idempotent-Replayed" doc:"true: the outcome of an earlier request with the same Idempotency-Key."`
	Body     Invoice
}

func (h handlers) pay(ctx context.Context, in *payInput) (*changedOutput, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	v, err := h.service.Pay(ctx, payments.PayInput{Key: key, ID: in.ID, PaymentMethod: in.Body.PaymentMethod})
	if err != nil {
		return nil, err
	}
	return changed(v, key), nil
}

func changed(v payments.Invoice, key *idempotency.Key) *changedOutput {
	out := &changedOutput{ETag: httpapi.ETag(v.Version), Body: invoiceOf(v)}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out
}
