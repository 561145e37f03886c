package rest

import (
	"context"
	"net/http"

	"shop/modules/payments"
	"shop/platform/httpapi"
	"shop/platform/id"
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
		ID: "pay-invoice", Method: http.MethodPost, Path: "/invoices/{id}/pay", Module: "payments",
		Summary: "Pay an invoice", Access: httpapi.SignedIn,
		Description: "However often it is called, and from however many clients at once, an invoice is charged once. " +
			"402: declined, the invoice is open again. 503: the provider was not reached and has not charged. " +
			"504: the provider has not answered; the shop keeps asking it, the invoice is `paying` until it is known how it ended, and paying again asks at once.",
		Errors: []int{http.StatusPaymentRequired, http.StatusConflict, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
	}, h.pay)
	registerWebhooks(api, h)
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

type listInput struct {
	httpapi.PageQuery
	User httpapi.UserRef `path:"uid"`
}

func (h handlers) list(ctx context.Context, in *listInput) (*httpapi.List[InvoiceSummary], error) {
	user, err := in.User.In(ctx)
	if err != nil {
		return nil, err
	}
	p, err := h.service.ListInvoices(ctx, payments.ListInvoicesInput{UserID: user, Page: in.Page()})
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

// payOutput is the invoice that was paid.
type payOutput struct {
	ETag     string `header:"ETag" doc:"Changes with the invoice's status."`
	Replayed string `header:"Idempotent-Replayed" doc:"true: the outcome of an earlier request with the same Idempotency-Key."`
	Body     Invoice
}

func (h handlers) pay(ctx context.Context, in *payInput) (*payOutput, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	v, err := h.service.Pay(ctx, payments.PayInput{Key: key, ID: in.ID, PaymentMethod: in.Body.PaymentMethod})
	if err != nil {
		return nil, err
	}
	out := &payOutput{ETag: httpapi.ETag(v.Version), Body: invoiceOf(v)}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out, nil
}
