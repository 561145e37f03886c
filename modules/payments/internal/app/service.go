// Package app is what the payments module does, whoever asks and wherever it
// is stored.
package app

import (
	"errors"
	"log/slog"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/provider"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/idempotency/sqlstore"
)

// Deps are what the use cases need. Everything but Settings and Now is needed.
type Deps struct {
	Store Store
	// Idempotency answers repeated requests from their record, in the
	// transactions of Store.
	Idempotency *sqlstore.Store
	// Outbox publishes, in the transactions of Store.
	Outbox   *outbox.Outbox
	Provider provider.Provider
	Users    users.Service
	Writer   Writer
	Logger   *slog.Logger
	Settings Settings
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Settings tune the module. The zero value of each is its default.
type Settings struct {
	// InvoiceSeries and CreditNoteSeries are what numbers begin with; the year of
	// the document, and CN with it.
	InvoiceSeries, CreditNoteSeries string
	// Seller is who sells, as documents say it: name, address and tax number, a
	// line each.
	Seller string
	// VoidEvery is how often it is looked for invoices that were to be paid by now;
	// 5 s.
	VoidEvery time.Duration
	// ProviderTimeout is how long the provider may take to answer, repeats
	// included; 10 s.
	ProviderTimeout time.Duration
	// RetryPause is the first pause before the provider is asked again when it
	// was not reached; it doubles. 50 ms.
	RetryPause time.Duration
	// ResolveEvery is how often it is looked for payments without an outcome; 1 s.
	ResolveEvery time.Duration
}

const (
	defaultProviderTimeout = 10 * time.Second
	defaultRetryPause      = 50 * time.Millisecond
	defaultResolveEvery    = time.Second
	defaultVoidEvery       = 5 * time.Second
)

// Service implements payments.Service.
type Service struct {
	store       Store
	idempotency *sqlstore.Store
	outbox      *outbox.Outbox
	provider    provider.Provider
	users       users.Service
	writer      Writer
	logger      *slog.Logger
	settings    Settings
	now         func() time.Time
	// arrived wakes whoever handles webhooks.
	arrived chan struct{}
}

var _ payments.Service = (*Service)(nil)

// New makes the use cases.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Idempotency == nil || d.Outbox == nil || d.Provider == nil || d.Users == nil || d.Writer == nil || d.Logger == nil {
		return nil, errors.New("payments: a store, idempotency records, an outbox, a provider, users, a writer of documents and a logger are needed")
	}
	if d.Settings.ProviderTimeout < 0 || d.Settings.RetryPause < 0 || d.Settings.ResolveEvery < 0 || d.Settings.VoidEvery < 0 {
		return nil, errors.New("payments: the times in the settings must not be negative")
	}
	if d.Settings.InvoiceSeries != "" && d.Settings.InvoiceSeries == d.Settings.CreditNoteSeries {
		return nil, errors.New("payments: invoices and credit notes need series of their own")
	}
	if d.Settings.ProviderTimeout == 0 {
		d.Settings.ProviderTimeout = defaultProviderTimeout
	}
	if d.Settings.RetryPause == 0 {
		d.Settings.RetryPause = defaultRetryPause
	}
	if d.Settings.ResolveEvery == 0 {
		d.Settings.ResolveEvery = defaultResolveEvery
	}
	if d.Settings.VoidEvery == 0 {
		d.Settings.VoidEvery = defaultVoidEvery
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{
		store: d.Store, idempotency: d.Idempotency, outbox: d.Outbox, provider: d.Provider, users: d.Users, writer: d.Writer,
		logger: d.Logger, settings: d.Settings, now: d.Now, arrived: make(chan struct{}, 1),
	}, nil
}

// clock is the time as it is stored.
func (s *Service) clock() time.Time { return database.Timestamp(s.now()) }

// invoiceSeries and creditNoteSeries are where a document of that time gets its
// number.
func (s *Service) invoiceSeries(at time.Time) string {
	if s.settings.InvoiceSeries != "" {
		return s.settings.InvoiceSeries
	}
	return at.Format("2006")
}

func (s *Service) creditNoteSeries(at time.Time) string {
	if s.settings.CreditNoteSeries != "" {
		return s.settings.CreditNoteSeries
	}
	return "CN" + at.Format("2006")
}
