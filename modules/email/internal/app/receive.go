package app

import (
	"context"
	"errors"
	"log/slog"

	"shop/modules/email"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// Events are the names of the events that Receive acts on.
func Events() []string {
	return []string{
		users.EventRegistered, users.EventVerificationRequested, users.EventPasswordResetRequested,
		users.EventRemoved, payments.EventInvoiceCreated, payments.EventInvoicePaid,
	}
}

// Receive implements email.Service.
func (s *Service) Receive(ctx context.Context, e event.Envelope) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	ctx = identity.AsService(ctx, module)
	switch e.Name {
	case users.EventRegistered:
		return s.registered(ctx, e)
	case users.EventVerificationRequested:
		return s.verificationRequested(ctx, e)
	case users.EventPasswordResetRequested:
		return s.passwordResetRequested(ctx, e)
	case users.EventRemoved:
		return s.userRemoved(ctx, e)
	case payments.EventInvoiceCreated:
		return s.invoiceCreated(ctx, e)
	case payments.EventInvoicePaid:
		return s.invoicePaid(ctx, e)
	default:
		return fault.InvalidField("body.name", "is no event that the e-mail module acts on")
	}
}

func (s *Service) registered(ctx context.Context, e event.Envelope) error {
	payload, err := decode[users.Registered](e)
	if err != nil {
		return err
	}
	user, found, err := s.user(ctx, payload.UserID)
	if err != nil || !found {
		return err
	}
	mail, err := s.account(user, email.TemplateRegistration, user.Name)
	if err != nil {
		return err
	}
	return s.Once.Event(ctx, e, func(ctx context.Context) error { return s.enqueue(ctx, mail) })
}

func (s *Service) verificationRequested(ctx context.Context, e event.Envelope) error {
	payload, err := decode[users.VerificationRequested](e)
	if err != nil {
		return err
	}
	user, found, err := s.user(ctx, payload.UserID)
	if err != nil || !found || user.Verified {
		return err
	}
	return s.onDemand(ctx, e, user, email.TemplateVerification)
}

func (s *Service) passwordResetRequested(ctx context.Context, e event.Envelope) error {
	payload, err := decode[users.PasswordResetRequested](e)
	if err != nil {
		return err
	}
	user, err := s.Users.FindUser(ctx, users.FindUserInput(payload))
	if errors.Is(err, users.ErrUserNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.onDemand(ctx, e, user, email.TemplatePasswordReset)
}

// onDemand queues what anybody can ask for again and again: beyond the
// recipient's limit it is dropped, since the ones before say the same.
func (s *Service) onDemand(ctx context.Context, e event.Envelope, user users.User, template email.Template) error {
	mail, err := s.account(user, template, user.Name)
	if err != nil {
		return err
	}
	return s.Once.Event(ctx, e, func(ctx context.Context) error {
		err := s.allowRecipient(ctx, mail.To)
		if errors.Is(err, email.ErrTooMany) {
			s.Logger.WarnContext(ctx, "e-mail dropped: its recipient has had too many within the hour",
				slog.String("template", string(template)), slog.String("user", user.ID.String()))
			return nil
		}
		if err != nil {
			return err
		}
		return s.enqueue(ctx, mail)
	})
}

func (s *Service) invoiceCreated(ctx context.Context, e event.Envelope) error {
	payload, err := decode[payments.InvoiceCreated](e)
	if err != nil {
		return err
	}
	return s.bill(ctx, e, email.TemplateInvoice, payload.UserID, payload.InvoiceID)
}

func (s *Service) invoicePaid(ctx context.Context, e event.Envelope) error {
	payload, err := decode[payments.InvoicePaid](e)
	if err != nil {
		return err
	}
	return s.bill(ctx, e, email.TemplateReceipt, payload.UserID, payload.InvoiceID)
}

// bill queues a message about an invoice. Each follows from a purchase, so no
// limit drops it.
func (s *Service) bill(ctx context.Context, e event.Envelope, template email.Template, owner id.User, named id.Invoice) error {
	user, found, err := s.user(ctx, owner)
	if err != nil || !found {
		return err
	}
	invoice, err := s.Payments.Invoice(ctx, payments.InvoiceInput{ID: named})
	if err != nil {
		return err
	}
	mail, err := s.billing(user, user.Email, template, user.Name, invoice)
	if err != nil {
		return err
	}
	return s.Once.Event(ctx, e, func(ctx context.Context) error { return s.enqueue(ctx, mail) })
}

func (s *Service) userRemoved(ctx context.Context, e event.Envelope) error {
	payload, err := decode[users.Removed](e)
	if err != nil {
		return err
	}
	return s.Once.Event(ctx, e, func(ctx context.Context) error { return s.Store.RemoveUser(ctx, payload.UserID) })
}

// user reads an account; found is false for one that was removed meanwhile.
func (s *Service) user(ctx context.Context, named id.User) (user users.User, found bool, err error) {
	user, err = s.Users.User(ctx, users.UserInput{ID: named})
	if errors.Is(err, users.ErrUserNotFound) {
		return users.User{}, false, nil
	}
	return user, err == nil, err
}

// decode reads an event's payload.
func decode[T any](e event.Envelope) (T, error) {
	payload, err := event.Decode[T](e)
	if err != nil {
		return payload, fault.InvalidField("body.payload", "is not the payload of this event").WithCause(err)
	}
	return payload, nil
}
