package app

import (
	"context"
	"errors"

	"shop/modules/email"
	"shop/modules/email/internal/letter"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// Send implements email.Service.
func (s *Service) Send(ctx context.Context, in email.SendInput) (email.Email, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return email.Email{}, err
	}
	if err := validate(in); err != nil {
		return email.Email{}, err
	}
	// Other modules are asked before the transaction begins.
	mail, err := s.compose(ctx, in)
	if err != nil {
		return email.Email{}, err
	}
	queued, err := s.Once.Request(ctx, in.Key, email.MethodSend.String(), in, func(ctx context.Context) (Queued, error) {
		return Queued{ID: mail.ID, At: mail.CreatedAt}, s.admit(ctx, mail)
	})
	if err != nil {
		return email.Email{}, err
	}
	// A repeat gets the first answer.
	mail.ID, mail.CreatedAt, mail.UpdatedAt, mail.NextAttemptAt = queued.ID, queued.At, queued.At, queued.At
	return mail.Email, nil
}

// admit queues a message unless a limit is reached.
func (s *Service) admit(ctx context.Context, mail Mail) error {
	if err := s.allowTotal(ctx); err != nil {
		return err
	}
	if err := s.allowRecipient(ctx, mail.To); err != nil {
		return err
	}
	return s.enqueue(ctx, mail)
}

// enqueue stores a message in the transaction of ctx and wakes a worker after
// its commit.
func (s *Service) enqueue(ctx context.Context, mail Mail) error {
	added, err := s.Store.Add(ctx, mail)
	if err != nil || !added {
		return err
	}
	s.Store.AfterCommit(ctx, s.Queued.Ring)
	return nil
}

// compose makes the message that the input asks for.
func (s *Service) compose(ctx context.Context, in email.SendInput) (Mail, error) {
	recipient, err := s.recipient(ctx, in.To)
	if err != nil {
		return Mail{}, err
	}
	name, _ := in.Data[dataName].(string)
	switch in.Template {
	case "":
		mail := s.draft(recipient, in.To)
		mail.Subject, mail.Text, mail.HTML = in.Subject, in.Text, in.HTML
		return mail, nil
	case email.TemplateInvoice, email.TemplateReceipt:
		invoice, err := s.invoiceOf(ctx, recipient, in)
		if err != nil {
			return Mail{}, err
		}
		return s.billing(recipient, in.To, in.Template, letter.About{Name: name, Invoice: invoice})
	default:
		if recipient.ID.IsZero() {
			return Mail{}, fault.InvalidField("body.to", "must be a user's address: the message carries a token of his account")
		}
		return s.account(recipient, in.Template, name)
	}
}

// recipient is the user whose address it is. An address that is no user's is
// the zero User for an administrator and email.ErrNoUser for a service.
func (s *Service) recipient(ctx context.Context, address string) (users.User, error) {
	user, err := s.Users.FindUser(identity.AsService(ctx, module), users.FindUserInput{Email: address})
	if !errors.Is(err, users.ErrUserNotFound) {
		return user, err
	}
	if !identity.From(ctx).Administrator {
		return users.User{}, email.ErrNoUser
	}
	return users.User{}, nil
}

// invoiceOf reads the invoice that the data names. A service may send a user
// his own invoices only.
func (s *Service) invoiceOf(ctx context.Context, recipient users.User, in email.SendInput) (payments.Invoice, error) {
	const location = "body.data." + dataInvoice
	text, _ := in.Data[dataInvoice].(string)
	var named id.Invoice
	if err := named.UnmarshalText([]byte(text)); err != nil {
		return payments.Invoice{}, fault.InvalidField(location, "must be an invoice's identifier")
	}
	invoice, err := s.Payments.Invoice(identity.AsService(ctx, module), payments.InvoiceInput{ID: named})
	switch {
	case errors.Is(err, payments.ErrInvoiceNotFound):
		return invoice, fault.InvalidField(location, "there is no such invoice")
	case err != nil:
		return invoice, err
	case in.Template == email.TemplateReceipt && invoice.PaidAt.IsZero():
		return invoice, fault.InvalidField(location, "must be a paid invoice for a receipt")
	case !identity.From(ctx).Administrator && invoice.UserID != recipient.ID:
		return invoice, fault.InvalidField(location, "is not an invoice of this user")
	}
	return invoice, nil
}

// draft is an empty message, due now.
func (s *Service) draft(recipient users.User, to string) Mail {
	now := s.clock()
	return Mail{
		Email: email.Email{
			ID: id.NewEmail(), To: to, Status: email.StatusQueued, NextAttemptAt: now,
			Version: 1, CreatedAt: now, UpdatedAt: now,
		},
		UserID: recipient.ID,
	}
}

// account writes a message about a user's account; a worker puts the token in.
func (s *Service) account(recipient users.User, template email.Template, name string) (Mail, error) {
	text, err := s.Writer.Account(template, name)
	if err != nil {
		return Mail{}, err
	}
	mail := s.draft(recipient, recipient.Email)
	mail.Template, mail.Subject, mail.Text, mail.HTML = template, text.Subject, text.Text, text.HTML
	mail.Token = users.PurposeVerification
	if template == email.TemplatePasswordReset {
		mail.Token = users.PurposePasswordReset
	}
	return mail, nil
}

// billing writes a message about an invoice.
func (s *Service) billing(
	recipient users.User, to string, template email.Template, about letter.About,
) (Mail, error) {
	text, err := s.Writer.Billing(template, about)
	if err != nil {
		return Mail{}, err
	}
	mail := s.draft(recipient, to)
	mail.Reference = about.Invoice.ID.String()
	mail.Template, mail.Subject, mail.Text, mail.HTML = template, text.Subject, text.Text, text.HTML
	return mail, nil
}
