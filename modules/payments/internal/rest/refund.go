package rest

import (
	"context"
	"net/http"

	"shop/modules/payments"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// registerRefunds declares the operations of credit notes.
func (h handlers) registerRefunds(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "refund-invoice", Method: http.MethodPost, Path: "/invoices/{id}/refunds", Module: "payments",
		Summary: "Give money of a paid invoice back", Access: httpapi.Administrator, Status: http.StatusCreated,
		Description: "All that is left, or a part; never more than was paid, however many ask at once. " +
			"A credit note that is `pending` is no failure: the provider has not answered, and the shop asks it until it knows.",
		Errors: []int{http.StatusConflict},
	}, h.refund)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-refunds", Method: http.MethodGet, Path: "/invoices/{id}/refunds", Module: "payments",
		Summary: "List the refunds of an invoice", Access: httpapi.SignedIn, Description: "Oldest first.",
	}, h.creditNotes)
}

type refundInput struct {
	httpapi.IdempotencyKey
	ID   id.Invoice `path:"id" doc:"The invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
	Body NewRefund
}

// refundOutput is a new credit note.
type refundOutput struct {
	Location string `header:"Location" doc:"Where the credit notes of the invoice are."`
	Replayed string `header:"Idempotent-Replayed" doc:"true: the refund of an earlier request with the same Idempotency-Key."`
	Body     CreditNote
}

func (h handlers) refund(ctx context.Context, in *refundInput) (*refundOutput, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	input := payments.RefundInput{Key: key, ID: in.ID, Reason: in.Body.Reason, OrderID: orZero(in.Body.OrderID)}
	if in.Body.Amount != nil {
		amount := in.Body.Amount.value()
		input.Amount = &amount
	}
	note, err := h.service.Refund(ctx, input)
	if err != nil {
		return nil, err
	}
	out := &refundOutput{Location: "/invoices/" + in.ID.String() + "/refunds", Body: creditNoteOf(note)}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out, nil
}

type creditNotesInput struct {
	ID id.Invoice `path:"id" doc:"The invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
}

type creditNotesOutput struct{ Body CreditNotes }

func (h handlers) creditNotes(ctx context.Context, in *creditNotesInput) (*creditNotesOutput, error) {
	notes, err := h.service.CreditNotes(ctx, payments.CreditNotesInput{InvoiceID: in.ID})
	if err != nil {
		return nil, err
	}
	out := &creditNotesOutput{Body: CreditNotes{Items: make([]CreditNote, len(notes))}}
	for i, note := range notes {
		out.Body.Items[i] = creditNoteOf(note)
	}
	return out, nil
}
