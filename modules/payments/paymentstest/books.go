package paymentstest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

// sale is an invoice with everything: 2 × 12.50 - 2.00 + 4.90, and 19 % of it.
func sale(user id.User) payments.CreateInvoiceInput {
	eur := func(minor int64) money.Amount { return money.Of(minor, "EUR") }
	home := payments.Address{Line1: "Καλλιθέα 1", PostalCode: "17671", City: "Αθήνα", Country: "GR"}
	return payments.CreateInvoiceInput{
		UserID: user, Currency: "EUR", Reference: "chk_1",
		Buyer:  &payments.Buyer{Name: "Ælfgifu Łukasiewicz", Email: "ae@example.com", Address: home},
		ShipTo: payments.Address{Name: "Ольга", Line1: "1 Main Street", City: "Springfield", Country: "US"},
		Lines: []payments.LineInput{
			{ProductID: id.NewProduct(), Description: "Blue mug", Quantity: 2, UnitPrice: eur(1250)},
			{Kind: payments.KindDiscount, Description: "SPRING", Quantity: 1, UnitPrice: eur(-200)},
			{Kind: payments.KindShipping, Description: "Shipping", Quantity: 1, UnitPrice: eur(490)},
		},
		Tax: &payments.Tax{Rate: "19", Amount: eur(530)},
	}
}

func createSnapshot(t *testing.T, s *suite) {
	in := sale(s.user)
	v, err := s.Service.CreateInvoice(service(t), in)
	require.NoError(t, err)
	require.Equal(t, []int64{2500, 200, 490, 530, 3320}, []int64{
		v.Subtotal.Minor, v.Discount.Minor, v.Shipping.Minor, v.Tax.Amount.Minor, v.Total.Minor,
	})
	require.Equal(t, *in.Buyer, v.Buyer)
	require.Equal(t, in.ShipTo, v.ShipTo)
	require.Equal(t, *in.Tax, v.Tax)
	require.Equal(t, payments.KindDiscount, v.Lines[1].Kind)
	require.EqualValues(t, -200, v.Lines[1].LineTotal.Minor)
	require.Empty(t, cmp.Diff(v, s.invoice(t, v.ID)))
	list, err := s.Service.ListInvoices(as(t, s.user), payments.ListInvoicesInput{UserID: s.user})
	require.NoError(t, err)
	v.Lines = nil
	require.Empty(t, cmp.Diff([]payments.Invoice{v}, list.Items))
}

func createInvalidBooks(t *testing.T, s *suite) {
	for location, spoil := range map[string]func(*payments.CreateInvoiceInput){
		"body.reference":                  func(in *payments.CreateInvoiceInput) { in.Reference = "a b" },
		"body.buyer.name":                 func(in *payments.CreateInvoiceInput) { in.Buyer.Name = "a\nb" },
		"body.ship_to.country":            func(in *payments.CreateInvoiceInput) { in.ShipTo.Country = "Greece" },
		"body.tax.rate":                   func(in *payments.CreateInvoiceInput) { in.Tax.Rate = "19,0" },
		"body.tax.amount.amount":          func(in *payments.CreateInvoiceInput) { in.Tax.Amount.Minor = -1 },
		"body.lines[0].kind":              func(in *payments.CreateInvoiceInput) { in.Lines[0].Kind = "gift" },
		"body.lines[1].unit_price.amount": func(in *payments.CreateInvoiceInput) { in.Lines[1].UnitPrice.Minor = 1 },
		"body.lines":                      func(in *payments.CreateInvoiceInput) { in.Lines[1].UnitPrice.Minor = -10_000 },
	} {
		in := sale(s.user)
		spoil(&in)
		_, err := s.Service.CreateInvoice(service(t), in)
		requireField(t, err, location)
	}
}

