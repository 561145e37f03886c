package rest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"shop/modules/payments"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// registerDocuments declares what people print: for them as files, for services
// as an answer that can carry any.
func (h handlers) registerDocuments(api *httpapi.API) {
	for format, media := range map[payments.Format]string{payments.FormatHTML: "text/html", payments.FormatPDF: "application/pdf"} {
		answers := map[string]*huma.Response{"200": {
			Description: "The document.",
			Content:     map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}}
		httpapi.Handle(api, httpapi.Operation{
			ID: "get-invoice-" + string(format), Method: http.MethodGet, Path: "/invoices/{id}/document." + string(format), Module: "payments",
			Summary: "Print an invoice as " + string(format), Access: httpapi.SignedIn, Responses: answers,
		}, func(ctx context.Context, in *getInput) (*documentOutput, error) {
			return h.document(ctx, payments.DocumentInput{Invoice: in.ID, Format: format}, in.Conditional)
		})
		httpapi.Handle(api, httpapi.Operation{
			ID: "get-credit-note-" + string(format), Method: http.MethodGet, Path: "/credit-notes/{id}/document." + string(format), Module: "payments",
			Summary: "Print a credit note as " + string(format), Access: httpapi.SignedIn, Responses: answers,
			Description: "There is one once the money went back.",
		}, func(ctx context.Context, in *creditNoteInput) (*documentOutput, error) {
			return h.document(ctx, payments.DocumentInput{CreditNote: in.ID, Format: format}, in.Conditional)
		})
	}
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-document", Method: http.MethodPost, Path: "/internal/payments/document", Module: "payments",
		Summary: "Print an invoice or a credit note", Access: httpapi.Internal,
	}, h.packedDocument)
}

type creditNoteInput struct {
	httpapi.Conditional
	ID id.CreditNote `path:"id" doc:"The credit note." example:"crn_01h455vb4pex5vsknk084sn02q"`
}

// documentOutput is a document as a file.
type documentOutput struct {
	ETag        string `header:"ETag" doc:"Changes with what is on the document."`
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition" doc:"What a file of it is called." example:"inline; filename=invoice-2026-000001.pdf"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

// styled lets a browser show a page with the styles that stand in it, and load
// nothing for it.
const styled = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

func (h handlers) document(ctx context.Context, in payments.DocumentInput, has httpapi.Conditional) (*documentOutput, error) {
	d, err := h.service.Document(ctx, in)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(d.Body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	if err := has.Check(etag); err != nil {
		return nil, err
	}
	return &documentOutput{
		ETag: etag, ContentType: d.ContentType, Policy: styled, Body: d.Body,
		Disposition: mime.FormatMediaType("inline", map[string]string{"filename": d.Name}),
	}, nil
}

// DocumentWanted names a document.
type DocumentWanted struct {
	InvoiceID    *id.Invoice    `json:"invoice_id,omitempty" example:"inv_01h455vb4pex5vsknk084sn02q"`
	CreditNoteID *id.CreditNote `json:"credit_note_id,omitempty" doc:"Instead of an invoice." example:"crn_01h455vb4pex5vsknk084sn02q"`
	Format       string         `json:"format" enum:"html,pdf" example:"pdf"`
}

// PackedDocument is a document within JSON.
type PackedDocument struct {
	Name        string `json:"name,omitempty" doc:"What a file of it is called." example:"invoice-2026-000001.pdf"`
	ContentType string `json:"content_type" example:"application/pdf"`
	Body        []byte `json:"body" doc:"Base64." example:"JVBERi0xLjMK"`
}

type documentWantedInput struct{ Body DocumentWanted }

type packedDocumentOutput struct{ Body PackedDocument }

func (h handlers) packedDocument(ctx context.Context, in *documentWantedInput) (*packedDocumentOutput, error) {
	d, err := h.service.Document(ctx, payments.DocumentInput{
		Invoice: orZero(in.Body.InvoiceID), CreditNote: orZero(in.Body.CreditNoteID), Format: payments.Format(in.Body.Format),
	})
	if err != nil {
		return nil, err
	}
	return &packedDocumentOutput{Body: PackedDocument{Name: d.Name, ContentType: d.ContentType, Body: d.Body}}, nil
}
