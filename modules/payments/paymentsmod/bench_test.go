package paymentsmod_test

import (
	"testing"

	"shop/modules/payments"
	"shop/modules/payments/paymentstest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

// BenchmarkPurchase creates an invoice and pays it, both with a key, from 32
// clients.
func BenchmarkPurchase(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			o := paymentstest.Outside{Users: &paymentstest.Users{}, Clock: &paymentstest.Clock{}}
			service := build(b, dbtest.Open(b, dialect, "payments"), o, nil).Service
			user := o.Users.Add()
			b.SetParallelism(16)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := purchase(b, service, user); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func purchase(b *testing.B, service payments.Service, user id.User) error {
	b.Helper()
	v, err := service.CreateInvoice(identity.With(b.Context(), identity.Actor{User: user, Service: "cart"}), payments.CreateInvoiceInput{
		Key: idempotency.NewKey(id.NewCheckout().String()), UserID: user, Currency: "EUR",
		Lines: []payments.LineInput{
			{ProductID: id.NewProduct(), Description: "Blue mug", Quantity: 2, UnitPrice: money.Of(1250, "EUR")},
		},
	})
	if err != nil {
		return err
	}
	_, err = service.Pay(identity.With(b.Context(), identity.Actor{User: user}), payments.PayInput{
		Key: idempotency.NewKey(v.ID.String()), ID: v.ID, PaymentMethod: "pm_ok",
	})
	return err
}
