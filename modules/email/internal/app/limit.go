package app

import (
	"context"
	"strings"
	"time"

	"shop/modules/email"
)

// Limits bound how many e-mails are queued within an hour; 0 is the default.
// Concurrent requests may exceed a limit by as many as there are of them.
type Limits struct {
	// Recipient is for one address. Default 20.
	Recipient int
	// Total is for all that was asked for with Send. Default 1,000.
	Total int
}

func (l Limits) orDefault() Limits {
	if l.Recipient <= 0 {
		l.Recipient = 20
	}
	if l.Total <= 0 {
		l.Total = 1000
	}
	return l
}

// limitWindow is the time in which the limits count.
const limitWindow = time.Hour

// allowRecipient returns email.ErrTooMany when an address has had its share.
func (s *Service) allowRecipient(ctx context.Context, to string) error {
	return s.allow(ctx, recipientKey(to), s.Limits.Recipient)
}

// allowTotal returns email.ErrTooMany when the shop has had its share.
func (s *Service) allowTotal(ctx context.Context) error {
	return s.allow(ctx, "", s.Limits.Total)
}

// allow finds the e-mail that has to leave the window before another one fits.
func (s *Service) allow(ctx context.Context, recipient string, limit int) error {
	now := s.clock()
	at, found, err := s.Store.Newest(ctx, recipient, now.Add(-limitWindow), limit)
	if err != nil || !found {
		return err
	}
	return email.ErrTooMany.WithRetryAfter(max(at.Add(limitWindow).Sub(now), time.Second))
}

// recipientKey is what makes an address the same as another one.
func recipientKey(address string) string { return strings.ToLower(address) }
