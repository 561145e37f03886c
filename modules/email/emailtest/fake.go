package emailtest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/modules/email/internal/letter"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
)

// FakeOptions are what a Fake is made of. The zero value works: nobody is a
// user.
type FakeOptions struct {
	Users    users.Service
	Payments payments.Service
	Now      func() time.Time
	// PublicURL is what links in messages begin with.
	PublicURL string
}

// Fake is the e-mail module in memory. Nothing is sent before Deliver is
// called.
type Fake struct {
	email.Service

	courier *app.Courier
	outside *outside
	store   *memory
}

// NewFake makes a Fake.
func NewFake(o FakeOptions) (*Fake, error) {
	if o.Users == nil {
		o.Users = NewUsers()
	}
	if o.Payments == nil {
		o.Payments = NewPayments()
	}
	if o.PublicURL == "" {
		o.PublicURL = "http://localhost:8080"
	}
	writer, err := letter.NewWriter("Shop", o.PublicURL)
	if err != nil {
		return nil, err
	}
	store, bell, logger := newMemory(o.Now), app.NewBell(), slog.New(slog.DiscardHandler)
	service, err := app.New(app.Deps{
		Store: store, Once: store, Users: o.Users, Payments: o.Payments, Writer: writer,
		Queued: bell, Logger: logger, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	f := &Fake{Service: service, outside: &outside{refused: map[string]string{}}, store: store}
	f.courier, err = app.NewCourier(app.CourierDeps{
		Queue: store, Mailer: f.outside, Users: o.Users, Queued: bell, Logger: logger, Now: o.Now,
	})
	return f, err
}

// Deliver tries to send everything that is due.
func (f *Fake) Deliver(ctx context.Context) error {
	for {
		pause, err := f.courier.Round(ctx)
		if err != nil || pause > 0 {
			return err
		}
	}
}

// Events lists what was published, oldest first.
func (f *Fake) Events() []event.Event { return f.store.published() }

// Handled reports whether an event is recorded as handled.
func (f *Fake) Handled(e event.Envelope) bool {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return f.store.handled[e.ID]
}

// Delivered are the messages that were taken so far.
func (f *Fake) Delivered() []Delivery { return f.outside.delivered() }

// Refuse makes the imaginary mail server answer every message to an address
// with a line such as "450 4.2.1 busy"; an empty line ends that.
func (f *Fake) Refuse(address, answer string) { f.outside.refuse(address, answer) }

// Delivery is a message that a mail server took.
type Delivery struct {
	// MessageID is the same for every try of one e-mail.
	MessageID string
	// To is the recipient of the envelope.
	To string
	// Subject, Text and HTML are the decoded message.
	Subject, Text, HTML string
}

// outside is a mail server that exists in memory only.
type outside struct {
	mu      sync.Mutex
	taken   []Delivery
	refused map[string]string
}

var _ app.Mailer = (*outside)(nil)

// Send implements app.Mailer.
func (o *outside) Send(_ context.Context, m app.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	answer := o.refused[m.To]
	switch {
	case strings.HasPrefix(answer, "5"):
		return fmt.Errorf("%w: %s", app.ErrRejected, answer)
	case answer != "":
		return fmt.Errorf("not now: %s", answer)
	}
	o.taken = append(o.taken, Delivery{MessageID: m.ID, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
	return nil
}

// Rest implements app.Mailer.
func (o *outside) Rest() {}

func (o *outside) delivered() []Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.taken)
}

func (o *outside) refuse(address, answer string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refused[address] = answer
}
