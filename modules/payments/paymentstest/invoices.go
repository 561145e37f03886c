package paymentstest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
	"shop/platform/page"
)

func createReadsBack(t *testing.T, s *suite) {
	in := mugs(s.user)
	created, err := s.Service.CreateInvoice(admin(t), in)
	require.NoError(t, err)
	zero, year := money.Of(0, "EUR"), s.Clock.Now().Format("2006")
	require.Empty(t, cmp.Diff(payments.Invoice{
		ID: created.ID, Number: year + "-000001", Series: year, UserID: s.user,
		Buyer:    payments.Buyer{Name: "Grace Hopper", Email: "grace@example.com"},
		Currency: "EUR", Status: payments.StatusOpen, Subtotal: money.Of(2990, "EUR"), Discount: zero, Shipping: zero,
		Tax: payments.Tax{Amount: zero}, Total: money.Of(2990, "EUR"), Refunded: zero, OpenedAt: s.Clock.Now(),
		Lines: []payments.Line{
			{
				ID: created.Lines[0].ID, Kind: payments.KindProduct, ProductID: in.Lines[0].ProductID, Description: "Blue mug", Quantity: 2,
				UnitPrice: money.Of(1250, "EUR"), LineTotal: money.Of(2500, "EUR"),
			},
			{
				ID: created.Lines[1].ID, Kind: payments.KindOther, Description: "Shipping", Quantity: 1,
				UnitPrice: money.Of(490, "EUR"), LineTotal: money.Of(490, "EUR"),
			},
		},
		Version: 1, CreatedAt: s.Clock.Now(), UpdatedAt: s.Clock.Now(),
	}, created))
	require.Empty(t, cmp.Diff(created, s.invoice(t, created.ID)))
}

func createInvalid(t *testing.T, s *suite) {
	for location, spoil := range map[string]func(*payments.CreateInvoiceInput){
		"body.user_id":                      func(in *payments.CreateInvoiceInput) { in.UserID = id.User{} },
		"body.currency":                     func(in *payments.CreateInvoiceInput) { in.Currency = "EURO" },
		"body.lines":                        func(in *payments.CreateInvoiceInput) { in.Lines = nil },
		"body.lines[0].quantity":            func(in *payments.CreateInvoiceInput) { in.Lines[0].Quantity = 0 },
		"body.lines[1].quantity":            func(in *payments.CreateInvoiceInput) { in.Lines[1].Quantity = payments.MaxQuantity + 1 },
		"body.lines[0].unit_price.amount":   func(in *payments.CreateInvoiceInput) { in.Lines[0].UnitPrice.Minor = -1 },
		"body.lines[1].unit_price.amount":   func(in *payments.CreateInvoiceInput) { in.Lines[1].UnitPrice.Minor = money.MaxPrice + 1 },
		"body.lines[1].unit_price.currency": func(in *payments.CreateInvoiceInput) { in.Lines[1].UnitPrice.Currency = "USD" },
		"body.lines[0].description":         func(in *payments.CreateInvoiceInput) { in.Lines[0].Description = " " },
		"body.lines[1].description":         func(in *payments.CreateInvoiceInput) { in.Lines[1].Description = strings.Repeat("x", 501) },
	} {
		in := mugs(s.user)
		spoil(&in)
		_, err := s.Service.CreateInvoice(service(t), in)
		requireField(t, err, location)
	}

	many := mugs(s.user)
	many.Lines = slices.Repeat(many.Lines[:1], payments.MaxLines+1)
	_, err := s.Service.CreateInvoice(service(t), many)
	requireField(t, err, "body.lines")

	dear := mugs(s.user)
	dear.Lines = slices.Repeat([]payments.LineInput{
		{Description: "Gold", Quantity: payments.MaxQuantity, UnitPrice: money.Of(money.MaxPrice, "EUR")},
	}, 10)
	_, err = s.Service.CreateInvoice(service(t), dear)
	requireField(t, err, "body.lines")

	list, err := s.Service.ListInvoices(as(t, s.user), payments.ListInvoicesInput{UserID: s.user})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

func createNamesAll(t *testing.T, s *suite) {
	in := mugs(s.user)
	in.Currency = "xx"
	in.Lines[0].Quantity = -1
	_, err := s.Service.CreateInvoice(service(t), in)
	requireField(t, err, "body.currency")
	requireField(t, err, "body.lines[0].quantity")
}

func createUnknownUser(t *testing.T, s *suite) {
	_, err := s.Service.CreateInvoice(service(t), mugs(id.NewUser()))
	requireField(t, err, "body.user_id")
}

func createPrivileged(t *testing.T, s *suite) {
	_, err := s.Service.CreateInvoice(as(t, s.user), mugs(s.user))
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = s.Service.CreateInvoice(t.Context(), mugs(s.user))
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
}

func createRepeated(t *testing.T, s *suite) {
	in := mugs(s.user)
	in.Key = idempotency.NewKey("checkout-1")
	first, err := s.Service.CreateInvoice(service(t), in)
	require.NoError(t, err)
	require.False(t, in.Key.Replayed())

	in.Key = idempotency.NewKey("checkout-1")
	second, err := s.Service.CreateInvoice(service(t), in)
	require.NoError(t, err)
	require.True(t, in.Key.Replayed())
	require.Empty(t, cmp.Diff(first, second))

	in.Key = idempotency.NewKey("checkout-1")
	in.Lines = in.Lines[:1]
	_, err = s.Service.CreateInvoice(service(t), in)
	require.ErrorIs(t, err, idempotency.ErrMismatch)
	require.Len(t, s.Events(t), 1)
}

func createPublishes(t *testing.T, s *suite) {
	v := s.create(t)
	events := s.Events(t)
	require.Len(t, events, 1)
	require.Equal(t, payments.EventInvoiceCreated, events[0].Name)
	require.JSONEq(t, `{"invoice_id":"`+v.ID.String()+`","user_id":"`+s.user.String()+`",
		"total":{"amount":2990,"currency":"EUR"},"number":"`+v.Number+`"}`, string(events[0].Payload))
}

func invoiceNotFound(t *testing.T, s *suite) {
	_, err := s.Service.Invoice(admin(t), payments.InvoiceInput{ID: id.NewInvoice()})
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)
	_, err = s.Service.Invoice(as(t, id.NewUser()), payments.InvoiceInput{ID: s.create(t).ID})
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)
}

