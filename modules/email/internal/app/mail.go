package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"shop/modules/email"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// Email implements email.Service.
func (s *Service) Email(ctx context.Context, in email.EmailInput) (email.Email, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return email.Email{}, err
	}
	mail, err := s.Store.Find(ctx, in.ID)
	return mail.Email, err
}

// ListEmails implements email.Service.
func (s *Service) ListEmails(ctx context.Context, in email.ListEmailsInput) (page.Page[email.Email], error) {
	none := page.Page[email.Email]{}
	if err := identity.RequirePrivileged(ctx); err != nil {
		return none, err
	}
	q, err := query(in)
	if err != nil {
		return none, err
	}
	rows, err := s.Store.List(ctx, q)
	if err != nil {
		return none, err
	}
	cut := page.Cut(rows, in.Page.Size(), func(e email.Email) page.Cursor {
		return page.Cursor{Sort: listSort, Key: strconv.FormatInt(e.CreatedAt.UnixMicro(), 10), ID: e.ID.String()}
	})
	if in.Page.CountExact {
		total, err := s.Store.Count(ctx, q)
		if err != nil {
			return none, err
		}
		cut.Total = &total
	}
	return cut, nil
}

// listSort names the one order of the list in its cursors.
const listSort = "newest"

// query validates what is asked for. Errors: an invalid field, page.ErrCursor.
func query(in email.ListEmailsInput) (Query, error) {
	check := findings{prefix: "query."}
	if !slices.Contains([]email.Status{"", email.StatusQueued, email.StatusSent, email.StatusDead}, in.Status) {
		check.add("status", "must be queued, sent or dead")
	}
	if in.To != "" && !isAddress(in.To) {
		check.add("to", "must be one e-mail address")
	}
	if in.Reference != "" {
		var invoice id.Invoice
		if invoice.UnmarshalText([]byte(in.Reference)) != nil {
			check.add("reference", "must be an invoice's identifier")
		}
	}
	if err := check.err(); err != nil {
		return Query{}, err
	}
	q := Query{Status: in.Status, Recipient: recipientKey(in.To), Reference: in.Reference, Limit: in.Page.Size() + 1}
	if in.Page.Cursor == "" {
		return q, nil
	}
	c, err := page.Decode(in.Page.Cursor, listSort)
	if err != nil {
		return q, err
	}
	micros, err := strconv.ParseInt(c.Key, 10, 64)
	var last id.Email
	if err != nil || last.UnmarshalText([]byte(c.ID)) != nil {
		return q, page.ErrCursor
	}
	at := time.UnixMicro(micros).UTC()
	// Beyond what the databases keep as a time.
	if at.Year() < 1 || at.Year() > 9999 {
		return q, page.ErrCursor
	}
	q.After = &Place{At: at, ID: last}
	return q, nil
}

// Retry implements email.Service.
func (s *Service) Retry(ctx context.Context, in email.RetryInput) (email.Email, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return email.Email{}, err
	}
	done, err := s.Store.Requeue(ctx, in.ID, s.clock())
	if err != nil {
		return email.Email{}, err
	}
	mail, err := s.Store.Find(ctx, in.ID)
	if err != nil {
		return email.Email{}, err
	}
	if !done {
		return email.Email{}, email.ErrNotDead
	}
	s.Queued.Ring()
	return mail.Email, nil
}
