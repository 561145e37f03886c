// Package app is what the catalog does, whoever asks and wherever it is stored.
package app

import (
	"errors"
	"log/slog"
	"time"

	"shop/modules/catalog"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/idempotency/sqlstore"
)

// Deps are what the use cases need. Now may be nil: the clock.
type Deps struct {
	Store Store
	// Idempotency answers repeated requests from their record, in the
	// transactions of Store.
	Idempotency *sqlstore.Store
	// Outbox takes the events, in the transactions of Store.
	Outbox *outbox.Outbox
	Logger *slog.Logger
	Now    func() time.Time
}

// Service implements catalog.Service.
type Service struct {
	store       Store
	idempotency *sqlstore.Store
	outbox      *outbox.Outbox
	logger      *slog.Logger
	now         func() time.Time
	cache       *cache
	queue       *queue
}

var _ catalog.Service = (*Service)(nil)

// New makes the use cases.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Idempotency == nil || d.Outbox == nil || d.Logger == nil {
		return nil, errors.New("catalog: a store, idempotency records, an outbox and a logger are needed")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	c, err := newCache(d.Store)
	if err != nil {
		return nil, err
	}
	s := &Service{
		store: d.Store, idempotency: d.Idempotency, outbox: d.Outbox, logger: d.Logger, now: d.Now, cache: c,
	}
	s.queue = newQueue(s.take)
	return s, nil
}

// clock is the time as it is stored.
func (s *Service) clock() time.Time { return database.Timestamp(s.now()) }
