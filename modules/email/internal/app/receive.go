package app

import (
	"context"
	"errors"
	"log/slog"

	"shop/modules/cart"
	"shop/modules/email"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/identity"
)

// Events are the names of the events that Receive acts on.
func Events() []string {
	return []string{
		users.EventRegistered, users.EventVerificationRequested, users.EventPasswordResetRequested,
		users.EventMerged, users.EventRemoved,
		payments.EventInvoiceCreated, payments.EventInvoicePaid, payments.EventInvoiceVoided, payments.EventInvoiceRefunded,
		cart.EventOrderPacked, cart.EventOrderShipped, cart.EventOrderDelivered, cart.EventOrderCancelled,
	}
}

// effect is what an event calls for, done in the transaction that records the
// event as handled; nil is nothing.
type effect func(context.Context) error

// Receive implements email.Service. Also an event that calls for nothing is
// recorded as handled: the reconciler asks for each.
func (s *Service) Receive(ctx context.Context, e event.Envelope) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	ctx = identity.AsService(ctx, module)
	act, err := s.effectOf(ctx, e)
	if err != nil {
		return err
	}
	return s.Once.Event(ctx, e, func(ctx context.Context) error {
		if act == nil {
			return nil
		}
		return act(ctx)
	})
}

// effectOf asks other modules what there is to say, before the transaction.
func (s *Service) effectOf(ctx context.Context, e event.Envelope) (effect, error) {
	switch e.Name {
	case users.EventRegistered:
		return s.registered(ctx, e)
	case users.EventVerificationRequested:
		return s.verificationRequested(ctx, e)
	case users.EventPasswordResetRequested:
		return s.passwordResetRequested(ctx, e)
	case users.EventMerged:
		payload, err := decode[users.Merged](e)
		return func(ctx context.Context) error { return s.Store.MoveUser(ctx, payload.From, payload.To) }, err
	case users.EventRemoved:
		payload, err := decode[users.Removed](e)
		return func(ctx context.Context) error { return s.Store.RemoveUser(ctx, payload.UserID) }, err
	default:
		about, err := noticeOf(e)
		if err != nil {
			return nil, err
		}
		return s.notify(ctx, about)
	}
}

func (s *Service) registered(ctx context.Context, e event.Envelope) (effect, error) {
	payload, err := decode[users.Registered](e)
	if err != nil {
		return nil, err
	}
	user, found, err := s.user(ctx, payload.UserID)
	if err != nil || !found {
		return nil, err
	}
	mail, err := s.account(user, email.TemplateRegistration, user.Name)
	return s.queue(mail), err
}

func (s *Service) verificationRequested(ctx context.Context, e event.Envelope) (effect, error) {
	payload, err := decode[users.VerificationRequested](e)
	if err != nil {
		return nil, err
	}
	user, found, err := s.user(ctx, payload.UserID)
	if err != nil || !found || user.Verified {
		return nil, err
	}
	return s.onDemand(user, email.TemplateVerification)
}

func (s *Service) passwordResetRequested(ctx context.Context, e event.Envelope) (effect, error) {
	payload, err := decode[users.PasswordResetRequested](e)
	if err != nil {
		return nil, err
	}
	user, err := s.Users.FindUser(ctx, users.FindUserInput(payload))
	if errors.Is(err, users.ErrUserNotFound) {
		return nil, nil //nolint:nilnil // nothing to do
	}
	if err != nil {
		return nil, err
	}
	return s.onDemand(user, email.TemplatePasswordReset)
}

// queue is the effect that queues a message whatever the limits: it follows from
// a registration or a purchase, which happen once.
func (s *Service) queue(mail Mail) effect {
	return func(ctx context.Context) error { return s.enqueue(ctx, mail) }
}

// onDemand queues what anybody can ask for again and again: beyond the
// recipient's limit it is dropped, since the ones before say the same.
func (s *Service) onDemand(user users.User, template email.Template) (effect, error) {
	mail, err := s.account(user, template, user.Name)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
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
	}, nil
}

// decode reads an event's payload.
func decode[T any](e event.Envelope) (T, error) {
	payload, err := event.Decode[T](e)
	if err != nil {
		return payload, fault.InvalidField("body.payload", "is not the payload of this event").WithCause(err)
	}
	return payload, nil
}
