package rest

import (
	"context"
	"net/http"

	"shop/modules/email"
	"shop/platform/audit"
	"shop/platform/httpapi"
	"shop/platform/module"
)

// maxMessageBytes leaves room for two bodies of 256 KiB in which every character
// is one that JSON writes as six.
const maxMessageBytes = 4 << 20

// registerInternal declares what only services call.
func registerInternal(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "send-message", Method: http.MethodPost, Path: "/internal/email/messages", Module: "email",
		Summary: "Queue an e-mail and read it", Access: httpapi.Internal, Status: http.StatusAccepted,
		Description: "What `POST /send_email/` does, with the whole e-mail as the answer.",
		Errors:      []int{http.StatusConflict, http.StatusTooManyRequests}, MaxBodyBytes: maxMessageBytes,
	}, h.sendMessage)
	module.RegisterEvents(api, "email", h.service.Receive)
	audit.Register(api, "email", h.service.Verify)
}

// Message is a message to send, as another module asks for it: what is wrong
// with it is for the module to say, in its own words.
type Message struct {
	To       string         `json:"to" doc:"One address. From a service it must be a user's." example:"jo@example.com"`
	Subject  string         `json:"subject,omitempty" doc:"One line." example:"We open on Sunday"`
	Text     string         `json:"text,omitempty" doc:"The message as plain text, at most 256 KiB." example:"Come and see us from 10 to 16."`
	HTML     string         `json:"html,omitempty" doc:"The message as HTML, at most 256 KiB." example:"<p>Come and see us from 10 to 16.</p>"`
	Template string         `json:"template,omitempty" doc:"A text that the shop writes itself, in the place of subject, text and html." example:"receipt"`
	Data     map[string]any `json:"data,omitempty" nullable:"false" doc:"What the template is filled with."`
}

func messageOf(in email.SendInput) Message {
	return Message{
		To: in.To, Subject: in.Subject, Text: in.Text, HTML: in.HTML, Template: string(in.Template), Data: in.Data,
	}
}

type messageInput struct {
	httpapi.IdempotencyKey
	Body Message
}

func (h handlers) sendMessage(ctx context.Context, in *messageInput) (*httpapi.Created[Email], error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	message := NewEmail(in.Body).input()
	message.Key = key
	e, err := h.service.Send(ctx, message)
	if err != nil {
		return nil, err
	}
	return httpapi.NewCreated("/email/"+e.ID.String(), httpapi.ETag(e.Version), key, emailOf(e)), nil
}