func invoiceWhoeverMay(t *testing.T, s *suite) {
	v := s.create(t)
	for _, ctx := range []context.Context{as(t, s.user), admin(t), service(t)} {
		read, err := s.Service.Invoice(ctx, payments.InvoiceInput{ID: v.ID})
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(v, read))
	}
	_, err := s.Service.Invoice(t.Context(), payments.InvoiceInput{ID: v.ID})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
}

func invoiceOwned(t *testing.T, s *suite) {
	v := s.create(t)
	v.Lines[0].Description = "scribbled over"
	require.Equal(t, "Blue mug", s.invoice(t, v.ID).Lines[0].Description)
}

func listPages(t *testing.T, s *suite) {
	var want []id.Invoice
	for range 5 {
		v := s.create(t)
		want = append([]id.Invoice{v.ID}, want...)
		s.Clock.Advance(time.Second)
	}
	var got []id.Invoice
	request := page.Request{Limit: 2, CountExact: true}
	for {
		p, err := s.Service.ListInvoices(as(t, s.user), payments.ListInvoicesInput{UserID: s.user, Page: request})
		require.NoError(t, err)
		if request.CountExact {
			require.EqualValues(t, 5, *p.Total)
		} else {
			require.Nil(t, p.Total)
		}
		for _, v := range p.Items {
			require.Empty(t, v.Lines)
			require.Equal(t, money.Of(2990, "EUR"), v.Total)
			got = append(got, v.ID)
		}
		if p.Next == "" {
			break
		}
		s.create(t) // what arrives meanwhile shifts nothing
		request = page.Request{Limit: 2, Cursor: p.Next}
	}
	require.Equal(t, want, got)
}

func listOnlyOwn(t *testing.T, s *suite) {
	s.create(t)
	other := s.Users.Add()
	list, err := s.Service.ListInvoices(as(t, other), payments.ListInvoicesInput{UserID: other})
	require.NoError(t, err)
	require.Empty(t, list.Items)
	_, err = s.Service.ListInvoices(as(t, other), payments.ListInvoicesInput{UserID: s.user})
	require.ErrorIs(t, err, identity.ErrForbidden)
	_, err = s.Service.ListInvoices(t.Context(), payments.ListInvoicesInput{UserID: s.user})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	list, err = s.Service.ListInvoices(admin(t), payments.ListInvoicesInput{UserID: s.user})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
}

func listCursor(t *testing.T, s *suite) {
	for _, cursor := range []string{
		"no cursor",
		page.Cursor{Sort: "price", ID: id.NewInvoice().String()}.Encode(),
		page.Cursor{Sort: "newest", ID: id.NewUser().String()}.Encode(),
	} {
		_, err := s.Service.ListInvoices(as(t, s.user), payments.ListInvoicesInput{UserID: s.user, Page: page.Request{Cursor: cursor}})
		require.ErrorIs(t, err, page.ErrCursor)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
}
