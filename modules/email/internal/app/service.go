// Package app is what the e-mail module does: it queues messages, tells what
// became of them, and delivers them.
package app

import (
	"errors"
	"log/slog"
	"time"

	"shop/modules/email"
	"shop/modules/email/internal/letter"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/database"
)

// Deps are what the use cases need. Now may be nil: the clock.
type Deps struct {
	Store Store
	// Once answers repeated requests from their record.
	Once Once
	// Users and Payments tell who the recipient is and what he bought.
	Users    users.Service
	Payments payments.Service
	// Writer writes the messages of the templates.
	Writer *letter.Writer
	Limits Limits
	// Queued is rung when a message is due.
	Queued *Bell
	Logger *slog.Logger
	Now    func() time.Time
}

// Service implements email.Service.
type Service struct{ Deps }

var _ email.Service = (*Service)(nil)

// New makes the use cases.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Once == nil || d.Users == nil || d.Payments == nil || d.Writer == nil || d.Queued == nil || d.Logger == nil {
		return nil, errors.New("email: Store, Once, Users, Payments, Writer, Queued and Logger are needed")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	d.Limits = d.Limits.orDefault()
	return &Service{d}, nil
}

// clock is the time as it is stored.
func (s *Service) clock() time.Time { return database.Timestamp(s.Now()) }

// module is the name under which the module calls others.
const module = "email"

// Bell wakes workers. A ring that nobody waits for is kept for the next who
// does; several of those are one.
type Bell struct{ rung chan struct{} }

// NewBell makes a bell.
func NewBell() *Bell { return &Bell{rung: make(chan struct{}, 1)} }

// Ring wakes one waiting worker. It never blocks.
func (b *Bell) Ring() {
	select {
	case b.rung <- struct{}{}:
	default:
	}
}
