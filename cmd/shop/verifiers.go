package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/event/outbox"
	"shop/platform/id"
	"shop/platform/module"
)

// auditor is what can be asked whether it agrees with itself.
type auditor interface {
	Verify(ctx context.Context, in audit.Input) (audit.Report, error)
}

// services are the faces of all modules by name.
type services map[string]auditor

func newServices(b built) services {
	return services{
		"users": usersAuditor{b.Users.Service}, "email": b.Email.Service, "catalog": b.Catalog.Service,
		"cart": b.Cart.Service, "payments": b.Payments.Service, "stats": b.Stats.Service,
	}
}

// usersAuditor asks users, whose own Verify is about an address.
type usersAuditor struct{ service users.Service }

// Verify implements auditor.
func (a usersAuditor) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return a.service.Audit(ctx, in) //nolint:wrapcheck // the caller says who was asked
}

// verifiersOf are all that can be asked, the modules first. One that is nowhere
// has no verify.
func verifiersOf(app *App) []verifier {
	var all []verifier
	for _, m := range app.Modules {
		v := verifier{name: m.Name}
		if m.Control.Hosted() || m.Control.Reachable() {
			v.verify = app.Services[m.Name].Verify
		}
		all = append(all, v)
	}
	return append(all, verifier{"events", eventsCheck{app.Modules, time.Now}.verify})
}

// eventsCheck compares what the publishers hosted here have handed over with
// what the subscribers, wherever they are, have handled.
type eventsCheck struct {
	modules []module.Module
	now     func() time.Time
}

// checkHandled is the name of the check.
const checkHandled = "events.handled"

func (c eventsCheck) verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	var report audit.Report
	report.Looked(checkHandled, 0)
	for _, publisher := range c.modules {
		if publisher.Outbox == nil {
			continue
		}
		for _, m := range c.modules {
			for _, s := range m.Subscribers {
				s.Events = eventsOf(publisher.Name, s.Events)
				if len(s.Events) == 0 || !m.Control.Hosted() && !m.Control.Reachable() {
					continue
				}
				if err := c.compare(ctx, in, publisher.Outbox, m, s, &report); err != nil {
					return report, fmt.Errorf("events of %s for %s: %w", publisher.Name, s.Name, err)
				}
			}
		}
	}
	return report, nil
}

// compare looks at one publisher and one of its subscribers.
func (c eventsCheck) compare(
	ctx context.Context, in audit.Input, from *outbox.Outbox, m module.Module, s event.Subscriber, report *audit.Report,
) error {
	query := outbox.PassedQuery{Subscriber: s.Name, Events: s.Events, Before: c.now().Add(-in.MinAge)}
	for {
		passed, err := from.ListPassed(ctx, query)
		if err != nil || len(passed) == 0 {
			return err //nolint:wrapcheck // the caller says what it was about
		}
		query.After = passed[len(passed)-1].Sequence
		events := make([]id.Event, len(passed))
		byID := make(map[id.Event]event.Envelope, len(passed))
		for i, p := range passed {
			events[i], byID[p.Event.ID] = p.Event.ID, p.Event
		}
		missing, err := m.Handled(ctx, events)
		if errors.Is(err, inbox.ErrNone) {
			return nil
		}
		if err != nil {
			return err //nolint:wrapcheck // the caller says what it was about
		}
		report.Looked(checkHandled, int64(len(events)))
		for _, e := range missing {
			report.Found(audit.Finding{
				Check: checkHandled, Subject: e.String(), Want: byID[e].Name + " handled by " + s.Name, Got: "not handled",
				Repaired: in.Repair && s.Handle(ctx, byID[e]) == nil,
			})
		}
	}
}
