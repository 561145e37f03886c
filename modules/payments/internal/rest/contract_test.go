package rest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/modules/payments/internal/rest"
	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/module/moduletest"
	"shop/platform/money"
	"shop/platform/page"
	"shop/platform/remote"
)

// stub is a payments module that plays a script.
type stub struct{ script *moduletest.Script }

func (s stub) CreateInvoice(_ context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	return moduletest.Play[payments.Invoice](s.script, in)
}

func (s stub) Invoice(_ context.Context, in payments.InvoiceInput) (payments.Invoice, error) {
	return moduletest.Play[payments.Invoice](s.script, in)
}

func (s stub) ListInvoices(_ context.Context, in payments.ListInvoicesInput) (page.Page[payments.Invoice], error) {
	return moduletest.Play[page.Page[payments.Invoice]](s.script, in)
}

func (s stub) Pay(_ context.Context, in payments.PayInput) (payments.Invoice, error) {
	return moduletest.Play[payments.Invoice](s.script, in)
}

func (s stub) Webhook(_ context.Context, in payments.WebhookInput) error {
	_, err := moduletest.Play[struct{}](s.script, in)
	return err
}

func (s stub) OpenInvoice(_ context.Context, in payments.OpenInvoiceInput) (payments.Invoice, error) {
	return moduletest.Play[payments.Invoice](s.script, in)
}

func (s stub) Void(_ context.Context, in payments.VoidInput) (payments.Invoice, error) {
	return moduletest.Play[payments.Invoice](s.script, in)
}

func (s stub) WriteOff(_ context.Context, in payments.WriteOffInput) (payments.Invoice, error) {
	return moduletest.Play[payments.Invoice](s.script, in)
}

func (s stub) Refund(_ context.Context, in payments.RefundInput) (payments.CreditNote, error) {
	return moduletest.Play[payments.CreditNote](s.script, in)
}

func (s stub) CreditNotes(_ context.Context, in payments.CreditNotesInput) ([]payments.CreditNote, error) {
	return moduletest.Play[[]payments.CreditNote](s.script, in)
}

func (s stub) Verify(_ context.Context, in audit.Input) (audit.Report, error) {
	return moduletest.Play[audit.Report](s.script, in)
}

func (s stub) Document(_ context.Context, in payments.DocumentInput) (payments.Document, error) {
	return moduletest.Play[payments.Document](s.script, in)
}

