// Package app is what statistics do, whoever asks and wherever they are stored.
package app

import (
	"errors"
	"time"

	"shop/modules/stats"
	"shop/platform/database"
)

// Deps are what the use cases need. Now may be nil: the clock.
type Deps struct {
	Store Store
	// Once answers repeated requests from their record.
	Once Once
	Now  func() time.Time
}

// Service implements stats.Service.
type Service struct {
	store Store
	once  Once
	now   func() time.Time
}

var _ stats.Service = (*Service)(nil)

// New makes the use cases.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Once == nil {
		return nil, errors.New("stats: a store and idempotency records are needed")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{store: d.Store, once: d.Once, now: d.Now}, nil
}

// clock is the time as it is stored.
func (s *Service) clock() time.Time { return database.Timestamp(s.now()) }
