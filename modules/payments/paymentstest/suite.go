// Package paymentstest says what a payments module must do, once, for every
// implementation of payments.Service, and offers one in memory.
package paymentstest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// Fixture is a payments module under test, and what can be seen of it from
// outside.
type Fixture struct {
	Service payments.Service
	// Resolve does once what the module does in the background.
	Resolve func(ctx context.Context) error
	// Charges is how often the provider has charged for an invoice.
	Charges func(t *testing.T, invoice id.Invoice) int
	// Events are those published so far, in order.
	Events func(t *testing.T) []Published
	// HandleWebhooks does in the background what webhooks ask for, until nothing
	// is left to do.
	HandleWebhooks func(ctx context.Context) error
	// Webhooks is how many are kept. They are signed with WebhookSecret.
	Webhooks func(t *testing.T) int
	// LastPayment is the latest attempt to pay an invoice.
	LastPayment func(t *testing.T, invoice id.Invoice) id.Payment
}

// Published is an event that was published.
type Published struct {
	Name    string
	Payload json.RawMessage
}

// Run runs the suite; newFixture makes an empty module for each test, whose
// provider is the sandbox.
func Run(t *testing.T, newFixture func(t *testing.T, o Outside) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *suite){
		"CreateInvoice/reads back":              createReadsBack,
		"CreateInvoice/invalid fields":          createInvalid,
		"CreateInvoice/names all fields":        createNamesAll,
		"CreateInvoice/unknown user":            createUnknownUser,
		"CreateInvoice/only privileged":         createPrivileged,
		"CreateInvoice/repeat with a key":       createRepeated,
		"CreateInvoice/publishes":               createPublishes,
		"Invoice/ErrInvoiceNotFound":            invoiceNotFound,
		"Invoice/whoever may":                   invoiceWhoeverMay,
		"Invoice/caller owns the value":         invoiceOwned,
		"ListInvoices/pages":                    listPages,
		"ListInvoices/only the user's":          listOnlyOwn,
		"ListInvoices/ErrCursor":                listCursor,
		"Pay/pays":                              payPays,
		"Pay/privileged pay for others":         payPrivileged,
		"Pay/ErrInvoiceNotFound":                payNotFound,
		"Pay/ErrUnknownMethod":                  payUnknownMethod,
		"Pay/invalid fields":                    payInvalid,
		"Pay/ErrAlreadyPaid":                    payAlreadyPaid,
		"Pay/ErrDeclined leaves it open":        payDeclined,
		"Pay/tries again when not reached":      payFlaky,
		"Pay/repeat with a key":                 payRepeated,
		"Pay/repeat of a decline":               payRepeatedDecline,
		"Pay/another input with a key":          payMismatch,
		"Pay/ErrOutcomeUnknown is found out":    payUnknownResolved,
		"Pay/again after ErrOutcomeUnknown":     payUnknownAgain,
		"Pay/repeat after ErrOutcomeUnknown":    payUnknownRepeated,
		"Pay/at once from many charges once":    payContended,
		"Pay/at once with one key charges once": payContendedWithKey,
		"Pay/publishes":                         payPublishes,
		"Webhook/makes the shop ask":            webhookResolves,
		"Webhook/of refunds":                    webhookResolvesRefunds,
		"Webhook/about nothing of the shop's":   webhookOfOthers,
		"Webhook/refused":                       webhookRefused,
		"CreateInvoice/snapshot":                createSnapshot,
		"CreateInvoice/invalid fields of books": createInvalidBooks,
		"CreateInvoice/once for a reference":    createReference,
		"CreateInvoice/numbers without a gap":   numbersWithoutGap,
		"OpenInvoice/opens a draft":             draftOpens,
		"ListInvoices/status and since":         listFilters,
		"Void/voids":                            voids,
		"Void/overdue ones by itself":           voidsOverdue,
		"WriteOff/writes off":                   writesOff,
		"Document/prints":                       documents,
		"Refund/parts and the rest":             refundParts,
		"Refund/refused":                        refundRefused,
		"Refund/once":                           refundOnce,
		"Refund/pending is found out":           refundUnknown,
		"Refund/at once never too much":         refundContended,
		"Refund/at once for an order once":      refundOrderContended,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Outside{Users: &Users{}, Clock: &Clock{}}
			s := &suite{Outside: o, Fixture: newFixture(t, o)}
			s.user = o.Users.Add()
			test(t, s)
			s.verify(t)
		})
	}
}

// verify looks whether the books agree with themselves, whatever a test did.
// What still has no outcome is left out.
func (s *suite) verify(t *testing.T) {
	t.Helper()
	report, err := s.Service.Verify(service(t), audit.Input{MinAge: time.Hour})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

// suite is one test's module and a user of it.
type suite struct {
	Outside
	Fixture
	user id.User
}

func as(t *testing.T, user id.User) context.Context {
	t.Helper()
	return identity.With(t.Context(), identity.Actor{User: user})
}

func admin(t *testing.T) context.Context {
	t.Helper()
	return identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
}

func service(t *testing.T) context.Context {
	t.Helper()
	return identity.With(t.Context(), identity.Actor{Service: "cart"})
}

// mugs is an invoice over 2 × 12.50 and 4.90.
func mugs(user id.User) payments.CreateInvoiceInput {
	return payments.CreateInvoiceInput{
		UserID: user, Currency: "EUR",
		Lines: []payments.LineInput{
			{ProductID: id.NewProduct(), Description: "Blue mug", Quantity: 2, UnitPrice: money.Of(1250, "EUR")},
			{Description: "Shipping", Quantity: 1, UnitPrice: money.Of(490, "EUR")},
		},
	}
}

func (s *suite) create(t *testing.T) payments.Invoice {
	t.Helper()
	v, err := s.Service.CreateInvoice(service(t), mugs(s.user))
	require.NoError(t, err)
	return v
}

// invoice reads an invoice as its user.
func (s *suite) invoice(t *testing.T, invoice id.Invoice) payments.Invoice {
	t.Helper()
	v, err := s.Service.Invoice(as(t, s.user), payments.InvoiceInput{ID: invoice})
	require.NoError(t, err)
	return v
}

// names are the names of the events published so far.
func (s *suite) names(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, e := range s.Events(t) {
		names = append(names, e.Name)
	}
	return names
}

func requireField(t *testing.T, err error, location string) {
	t.Helper()
	require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	for _, field := range fault.From(err).Fields {
		if field.Location == location {
			return
		}
	}
	require.Failf(t, "field not named", "%s in %v", location, err)
}
