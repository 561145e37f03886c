package emailmod

import (
	"context"

	"shop/modules/email"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/flip"
	"shop/platform/page"
)

// Switch is the e-mail module as other modules hold it: each call goes by the
// route to the implementation in charge.
type Switch struct{ route *flip.Route[email.Service] }

var _ email.Service = (*Switch)(nil)

// Send implements email.Service.
func (s *Switch) Send(ctx context.Context, in email.SendInput) (email.Email, error) {
	return flip.Call(ctx, s.route, email.MethodSend, email.Service.Send, in)
}

// Email implements email.Service.
func (s *Switch) Email(ctx context.Context, in email.EmailInput) (email.Email, error) {
	return flip.Call(ctx, s.route, email.MethodEmail, email.Service.Email, in)
}

// ListEmails implements email.Service.
func (s *Switch) ListEmails(ctx context.Context, in email.ListEmailsInput) (page.Page[email.Email], error) {
	return flip.Call(ctx, s.route, email.MethodListEmails, email.Service.ListEmails, in)
}

// Retry implements email.Service.
func (s *Switch) Retry(ctx context.Context, in email.RetryInput) (email.Email, error) {
	return flip.Call(ctx, s.route, email.MethodRetry, email.Service.Retry, in)
}

// Receive implements email.Service.
func (s *Switch) Receive(ctx context.Context, e event.Envelope) error {
	return flip.Do(ctx, s.route, email.MethodReceive, email.Service.Receive, e)
}

// Verify implements email.Service.
func (s *Switch) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return flip.Call(ctx, s.route, email.MethodVerify, email.Service.Verify, in)
}
