package app

import (
	"context"
	"time"

	"shop/modules/email"
	"shop/modules/payments"
	"shop/platform/audit"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// The checks of Verify.
const (
	checkReceipt = "email.receipt"
	checkRefund  = "email.refund"
	checkDead    = "email.dead"
	checkOverdue = "email.overdue"
)

const (
	// verifiedFor is how far back Verify looks.
	verifiedFor = 30 * 24 * time.Hour
	// overdueAfter is how late an e-mail has to be before it is called so: workers
	// may have been stopped for an upgrade.
	overdueAfter = 15 * time.Minute
)

// Verify implements email.Service.
func (s *Service) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	var report audit.Report
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	v := verification{Service: s, in: in, now: s.clock(), report: &report}
	ctx = identity.AsService(ctx, module)
	for _, status := range []payments.Status{payments.StatusPaid, payments.StatusRefunded} {
		if err := v.invoices(ctx, status); err != nil {
			return report, err
		}
	}
	if err := v.dead(ctx); err != nil {
		return report, err
	}
	return report, v.overdue(ctx, in.MinAge)
}

// verification is one Verify.
type verification struct {
	*Service
	in     audit.Input
	now    time.Time
	report *audit.Report
}

// settled reports whether what happened then is neither on its way nor too long
// ago.
func (v *verification) settled(at time.Time) bool {
	return !at.Before(v.now.Add(-verifiedFor)) && !at.After(v.now.Add(-v.in.MinAge))
}

// invoices looks at the paid invoices, page by page.
func (v *verification) invoices(ctx context.Context, status payments.Status) error {
	in := payments.ListInvoicesInput{
		Status: status, Since: v.now.Add(-verifiedFor), Page: page.Request{Limit: page.MaxLimit},
	}
	for {
		p, err := v.Payments.ListInvoices(ctx, in)
		if err != nil {
			return err
		}
		var receipts, refunds []notice
		for _, invoice := range p.Items {
			if v.settled(invoice.PaidAt) {
				receipts = append(receipts, receiptOf(invoice.ID, invoice.UserID))
			}
			if invoice.Refunded.Minor == 0 {
				continue
			}
			notes, err := v.Payments.CreditNotes(ctx, payments.CreditNotesInput{InvoiceID: invoice.ID})
			if err != nil {
				return err
			}
			for _, note := range notes {
				if note.State == payments.RefundSucceeded && v.settled(note.UpdatedAt) {
					refunds = append(refunds, refundOf(invoice.ID, invoice.UserID, note.ID, note.Amount))
				}
			}
		}
		if err := v.notices(ctx, checkReceipt, receipts); err != nil {
			return err
		}
		if err := v.notices(ctx, checkRefund, refunds); err != nil {
			return err
		}
		if p.Next == "" {
			return nil
		}
		in.Page.Cursor = p.Next
	}
}

// notices looks for those that were never queued.
func (v *verification) notices(ctx context.Context, check string, wanted []notice) error {
	v.report.Looked(check, int64(len(wanted)))
	occasions := make([]string, len(wanted))
	for i, n := range wanted {
		occasions[i] = n.occasion()
	}
	queued, err := v.Store.Occasions(ctx, occasions)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, occasion := range queued {
		there[occasion] = true
	}
	for _, n := range wanted {
		if there[n.occasion()] {
			continue
		}
		if err := v.missing(ctx, check, n); err != nil {
			return err
		}
	}
	return nil
}

// missing notes, and queues, a notice that is not there.
func (v *verification) missing(ctx context.Context, check string, n notice) error {
	// E-mails to somebody who is gone went with him.
	if _, found, err := v.user(ctx, n.owner); err != nil || !found {
		return err
	}
	// The release before named no occasions.
	if said, err := v.Store.Mentioned(ctx, n.owner, n.template, n.invoice.String()); err != nil || said {
		return err
	}
	queue, err := v.notify(ctx, n)
	if err != nil || queue == nil {
		return err
	}
	if v.in.Repair {
		if err := queue(ctx); err != nil {
			return err
		}
	}
	v.report.Found(audit.Finding{
		Check: check, Subject: n.subject, Want: "an e-mail " + string(n.template), Got: "none was ever queued", Repaired: v.in.Repair,
	})
	return nil
}

// dead notes what was given up lately; to take it up again is for Retry.
func (v *verification) dead(ctx context.Context) error {
	total, err := v.Store.Count(ctx, Query{})
	if err != nil {
		return err
	}
	v.report.Looked(checkDead, total)
	q := Query{Status: email.StatusDead, Limit: page.MaxLimit}
	for {
		mails, err := v.Store.List(ctx, q)
		if err != nil {
			return err
		}
		for _, mail := range mails {
			if mail.CreatedAt.Before(v.now.Add(-verifiedFor)) {
				return nil
			}
			v.late(checkDead, mail.ID, "sent", "dead")
			q.After = &Place{At: mail.CreatedAt, ID: mail.ID}
		}
		if len(mails) < q.Limit {
			return nil
		}
	}
}

// overdue notes what waits although its time has come.
func (v *verification) overdue(ctx context.Context, minAge time.Duration) error {
	total, err := v.Store.Count(ctx, Query{Status: email.StatusQueued})
	if err != nil {
		return err
	}
	v.report.Looked(checkOverdue, total)
	mails, err := v.Store.Overdue(ctx, v.now.Add(-overdueAfter-minAge))
	if err != nil {
		return err
	}
	for _, mail := range mails {
		v.late(checkOverdue, mail, "tried when it is due", "it still waits")
	}
	return nil
}

func (v *verification) late(check string, mail id.Email, want, got string) {
	v.report.Found(audit.Finding{Check: check, Subject: mail.String(), Want: want, Got: got})
}