func TestContract(t *testing.T) {
	t.Parallel()
	var (
		user    id.User
		product id.Product
		line    id.InvoiceLine
		invoice id.Invoice
		note    id.CreditNote
		order   id.Order
	)
	require.NoError(t, note.UnmarshalText([]byte("crn_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, order.UnmarshalText([]byte("ord_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, user.UnmarshalText([]byte("user_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, product.UnmarshalText([]byte("prod_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, line.UnmarshalText([]byte("line_01h455vb4pex5vsknk084sn02q")))
	require.NoError(t, invoice.UnmarshalText([]byte("inv_01h455vb4pex5vsknk084sn02q")))
	at, total := time.Date(2026, 11, 2, 9, 30, 0, 123456000, time.UTC), int64(41)
	open := payments.Invoice{
		ID: invoice, UserID: user, Currency: "EUR", Status: payments.StatusOpen, Total: money.Of(2990, "EUR"),
		Subtotal: money.Of(2990, "EUR"), Discount: money.Of(0, "EUR"), Shipping: money.Of(0, "EUR"), Refunded: money.Of(0, "EUR"),
		Tax: payments.Tax{Amount: money.Of(0, "EUR")},
		Lines: []payments.Line{
			{ID: line, Kind: payments.KindProduct, ProductID: product, Description: "Mug", Quantity: 2, UnitPrice: money.Of(1250, "EUR"), LineTotal: money.Of(2500, "EUR")},
			{ID: line, Kind: payments.KindOther, Description: "Shipping", Quantity: 1, UnitPrice: money.Of(490, "EUR"), LineTotal: money.Of(490, "EUR")},
		},
		Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	paid := open
	paid.Status, paid.PaidAt, paid.Version, paid.UpdatedAt = payments.StatusPaid, at.Add(time.Minute), 3, at.Add(time.Minute)
	listed := paid
	listed.Lines = nil
	home := payments.Address{
		Name: "Grace", Line1: "1 Main Street", Line2: "Back", PostalCode: "12345", City: "Springfield", Region: "Illinois", Country: "US",
	}
	full := paid
	full.Number, full.Series, full.Reference, full.ShipTo = "2026-000001", "2026", "chk_1", home
	full.Buyer = payments.Buyer{Name: "Grace", Email: "grace@example.com", Address: home}
	full.Tax = payments.Tax{Rate: "19", Included: true, Amount: money.Of(477, "EUR")}
	full.Discount, full.Shipping, full.Subtotal = money.Of(200, "EUR"), money.Of(490, "EUR"), money.Of(2700, "EUR")
	full.Refunded, full.PayUntil, full.OpenedAt, full.VoidedAt = money.Of(100, "EUR"), at.Add(time.Hour), at, at
	full.Lines = []payments.Line{{
		ID: line, Kind: payments.KindDiscount, Description: "Spring", Quantity: 1,
		UnitPrice: money.Of(-200, "EUR"), LineTotal: money.Of(-200, "EUR"),
	}}
	credited := payments.CreditNote{
		ID: note, Number: "CN2026-000001", Series: "CN2026", InvoiceID: invoice, Amount: money.Of(100, "EUR"), Reason: "Broken",
		OrderID: order, State: payments.RefundSucceeded, CreatedAt: at, UpdatedAt: at.Add(time.Second),
	}
	back := money.Of(100, "EUR")
	keyed := func(key string) payments.CreateInvoiceInput {
		return payments.CreateInvoiceInput{
			Key: idempotency.NewKey(key), UserID: user, Currency: "EUR",
			Lines: []payments.LineInput{
				{ProductID: product, Description: "Mug", Quantity: 2, UnitPrice: money.Of(1250, "EUR")},
				{Description: "Shipping", Quantity: 1, UnitPrice: money.Of(490, "EUR")},
			},
		}
	}
	pay := func(key string) func(context.Context, payments.Service) (any, error) {
		return func(ctx context.Context, s payments.Service) (any, error) {
			return s.Pay(ctx, payments.PayInput{Key: idempotency.NewKey(key), ID: invoice, PaymentMethod: "pm_ok"})
		}
	}

	webhook := func(ctx context.Context, s payments.Service) (any, error) {
		return struct{}{}, s.Webhook(ctx, payments.WebhookInput{Provider: "stripe", Body: []byte("{ \"id\":1}\n"), Signature: "t=1,v1=00"})
	}

	type S = payments.Service
	answers, fails := moduletest.Answers[S], moduletest.Fails[S]
	moduletest.CheckContract(t, moduletest.Contract[S]{
		Module: "payments", Versions: payments.Contract, Register: rest.Register,
		Client: func(r *remote.Client) S { return rest.NewClient(r) },
		Stub:   func(s *moduletest.Script) S { return stub{s} },
		Exchanges: []moduletest.Exchange[S]{
			answers("CreateInvoice", open, func(ctx context.Context, s S) (any, error) {
				return s.CreateInvoice(ctx, keyed("key-1"))
			}),
			fails("CreateInvoice-noUser", fault.InvalidField("body.user_id", "is no user"), func(ctx context.Context, s S) (any, error) {
				return s.CreateInvoice(ctx, keyed("key-2"))
			}),
			answers("Invoice", open, func(ctx context.Context, s S) (any, error) {
				return s.Invoice(ctx, payments.InvoiceInput{ID: invoice})
			}),
			answers("Invoice-paid", paid, func(ctx context.Context, s S) (any, error) {
				return s.Invoice(ctx, payments.InvoiceInput{ID: invoice})
			}),
			fails("Invoice-unknown", payments.ErrInvoiceNotFound, func(ctx context.Context, s S) (any, error) {
				return s.Invoice(ctx, payments.InvoiceInput{ID: invoice})
			}),
			answers("ListInvoices", page.Page[payments.Invoice]{Items: []payments.Invoice{listed}, Next: "bW9yZQ", Total: &total}, func(ctx context.Context, s S) (any, error) {
				return s.ListInvoices(ctx, payments.ListInvoicesInput{UserID: user, Page: page.Request{Limit: 7, Cursor: "bmV4dA", CountExact: true}})
			}),
			fails("ListInvoices-cursor", page.ErrCursor, func(ctx context.Context, s S) (any, error) {
				return s.ListInvoices(ctx, payments.ListInvoicesInput{UserID: user, Page: page.Request{Limit: 20, Cursor: "x"}})
			}),
			answers("CreateInvoice-full", full, func(ctx context.Context, s S) (any, error) {
				return s.CreateInvoice(ctx, payments.CreateInvoiceInput{
					Key: idempotency.NewKey("key-7"), UserID: user, Currency: "EUR", Reference: "chk_1", Buyer: &full.Buyer, ShipTo: home,
					Tax: &full.Tax, PayUntil: at, Draft: true, Lines: []payments.LineInput{
						{Kind: payments.KindDiscount, Description: "Spring", Quantity: 1, UnitPrice: money.Of(-200, "EUR")},
					},
				})
			}),
			answers("ListInvoices-all", page.Page[payments.Invoice]{Items: []payments.Invoice{listed}}, func(ctx context.Context, s S) (any, error) {
				return s.ListInvoices(ctx, payments.ListInvoicesInput{Status: payments.StatusPaid, Since: at, Page: page.Request{Limit: 20}})
			}),
			answers("OpenInvoice", open, func(ctx context.Context, s S) (any, error) {
				return s.OpenInvoice(ctx, payments.OpenInvoiceInput{Key: idempotency.NewKey("key-8"), ID: invoice})
			}),
			answers("Void", full, func(ctx context.Context, s S) (any, error) {
				return s.Void(ctx, payments.VoidInput{Key: idempotency.NewKey("key-9"), ID: invoice})
			}),
			answers("WriteOff", full, func(ctx context.Context, s S) (any, error) {
				return s.WriteOff(ctx, payments.WriteOffInput{Key: idempotency.NewKey("key-10"), ID: invoice})
			}),
			answers("Refund", credited, func(ctx context.Context, s S) (any, error) {
				return s.Refund(ctx, payments.RefundInput{
					Key: idempotency.NewKey("key-11"), ID: invoice, Amount: &back, Reason: "Broken", OrderID: order,
				})
			}),
			fails("Refund-tooMuch", payments.CheckRefund(back, money.Of(99, "EUR")), func(ctx context.Context, s S) (any, error) {
				return s.Refund(ctx, payments.RefundInput{Key: idempotency.NewKey("key-12"), ID: invoice})
			}),
			answers("CreditNotes", []payments.CreditNote{credited}, func(ctx context.Context, s S) (any, error) {
				return s.CreditNotes(ctx, payments.CreditNotesInput{InvoiceID: invoice})
			}),
			answers("Verify", audit.Report{
				Checked:  map[string]int64{"payments.ledger": 3},
				Findings: []audit.Finding{{Check: "payments.ledger", Subject: invoice.String(), Want: "0 and 1", Got: "1 and 0"}},
			}, func(ctx context.Context, s S) (any, error) {
				return s.Verify(ctx, audit.Input{Repair: true, MinAge: time.Minute})
			}),
			answers("Document", payments.Document{Name: "invoice-1.pdf", ContentType: "application/pdf", Body: []byte("%PDF")}, func(ctx context.Context, s S) (any, error) {
				return s.Document(ctx, payments.DocumentInput{Invoice: invoice, Format: payments.FormatPDF})
			}),
			answers("Document-creditNote", payments.Document{Name: "credit-note-1.html", ContentType: "text/html", Body: []byte("<p>")}, func(ctx context.Context, s S) (any, error) {
				return s.Document(ctx, payments.DocumentInput{CreditNote: note, Format: payments.FormatHTML})
			}),
			answers("Pay", paid, pay("key-3")),
			fails("Pay-declined", payments.ErrDeclined, pay("key-4")),
			fails("Pay-unknown", payments.ErrOutcomeUnknown, pay("key-5")),
			fails("Pay-unreachable", payments.ErrProviderUnavailable, pay("key-6")),
			answers("Webhook", struct{}{}, webhook),
			fails("Webhook-signature", payments.ErrWebhookSignature, webhook),
			fails("Webhook-notConfigured", payments.ErrNoWebhooks, webhook),
		},
	})
}
