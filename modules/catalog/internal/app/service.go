// Package app is what the catalog does, whoever asks and wherever it is stored.
package app

import (
	"errors"
	"log/slog"
	"time"

	"shop/modules/catalog"
	"shop/platform/database"
	"shop/platform/idempotency/sqlstore"
)

// Deps are what the use cases need. Now may be nil: the clock.
type Deps struct {
	Store Store
	// Idempotency answers repeated requests from their record, in the
	// transactions of Store.
	Idempotency *sqlstore.Store
	Logger      *slog.Logger
	Now         func() time.Time
}

// Service implements catalog.Service.
type Service struct {
	store       Store
	idempotency *sqlstore.Store
	logger      *slog.Logger
	now         func() time.Time
	cache       *cache
}

var _ catalog.Service = (*Service)(nil)

// New makes the use cases.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Idempotency == nil || d.Logger == nil {
		return nil, errors.New("catalog: a store, idempotency records and a logger are needed")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	c, err := newCache(d.Store)
	if err != nil {
		return nil, err
	}
	return &Service{store: d.Store, idempotency: d.Idempotency, logger: d.Logger, now: d.Now, cache: c}, nil
}

// clock is the time as it is stored.
func (s *Service) clock() time.Time { return database.Timestamp(s.now()) }
