// Package email is the face of outgoing e-mail: a durable queue, its delivery,
// and what became of each message. Other modules hold a Service and never know
// whether it lives in this process.
package email

import (
	"context"
	"time"

	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/page"
)

// Contract are the versions of this face on the wire.
var Contract = contract.Versions{Newest: 2, Oldest: 1}

// Service is what the e-mail module does. Every method may also return a fault
// of kind Unavailable or Timeout.
type Service interface {
	// Send queues an e-mail and returns it as queued. Administrators and
	// services; a service may only write to addresses of users. Safe to repeat
	// with a key. Errors: ErrNoUser, ErrTooMany with a RetryAfter,
	// ErrUnknownTemplate, an invalid field.
	Send(ctx context.Context, in SendInput) (Email, error)
	// Email reads one e-mail and the history of its delivery. Administrators and
	// services. Errors: ErrEmailNotFound.
	Email(ctx context.Context, in EmailInput) (Email, error)
	// ListEmails lists e-mails, newest first, without their bodies and attempts.
	// Administrators and services.
	// Errors: page.ErrCursor.
	ListEmails(ctx context.Context, in ListEmailsInput) (page.Page[Email], error)
	// Retry queues a dead e-mail again. Administrators and services. Errors:
	// ErrEmailNotFound, ErrNotDead.
	Retry(ctx context.Context, in RetryInput) (Email, error)
	// Receive acts on an event of another module: it queues the e-mails that the
	// event calls for, once. Services only.
	Receive(ctx context.Context, e event.Envelope) error
	// Verify looks for paid invoices without their receipt and refunds without
	// their notice, of the last 30 days, which it can queue, and for e-mails that
	// are dead or long overdue. Administrators and services.
	Verify(ctx context.Context, in audit.Input) (audit.Report, error)
}

// The methods and what repeating them does.
var (
	MethodSend       = contract.Method{Module: "email", Name: "Send", Class: contract.IdempotentWrite}
	MethodEmail      = contract.Method{Module: "email", Name: "Email", Class: contract.Read}
	MethodListEmails = contract.Method{Module: "email", Name: "ListEmails", Class: contract.Read}
	MethodRetry      = contract.Method{Module: "email", Name: "Retry", Class: contract.Write}
	MethodReceive    = contract.Method{Module: "email", Name: "Receive", Class: contract.IdempotentWrite}
	MethodVerify     = contract.Method{Module: "email", Name: "Verify", Class: contract.Write}
)

// Status is where an e-mail stands.
type Status string

// The states: queued → sent, or queued → dead after the last attempt; Retry
// takes dead back to queued.
const (
	StatusQueued Status = "queued"
	StatusSent   Status = "sent"
	StatusDead   Status = "dead"
)

// Template names a text that the module writes itself.
type Template string

// The templates. Each documents the keys of its data in docs/email.md.
const (
	TemplateRegistration  Template = "registration"
	TemplateVerification  Template = "verification"
	TemplatePasswordReset Template = "password_reset"
	TemplateInvoice       Template = "invoice"
	TemplateReceipt       Template = "receipt"
	// What follows is written when an event calls for it; Send does not take it.
	TemplateInvoiceVoided  Template = "invoice_voided"
	TemplateRefund         Template = "refund"
	TemplateOrderPacked    Template = "order_packed"
	TemplateOrderShipped   Template = "order_shipped"
	TemplateOrderDelivered Template = "order_delivered"
	TemplateOrderCancelled Template = "order_cancelled"
)

// Limits of a message.
const (
	// MaxAddress is how many bytes an address may have (RFC 5321).
	MaxAddress = 254
	// MaxSubject is how many characters a subject may have (RFC 5322).
	MaxSubject = 998
	// MaxBody is how many bytes Text and HTML may have each.
	MaxBody = 256 << 10
	// MaxName is how many characters the name in a template's data may have.
	MaxName = 200
)

// Email is a message and the state of its delivery.
type Email struct {
	ID      id.Email
	To      string
	Subject string
	// Text and HTML are the bodies; lists leave them out. Where a template
	// carries a single-use token there is a mark in its place: the token is made
	// when the message is sent and is never stored.
	Text string
	HTML string
	// Template is what the message was made from; empty when it was written out.
	Template Template
	// Reference is the identifier of the invoice that it is about; empty for none.
	Reference string
	Status    Status
	// Attempts is the history of delivery, oldest first; lists leave it out.
	Attempts []Attempt
	// NextAttemptAt is when a queued e-mail is tried next.
	NextAttemptAt time.Time
	// SentAt is when a mail server took it; zero until then.
	SentAt time.Time
	// Version counts changes of state, from 1.
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// Attempt is one try at delivery. Error is empty when it succeeded.
type Attempt struct {
	At    time.Time
	Error string
}

// SendInput is a message: either Subject with Text and/or HTML, or Template
// with Data. The templates of an account take the data key "name" and need a
// user's address; those of an invoice take "name" and "invoice_id".
type SendInput struct {
	Key      *idempotency.Key
	To       string
	Subject  string
	Text     string
	HTML     string
	Template Template
	Data     map[string]any
}

// EmailInput names an e-mail.
type EmailInput struct{ ID id.Email }

// ListEmailsInput says which e-mails, which page.
type ListEmailsInput struct {
	Page page.Request
	// Status keeps one state; empty all.
	Status Status
	// To keeps one recipient; empty all.
	To string
	// Reference keeps what is about one invoice; empty all.
	Reference string
}

// RetryInput names the dead e-mail to queue again.
type RetryInput struct{ ID id.Email }
