package app

import (
	"context"
	"strconv"
	"time"

	"shop/modules/catalog"
	"shop/platform/audit"
	"shop/platform/identity"
)

// The checks of Verify.
const (
	checkLevel  = "catalog.stock_level"
	checkState  = "catalog.reservation"
	checkExpiry = "catalog.reservation_expiry"
)

// verifyBatch is how many things one statement looks at.
const verifyBatch = 500

// Verify implements catalog.Service.
func (s *Service) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	var report audit.Report
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	if err := s.verifyLevels(ctx, in, &report); err != nil {
		return report, err
	}
	err := s.verifyReservations(ctx, in, &report)
	return report, err
}

// verifyLevels compares each level with the sum of its movements.
func (s *Service) verifyLevels(ctx context.Context, in audit.Input, report *audit.Report) error {
	var last Level
	for {
		levels, err := s.store.Levels(ctx, last.Product, verifyBatch)
		if err != nil {
			return err
		}
		report.Looked(checkLevel, int64(len(levels)))
		for _, l := range levels {
			if l.Quantity == l.Ledger {
				continue
			}
			finding := audit.Finding{
				Check: checkLevel, Subject: l.Product.String(), Want: strconv.FormatInt(l.Ledger, 10), Got: strconv.FormatInt(l.Quantity, 10),
			}
			if l.Quantity < 0 {
				finding.Got = "" // there is no level
			}
			if in.Repair {
				if finding.Repaired, err = s.store.MendLevel(ctx, l.Product, s.clock()); err != nil {
					return err
				}
				s.cache.moved(l.Product)
			}
			report.Found(finding)
		}
		if len(levels) < verifyBatch {
			return nil
		}
		last = levels[len(levels)-1]
	}
}

// verifyReservations compares the state of each reservation with what its
// movements took and gave back, and with its time.
func (s *Service) verifyReservations(ctx context.Context, in audit.Input, report *audit.Report) error {
	var last Balance
	var overdue []audit.Finding
	due := s.clock().Add(-in.MinAge)
	for {
		balances, err := s.store.Balances(ctx, last.Key, verifyBatch)
		if err != nil {
			return err
		}
		report.Looked(checkState, int64(len(balances)))
		report.Looked(checkExpiry, int64(len(balances)))
		for _, b := range balances {
			if !b.agrees() {
				finding := b.finding()
				if in.Repair && b.State == catalog.StateReserved && b.Back && b.Products > 0 {
					if finding.Repaired, err = s.store.MendReservation(ctx, b.Key, s.clock()); err != nil {
						return err
					}
				}
				report.Found(finding)
			} else if b.State == catalog.StateReserved && !b.ExpiresAt.IsZero() && b.ExpiresAt.Before(due) {
				overdue = append(overdue, audit.Finding{
					Check: checkExpiry, Subject: b.Key.String(), Want: string(catalog.StateExpired),
					Got: "reserved until " + b.ExpiresAt.Format(time.RFC3339), Repaired: in.Repair,
				})
			}
		}
		if len(balances) < verifyBatch {
			break
		}
		last = balances[len(balances)-1]
	}
	if in.Repair && len(overdue) > 0 {
		if err := s.ExpireDue(ctx); err != nil {
			return err
		}
	}
	report.Findings = append(report.Findings, overdue...)
	return nil
}

// agrees says whether the movements are those of the state. A reservation of the
// release before has no state: either all of it is out, or all is back.
func (b Balance) agrees() bool {
	switch b.State {
	case catalog.StateReserved, catalog.StateCommitted:
		return b.Products > 0 && b.Held
	case catalog.StateReleased, catalog.StateExpired, catalog.StateReturned:
		return b.Products > 0 && b.Back
	default:
		return b.Held || b.Back
	}
}

func (b Balance) finding() audit.Finding {
	want := "0 pieces out of stock"
	if b.State == catalog.StateReserved || b.State == catalog.StateCommitted {
		want = strconv.FormatInt(b.Taken, 10) + " pieces out of stock"
	}
	return audit.Finding{
		Check: checkState, Subject: b.Key.String(), Want: string(b.State) + ": " + want,
		Got: strconv.FormatInt(b.Out, 10) + " pieces of " + strconv.FormatInt(b.Products, 10) + " products",
	}
}
