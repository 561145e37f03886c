package rest

import (
	"context"
	"net/http"

	"shop/modules/email"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// Register declares the e-mail module's operations.
func Register(api *httpapi.API, s email.Service) {
	h := handlers{s}
	httpapi.Handle(api, httpapi.Operation{
		ID: "send-email", Method: http.MethodPost, Path: "/send_email/", Module: "email",
		Summary: "Queue an e-mail", Access: httpapi.Administrator, Status: http.StatusAccepted,
		Description: "The message is sent in the background; `GET /email/{id}` tells what became of it. Services, on the internal listener, may write to users only.",
		Errors:      []int{http.StatusConflict, http.StatusTooManyRequests},
	}, h.send)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-email", Method: http.MethodGet, Path: "/email/{id}", Module: "email",
		Summary: "Read an e-mail and the history of its delivery", Access: httpapi.Administrator,
		Errors: []int{http.StatusNotModified},
	}, h.get)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-emails", Method: http.MethodGet, Path: "/emails/", Module: "email",
		Summary: "List e-mails, newest first", Access: httpapi.Administrator,
		Description: "Without their bodies and attempts.",
	}, h.list)
	httpapi.Handle(api, httpapi.Operation{
		ID: "retry-email", Method: http.MethodPost, Path: "/email/{id}/retry", Module: "email",
		Summary: "Queue a dead e-mail again", Access: httpapi.Administrator, Status: http.StatusAccepted,
		Errors: []int{http.StatusConflict},
	}, h.retry)
	registerInternal(api, h)
}

type handlers struct{ service email.Service }

type sendInput struct {
	httpapi.IdempotencyKey
	Body NewEmail
}

func (h handlers) send(ctx context.Context, in *sendInput) (*httpapi.Created[QueuedEmail], error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	message := in.Body.input()
	message.Key = key
	e, err := h.service.Send(ctx, message)
	if err != nil {
		return nil, err
	}
	return httpapi.NewCreated("/email/"+e.ID.String(), httpapi.ETag(e.Version), key, queuedOf(e)), nil
}

// emailOutput is one e-mail.
type emailOutput struct {
	ETag string `header:"ETag" doc:"Changes with every attempt."`
	Body Email
}

type getInput struct {
	httpapi.Conditional
	ID id.Email `path:"id" doc:"The e-mail." example:"mail_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) get(ctx context.Context, in *getInput) (*emailOutput, error) {
	e, err := h.service.Email(ctx, email.EmailInput{ID: in.ID})
	if err != nil {
		return nil, err
	}
	etag := httpapi.ETag(e.Version)
	if err := in.Check(etag); err != nil {
		return nil, err
	}
	return &emailOutput{ETag: etag, Body: emailOf(e)}, nil
}

type listInput struct {
	httpapi.PageQuery
	Status string `query:"status" enum:"queued,sent,dead" doc:"Only this state."`
	To     string `query:"to" maxLength:"254" doc:"Only this recipient." example:"jo@example.com"`
	// An id.Invoice would refuse what is missing, too.
	Reference string `query:"reference" maxLength:"64" doc:"Only what is about this invoice." example:"inv_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) list(ctx context.Context, in *listInput) (*httpapi.List[Summary], error) {
	p, err := h.service.ListEmails(ctx, email.ListEmailsInput{Page: in.Page(), Status: email.Status(in.Status), To: in.To, Reference: in.Reference})
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(ctx, p, summaryOf), nil
}

type retryInput struct {
	ID id.Email `path:"id" doc:"The e-mail." example:"mail_01h455vb4pex5vsknk084sn02q"`
}

func (h handlers) retry(ctx context.Context, in *retryInput) (*emailOutput, error) {
	e, err := h.service.Retry(ctx, email.RetryInput{ID: in.ID})
	if err != nil {
		return nil, err
	}
	return &emailOutput{ETag: httpapi.ETag(e.Version), Body: emailOf(e)}, nil
}
