package rest

import (
	"context"
	"net/http"
	"unicode/utf8"

	"shop/modules/email"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/page"
	"shop/platform/remote"
)

// Client is the e-mail module in another process, over the routes beside.
// Messages travel in bodies only, which are logged nowhere.
type Client struct{ remote *remote.Client }

var _ email.Service = (*Client)(nil)

// NewClient makes the e-mail module that r reaches.
func NewClient(r *remote.Client) *Client { return &Client{r} }

// Send implements email.Service.
func (c *Client) Send(ctx context.Context, in email.SendInput) (email.Email, error) {
	if err := checkTexts(in); err != nil {
		return email.Email{}, err
	}
	var wire Email
	_, err := c.remote.Do(ctx, remote.Call{
		Does: email.MethodSend, Method: http.MethodPost, Path: "/internal/email/messages",
		Key: in.Key, TakesKey: true, Body: messageOf(in), Result: &wire,
	})
	return wire.value(), err
}

// checkTexts refuses what is no UTF-8. JSON would carry another text in its
// place, which might be accepted.
func checkTexts(in email.SendInput) error {
	var refused *fault.Error
	check := func(place, text string) {
		const message = "must be valid UTF-8"
		switch {
		case utf8.ValidString(text):
		case refused == nil:
			refused = fault.InvalidField(place, message)
		default:
			refused = refused.WithField(place, message)
		}
	}
	check("body.to", in.To)
	check("body.subject", in.Subject)
	check("body.text", in.Text)
	check("body.html", in.HTML)
	for key, value := range in.Data {
		if text, ok := value.(string); ok {
			check("body.data."+key, text)
		}
	}
	if refused == nil {
		return nil
	}
	return refused
}

// Email implements email.Service.
func (c *Client) Email(ctx context.Context, in email.EmailInput) (email.Email, error) {
	var wire Email
	_, err := c.remote.Do(ctx, remote.Call{
		Does: email.MethodEmail, Method: http.MethodGet, Path: "/email/" + in.ID.PathSegment(), Result: &wire,
	})
	return wire.value(), err
}

// ListEmails implements email.Service.
func (c *Client) ListEmails(ctx context.Context, in email.ListEmailsInput) (page.Page[email.Email], error) {
	query := httpapi.PageValues(in.Page)
	if in.Status != "" {
		query.Set("status", string(in.Status))
	}
	if in.To != "" {
		query.Set("to", in.To)
	}
	if in.Reference != "" {
		query.Set("reference", in.Reference)
	}
	var wire httpapi.ListBody[Summary]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: email.MethodListEmails, Method: http.MethodGet, Path: "/emails/", Query: query, Result: &wire,
	})
	return httpapi.PageOf(wire, Summary.value), err
}

// Retry implements email.Service.
func (c *Client) Retry(ctx context.Context, in email.RetryInput) (email.Email, error) {
	var wire Email
	_, err := c.remote.Do(ctx, remote.Call{
		Does: email.MethodRetry, Method: http.MethodPost, Path: "/email/" + in.ID.PathSegment() + "/retry", Result: &wire,
	})
	return wire.value(), err
}

// Receive implements email.Service.
func (c *Client) Receive(ctx context.Context, e event.Envelope) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: email.MethodReceive, Method: http.MethodPost, Path: "/internal/email/events", Body: e,
	})
	return err
}

// Verify implements email.Service.
func (c *Client) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return audit.Call(ctx, c.remote, "email", in)
}