func createReference(t *testing.T, s *suite) {
	in := sale(s.user)
	in.Key = idempotency.NewKey("one")
	first, err := s.Service.CreateInvoice(service(t), in)
	require.NoError(t, err)
	for _, key := range []*idempotency.Key{nil, idempotency.NewKey("another")} {
		in.Key = key
		again, err := s.Service.CreateInvoice(service(t), in)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(first, again))
	}
	in.Lines = in.Lines[:1]
	_, err = s.Service.CreateInvoice(service(t), in)
	require.ErrorIs(t, err, payments.ErrReferenceTaken)
	require.Len(t, s.Events(t), 1)
	require.Equal(t, first.Series+"-000002", s.create(t).Number)
}

// Of many who open invoices at once, some of whom fail, each gets the next
// number.
func numbersWithoutGap(t *testing.T, s *suite) {
	const clients = 24
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			in := mugs(s.user)
			if i%2 == 0 {
				in.Key = idempotency.NewKey(fmt.Sprint("key-", i))
			}
			if i%4 > 1 {
				in.Reference, in.Lines[0].Quantity = "taken", int64(i+1)
			}
			_, err := s.Service.CreateInvoice(identity.With(t.Context(), identity.Actor{Service: "cart"}), in)
			if err != nil {
				requireOneOf(t, err, payments.ErrReferenceTaken)
			}
		})
	}
	all.Wait()
	list, err := s.Service.ListInvoices(admin(t), payments.ListInvoicesInput{UserID: s.user})
	require.NoError(t, err)
	numbers := map[string]bool{}
	for _, v := range list.Items {
		numbers[v.Number] = true
	}
	require.Len(t, list.Items, clients/2+1)
	for i := range list.Items {
		require.True(t, numbers[fmt.Sprintf("%s-%06d", list.Items[0].Series, i+1)], "%d of %v", i+1, numbers)
	}
}

func draftOpens(t *testing.T, s *suite) {
	in := mugs(s.user)
	in.Draft = true
	draft, err := s.Service.CreateInvoice(admin(t), in)
	require.NoError(t, err)
	require.Equal(t, payments.StatusDraft, draft.Status)
	require.Empty(t, draft.Number)
	require.Empty(t, s.Events(t))
	_, _, err = s.pay(t.Context(), draft.ID, "pm_ok", "")
	require.ErrorIs(t, err, payments.ErrNotPayable)

	first := s.create(t)
	s.Clock.Advance(time.Second)
	opened, err := s.Service.OpenInvoice(admin(t), payments.OpenInvoiceInput{ID: draft.ID})
	require.NoError(t, err)
	require.Equal(t, payments.StatusOpen, opened.Status)
	require.Equal(t, first.Series+"-000002", opened.Number)
	require.Equal(t, s.Clock.Now(), opened.OpenedAt)
	again, err := s.Service.OpenInvoice(admin(t), payments.OpenInvoiceInput{ID: draft.ID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(opened, again))
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventInvoiceCreated}, s.names(t))
	require.Contains(t, string(s.Events(t)[1].Payload), opened.Number)
	_, err = s.Service.OpenInvoice(as(t, s.user), payments.OpenInvoiceInput{ID: draft.ID})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func voids(t *testing.T, s *suite) {
	v := s.create(t)
	s.Clock.Advance(time.Second)
	for range 2 {
		void, err := s.Service.Void(admin(t), payments.VoidInput{ID: v.ID})
		require.NoError(t, err)
		require.Equal(t, payments.StatusVoid, void.Status)
		require.Equal(t, s.Clock.Now(), void.VoidedAt)
		require.Equal(t, v.Number, void.Number)
	}
	_, _, err := s.pay(t.Context(), v.ID, "pm_ok", "")
	require.ErrorIs(t, err, payments.ErrNotPayable)
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventInvoiceVoided}, s.names(t))

	paid := s.paid(t, "pm_ok")
	_, err = s.Service.Void(admin(t), payments.VoidInput{ID: paid.ID})
	require.ErrorIs(t, err, payments.ErrNotVoidable)
	_, err = s.Service.Void(admin(t), payments.VoidInput{ID: s.timeOut(t, "").ID})
	require.ErrorIs(t, err, payments.ErrPaymentInProgress)
	_, err = s.Service.Void(admin(t), payments.VoidInput{ID: id.NewInvoice()})
	require.ErrorIs(t, err, payments.ErrInvoiceNotFound)
	_, err = s.Service.Void(as(t, s.user), payments.VoidInput{ID: v.ID})
	require.ErrorIs(t, err, identity.ErrForbidden)
}

