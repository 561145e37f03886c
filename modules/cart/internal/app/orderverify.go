package app

import (
	"context"
	"errors"
	"time"

	"shop/modules/cart"
	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// The checks of Verify.
const (
	checkOrderOfInvoice = "cart.order_of_invoice"
	checkInvoiceOfOrder = "cart.invoice_of_order"
	checkCancellation   = "cart.cancellation"
	checkCheckout       = "cart.checkout"
)

// Verify implements cart.Service.
func (s *Service) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	report := audit.Report{}
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	before := s.clock().Add(-in.MinAge)
	paid := map[id.Invoice]bool{}
	if err := s.verifyInvoices(ctx, in, before, paid, &report); err != nil {
		return report, err
	}
	if err := s.verifyOrders(ctx, before, paid, &report); err != nil {
		return report, err
	}
	err := s.verifyUnfinished(ctx, in, before, &report)
	return report, err
}

// verifyInvoices looks whether each paid invoice has an order, notes in paid
// which there are, and then what became of the stock of its checkout. To repair
// an order is what receiving the event would have done.
func (s *Service) verifyInvoices(
	ctx context.Context, in audit.Input, before time.Time, paid map[id.Invoice]bool, report *audit.Report,
) error {
	request := page.Request{Limit: page.MaxLimit}
	for {
		list, err := s.payments.ListInvoices(outside(ctx), payments.ListInvoicesInput{Page: request})
		if err != nil {
			return err
		}
		invoices := make([]id.Invoice, 0, len(list.Items))
		for _, v := range list.Items {
			if v.PaidAt.IsZero() {
				continue
			}
			paid[v.ID] = true
			if !v.PaidAt.After(before) {
				invoices = append(invoices, v.ID)
			}
		}
		report.Looked(checkOrderOfInvoice, int64(len(invoices)))
		missing, err := s.store.InvoicesWithoutOrder(ctx, invoices)
		if err != nil {
			return err
		}
		for _, invoice := range missing {
			finding := audit.Finding{Check: checkOrderOfInvoice, Subject: invoice.String(), Want: "an order", Got: "none"}
			if in.Repair {
				if finding.Repaired, err = s.mendOrder(ctx, invoice); err != nil {
					return err
				}
			}
			report.Found(finding)
		}
		if err := s.verifyReservations(ctx, in, before, list.Items, report); err != nil {
			return err
		}
		if request.Cursor = list.Next; list.Next == "" {
			return nil
		}
	}
}

func (s *Service) mendOrder(ctx context.Context, invoice id.Invoice) (bool, error) {
	whole, err := s.payments.Invoice(outside(ctx), payments.InvoiceInput{ID: invoice})
	if err != nil {
		return false, err
	}
	return true, s.place(ctx, whole)
}

// verifyOrders looks whether the invoice of each order is paid. What payments
// did not list, since it was paid meanwhile, it is asked for. There is nothing
// to repair: that order is for people to look at.
func (s *Service) verifyOrders(ctx context.Context, before time.Time, paid map[id.Invoice]bool, report *audit.Report) error {
	q := OrderQuery{Limit: page.MaxLimit}
	for {
		orders, err := s.store.ListOrders(ctx, q)
		if err != nil {
			return err
		}
		for _, o := range orders {
			if o.PaidAt.After(before) {
				continue
			}
			report.Looked(checkInvoiceOfOrder, 1)
			if paid[o.InvoiceID] {
				continue
			}
			invoice, err := s.payments.Invoice(outside(ctx), payments.InvoiceInput{ID: o.InvoiceID})
			switch {
			case errors.Is(err, payments.ErrInvoiceNotFound):
				report.Found(audit.Finding{Check: checkInvoiceOfOrder, Subject: o.ID.String(), Want: "a paid invoice", Got: "none"})
			case err != nil:
				return err
			case invoice.PaidAt.IsZero():
				report.Found(audit.Finding{
					Check: checkInvoiceOfOrder, Subject: o.ID.String(), Want: "a paid invoice", Got: string(invoice.Status),
				})
			}
		}
		if len(orders) < q.Limit {
			return nil
		}
		q.Before = orders[len(orders)-1].ID
	}
}

// verifyUnfinished looks for cancellations and checkouts that have been due for
// so long that the workers cannot end them. To repair is to try once more.
func (s *Service) verifyUnfinished(ctx context.Context, in audit.Input, before time.Time, report *audit.Report) error {
	cancelling, err := s.store.ListOrders(ctx, OrderQuery{State: cart.OrderCancelling, Limit: resumeBatch})
	if err != nil {
		return err
	}
	report.Looked(checkCancellation, int64(len(cancelling)))
	for _, o := range cancelling {
		if o.CancelError == "" {
			continue // it has only begun
		}
		finding := audit.Finding{Check: checkCancellation, Subject: o.ID.String(), Want: string(cart.OrderCancelled), Got: o.CancelError}
		if in.Repair {
			ended, err := s.cancel(ctx, o)
			finding.Repaired = err == nil && ended.State == cart.OrderCancelled
		}
		report.Found(finding)
	}
	stuck, err := s.store.Due(ctx, before, resumeBatch)
	if err != nil {
		return err
	}
	report.Looked(checkCheckout, int64(len(stuck)))
	for _, c := range stuck {
		finding := audit.Finding{Check: checkCheckout, Subject: c.ID.String(), Want: string(Done), Got: string(Started)}
		if in.Repair {
			if claimed, err := s.claim(ctx, &c); err != nil {
				return err
			} else if claimed {
				_, err := s.carry(ctx, c)
				finding.Repaired = err == nil || isRefusal(err)
			}
		}
		report.Found(finding)
	}
	return nil
}
