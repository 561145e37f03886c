package app

import (
	"context"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// anonymizeBatch is how many entries one statement changes, so that on SQLite
// the writer is free in between and on PostgreSQL no transaction is long.
const anonymizeBatch = 1000

// Receive implements stats.Service.
func (s *Service) Receive(ctx context.Context, e event.Envelope) error {
	if err := identity.RequireService(ctx); err != nil {
		return err
	}
	if e.Name != users.EventRemoved {
		return fault.InvalidField("body.name", "is no event that statistics act on")
	}
	removed, err := event.Decode[users.Removed](e)
	if err != nil || removed.UserID.IsZero() {
		return fault.InvalidField("body.payload", "must name the removed user").WithCause(err)
	}
	return s.forget(ctx, removed.UserID)
}

// forget removes what is personal. It needs no inbox, since the second time
// there is nothing left to remove, and each batch commits by itself, since a
// part that is gone need not come back when a later one fails.
func (s *Service) forget(ctx context.Context, user id.User) error {
	for {
		n, err := s.store.Anonymize(ctx, user, anonymizeBatch)
		if err != nil {
			return err
		}
		if n < anonymizeBatch {
			return s.once.Forget(ctx, identity.Actor{User: user}.String())
		}
	}
}