func writesOff(t *testing.T, s *suite) {
	v := s.create(t)
	for range 2 {
		off, err := s.Service.WriteOff(admin(t), payments.WriteOffInput{ID: v.ID})
		require.NoError(t, err)
		require.Equal(t, payments.StatusUncollectible, off.Status)
	}
	_, _, err := s.pay(t.Context(), v.ID, "pm_ok", "")
	require.ErrorIs(t, err, payments.ErrNotPayable)
	require.Equal(t, []string{payments.EventInvoiceCreated, payments.EventInvoiceWrittenOff}, s.names(t))
	_, err = s.Service.WriteOff(admin(t), payments.WriteOffInput{ID: s.paid(t, "pm_ok").ID})
	require.ErrorIs(t, err, payments.ErrNotCollectible)
}

// An invoice that is not paid in time is voided, one that is being paid is not.
func voidsOverdue(t *testing.T, s *suite) {
	due := func() payments.Invoice {
		in := mugs(s.user)
		in.PayUntil = s.Clock.Now().Add(time.Hour)
		v, err := s.Service.CreateInvoice(service(t), in)
		require.NoError(t, err)
		return v
	}
	never, open, paying := s.create(t), due(), due()
	require.NoError(t, s.Resolve(t.Context()))
	require.Equal(t, payments.StatusOpen, s.invoice(t, open.ID).Status)

	_, _, err := s.pay(t.Context(), paying.ID, "pm_timeout", "")
	require.ErrorIs(t, err, payments.ErrOutcomeUnknown)
	s.Clock.Advance(time.Hour)
	require.NoError(t, s.Resolve(t.Context()))
	require.Equal(t, payments.StatusOpen, s.invoice(t, never.ID).Status)
	require.Equal(t, payments.StatusVoid, s.invoice(t, open.ID).Status)
	require.Equal(t, s.Clock.Now(), s.invoice(t, open.ID).VoidedAt)
	require.Equal(t, payments.StatusPaid, s.invoice(t, paying.ID).Status)
	require.Contains(t, s.names(t), payments.EventInvoiceVoided)
}

func listFilters(t *testing.T, s *suite) {
	open := s.create(t)
	s.Clock.Advance(time.Minute)
	paid := s.paid(t, "pm_ok")
	other := s.Users.Add()
	theirs, err := s.Service.CreateInvoice(service(t), mugs(other))
	require.NoError(t, err)
	for _, test := range []struct {
		in   payments.ListInvoicesInput
		want []id.Invoice
	}{
		{payments.ListInvoicesInput{}, []id.Invoice{theirs.ID, paid.ID, open.ID}},
		{payments.ListInvoicesInput{Status: payments.StatusPaid}, []id.Invoice{paid.ID}},
		{payments.ListInvoicesInput{Since: s.Clock.Now()}, []id.Invoice{theirs.ID, paid.ID}},
		{payments.ListInvoicesInput{UserID: s.user, Status: payments.StatusOpen}, []id.Invoice{open.ID}},
	} {
		list, err := s.Service.ListInvoices(service(t), test.in)
		require.NoError(t, err)
		var got []id.Invoice
		for _, v := range list.Items {
			got = append(got, v.ID)
		}
		require.Equal(t, test.want, got)
	}
	_, err = s.Service.ListInvoices(as(t, s.user), payments.ListInvoicesInput{})
	require.ErrorIs(t, err, identity.ErrForbidden)
}
